/** The peer in its own house: workbox-background-sync in a real service worker, told by messages what to do. */
import { Queue } from 'workbox-background-sync'
import { noteOf } from './note.ts'

declare const self: ServiceWorkerGlobalScope

/** A task for the worker; the port takes the time in ms, or an error. */
export interface WorkboxTask {
  readonly kind: 'burst' | 'drain'
  readonly queue: string
  readonly count: number
  readonly delayMs: number
}

self.addEventListener('install', () => void self.skipWaiting())
self.addEventListener('activate', (event) => {
  event.waitUntil(self.clients.claim())
})

const queues = new Map<string, Queue>()

function queueOf(name: string): Queue {
  let queue = queues.get(name)
  if (queue === undefined) {
    // It replays when it is told to, not when the browser thinks so.
    queue = new Queue(name, { onSync: () => Promise.resolve(), forceSyncFallback: true })
    queues.set(name, queue)
  }
  return queue
}

self.addEventListener('message', (event) => {
  const task: WorkboxTask = event.data
  const [port] = event.ports
  event.waitUntil(
    run(task).then(
      (tookMs) => port?.postMessage({ tookMs }),
      (error: unknown) => port?.postMessage({ error: String(error) }),
    ),
  )
})

async function run({ kind, queue: name, count, delayMs }: WorkboxTask): Promise<number> {
  const queue = queueOf(name)
  const startMs = performance.now()
  if (kind === 'burst') {
    await Promise.all(
      Array.from({ length: count }, (_, index) =>
        queue.pushRequest({
          request: new Request('/api/notes', {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify(noteOf(index)),
          }),
        }),
      ),
    )
    return performance.now() - startMs
  }
  let sent = 0
  self.fetch = async () => {
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs))
    sent += 1
    return new Response('{}', { status: 200 })
  }
  await queue.replayRequests()
  if (sent !== count) throw new Error(`expected ${count} requests to be replayed, got ${sent}`)
  return performance.now() - startMs
}
