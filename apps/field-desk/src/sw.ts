// The service worker: keeps the app's files for offline, sends what is waiting when no page is open, and takes the
// orders of whoever posts them to the shop's own door.
import { currentIdentity } from '@holdfast/client'
import type { AnyOperationDefinition } from '@holdfast/core'
import { analyticsOperations } from '@holdfast/domains/analytics/operations'
import { jobOperations } from '@holdfast/domains/field-jobs/operations'
import { formOperations } from '@holdfast/domains/forms/operations'
import { placeOrder, posOperations } from '@holdfast/domains/pos/operations'
import { recordOperations, saveCustomer } from '@holdfast/domains/records/operations'
import { installSync, intercept } from '@holdfast/service-worker'
import { matchPrecache, precacheAndRoute, type PrecacheEntry } from 'workbox-precaching'
import { applicationName } from './application.ts'
import { openDeskOutbox } from './outbox.ts'

declare const self: ServiceWorkerGlobalScope & { readonly __WB_MANIFEST: (PrecacheEntry | string)[] }

precacheAndRoute(self.__WB_MANIFEST)

installSync({
  identity: () => currentIdentity(applicationName),
  open: openDeskOutbox,
  tags: {
    'pos-orders-sync': typesOf(posOperations),
    'job-updates-sync': typesOf(jobOperations),
    'customer-data-sync': typesOf(recordOperations),
    'analytics-sync': typesOf(analyticsOperations),
    'form-sync': typesOf(formOperations),
  },
  intercept: intercept({ 'POST /api/pos/orders': placeOrder, 'POST /api/customers': saveCustomer }),
})

// Every page address is the same app. It comes from what was kept: it opens at once, and offline.
self.addEventListener('fetch', (event) => {
  const { request } = event
  if (request.mode !== 'navigate' || request.method !== 'GET') return
  const { origin, pathname } = new URL(request.url)
  if (origin !== self.location.origin || pathname.startsWith('/api/')) return
  event.respondWith(matchPrecache('/index.html').then((kept) => kept ?? fetch(request)))
})

// The first worker takes the page that brought it, so that the app works offline from its first visit on. A newer one
// waits until the person says so: it must not change the app under their hands.
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))
self.addEventListener('message', (event) => {
  if (event.data === 'take-over') event.waitUntil(self.skipWaiting())
})

function typesOf(definitions: readonly AnyOperationDefinition[]): readonly string[] {
  return definitions.map(({ type }) => type)
}
