/** workbox-background-sync as its documentation shows it first: a plug-in of a network-only route. */
import { BackgroundSyncPlugin } from 'workbox-background-sync'
import { registerRoute } from 'workbox-routing'
import { NetworkOnly } from 'workbox-strategies'

declare const self: ServiceWorkerGlobalScope

const { fetchDidFail } = new BackgroundSyncPlugin('orders')

registerRoute(
  ({ url }) => url.pathname.startsWith('/api/orders/'),
  // Handed over by its one method, because its types do not know `exactOptionalPropertyTypes`.
  new NetworkOnly({ plugins: fetchDidFail === undefined ? [] : [{ fetchDidFail }] }),
  'POST',
)

self.addEventListener('install', () => void self.skipWaiting())
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))
