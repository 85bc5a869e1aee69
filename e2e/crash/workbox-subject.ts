/** Workbox under the crash protocol. */
import { pollUntil } from '../fixtures/poll.ts'
import type { BreakableProxy } from '../proxy.ts'
import type { PeerServer } from '../workbox-peer/peer-server.ts'
import type { CrashSubject } from './round.ts'

/** Makes the peer a subject; the proxy stands in front of its server. */
export function workboxSubject(proxy: BreakableProxy, peer: PeerServer): CrashSubject {
  return {
    name: 'workbox-background-sync',
    proxy,
    door: ({ method }) => method === 'POST',
    prepare: async (page) => {
      await page.goto(proxy.url)
      await page.evaluate(async () => {
        const { serviceWorker } = navigator
        const controlled = new Promise((resolve) => serviceWorker.addEventListener('controllerchange', resolve))
        await serviceWorker.register('/sw.js')
        if (serviceWorker.controller === null) await controlled
      })
    },
    write: async (page, id) => {
      const status = await page.evaluate(
        async (path) => (await fetch(path, { method: 'POST', body: '{}' })).status,
        `/api/orders/${id}`,
      )
      if (status !== 202) throw new Error(`202 was expected, got ${status}`)
    },
    recover: async (page) => {
      await page.goto(proxy.url)
      await pollUntil('Workbox has nothing left to send', () => page.evaluate(countStored).then((count) => count === 0))
    },
    arrived: () => Promise.resolve(peer.orders),
  }
}

/** Counts the requests in Workbox's own database. Runs in the page. */
function countStored(): Promise<number> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open('workbox-background-sync')
    opening.addEventListener('error', () => reject(new Error('the database of Workbox could not be opened')))
    opening.addEventListener('success', () => {
      const database = opening.result
      const counting = database.transaction('requests').objectStore('requests').count()
      counting.addEventListener('success', () => {
        database.close()
        resolve(counting.result)
      })
    })
  })
}
