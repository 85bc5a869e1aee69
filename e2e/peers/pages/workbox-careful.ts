/** Workbox under an app that takes all the care that its interface allows; it sends a key with each write. */
import { workboxSender } from './workbox-page.ts'

window.sender = await workboxSender('/workbox-careful-worker.js', (id) => ({ 'Idempotency-Key': id }))
