// The peer: workbox-background-sync as its documentation shows it, in a real service worker.
/* global workbox */
importScripts('/workbox-core.js', '/workbox-background-sync.js')

const plugin = new workbox.backgroundSync.BackgroundSyncPlugin('orders')

self.addEventListener('install', () => self.skipWaiting())
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))
self.addEventListener('fetch', (event) => {
  if (event.request.method !== 'POST') return
  event.respondWith(
    fetch(event.request.clone()).catch(async (error) => {
      await plugin.fetchDidFail({ request: event.request, error })
      return new Response('{"queued":true}', { status: 202 })
    }),
  )
})
