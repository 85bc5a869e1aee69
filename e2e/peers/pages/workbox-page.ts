/** Workbox in a page. All of it is in the worker: a page only posts, and takes a network error for "will be sent". */
import { orderPath, workerReady, type Sender } from './sender.ts'

/** Makes the sender of a page under a Workbox worker. */
export async function workboxSender(worker: string, headersOf: (id: string) => HeadersInit): Promise<Sender> {
  const told: string[] = []
  navigator.serviceWorker.addEventListener('message', ({ data }) => told.push(String(data)))
  await workerReady(worker)
  return {
    write: async (id) => {
      try {
        const response = await fetch(orderPath(id), { method: 'POST', body: '{}', headers: headersOf(id) })
        return response.ok ? 'sent' : 'failed'
      } catch {
        return 'kept'
      }
    },
    stored,
    held: () => Promise.resolve([]),
    told: () => Promise.resolve(told),
    signedIn: () => {},
  }
}

/** What is in Workbox's own database. */
function stored(): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open('workbox-background-sync')
    opening.addEventListener('error', () => reject(new Error('the database of Workbox could not be opened')))
    opening.addEventListener('success', () => {
      const database = opening.result
      if (!database.objectStoreNames.contains('requests')) {
        // Nothing was ever queued, and looking has just made an empty database: Workbox would not know it.
        database.close()
        indexedDB.deleteDatabase('workbox-background-sync')
        resolve([])
        return
      }
      const reading = database.transaction('requests').objectStore('requests').getAll()
      reading.addEventListener('success', () => {
        database.close()
        resolve(
          reading.result.map(
            (entry: { requestData: { url: string } }) => entry.requestData.url.split('/').at(-1) ?? '?',
          ),
        )
      })
    })
  })
}
