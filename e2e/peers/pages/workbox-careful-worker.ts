/**
 * workbox-background-sync with what its documentation offers to careful apps: bad answers turned into failures, so that
 * they are queued, no age at which requests are dropped, and a replay of our own that removes a request only after an
 * answer that is the server's.
 */
import { BackgroundSyncPlugin, type Queue } from 'workbox-background-sync'
import { registerRoute } from 'workbox-routing'
import { NetworkOnly } from 'workbox-strategies'
import { readAnswer } from './careful.ts'

declare const self: ServiceWorkerGlobalScope

const tenYearsMinutes = 10 * 365 * 24 * 60

async function replay({ queue }: { queue: Queue }): Promise<void> {
  for (const { request } of await queue.getAll()) {
    const answer = await readAnswer(await fetch(request.clone()))
    if (answer === 'try-again') throw new Error('the server has not taken it yet')
    // After the answer and not before it, so that a worker that dies in between sends it again.
    await queue.shiftRequest()
    if (answer === 'refused') await tellPages(request.url.split('/').at(-1) ?? '?')
  }
}

async function tellPages(id: string): Promise<void> {
  for (const page of await self.clients.matchAll()) page.postMessage(id)
}

const { fetchDidFail } = new BackgroundSyncPlugin('orders', { maxRetentionTime: tenYearsMinutes, onSync: replay })
const badAnswersFail = {
  fetchDidSucceed: async ({ response }: { response: Response }) => {
    if ((await readAnswer(response.clone())) === 'try-again') throw new Error('not an answer of the server')
    return response
  },
}

registerRoute(
  ({ url }) => url.pathname.startsWith('/api/orders/'),
  new NetworkOnly({ plugins: [badAnswersFail, ...(fetchDidFail === undefined ? [] : [{ fetchDidFail }])] }),
  'POST',
)

self.addEventListener('install', () => void self.skipWaiting())
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))
