/** Holdfast in the worker: sends when the browser wakes it and no page does. */
import { currentIdentity } from '@holdfast/client'
import { installSync, intercept } from '@holdfast/service-worker'
import { addOrder, application, keptDoor, openOrders } from './order.ts'

declare const self: ServiceWorkerGlobalScope

installSync({
  identity: () => currentIdentity(application),
  open: openOrders,
  intercept: intercept({ [`POST ${keptDoor}`]: addOrder }),
})

self.addEventListener('install', () => void self.skipWaiting())
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))
