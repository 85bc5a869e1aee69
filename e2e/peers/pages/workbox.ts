/** Workbox as its documentation shows it first. */
import { workboxSender } from './workbox-page.ts'

window.sender = await workboxSender('/workbox-worker.js', () => ({}))
