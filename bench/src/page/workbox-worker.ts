/** The peer in its own house: workbox-background-sync in a real service worker, told by messages what to do. */
import { Queue } from 'workbox-background-sync'
import { timed, type Measurement } from './measurement.ts'
import { notesOf } from './note.ts'
import { waitExactly } from './sender.ts'

declare const self: ServiceWorkerGlobalScope

/** A task for the worker. It is answered, on the port that comes with it, with a measurement or with an error's text. */
export interface WorkboxTask {
  /** `burst` stores requests that are pushed at once; `drain` replays what is stored. */
  readonly kind: 'burst' | 'drain'
  readonly count: number
  /** How long the sender takes, ms. */
  readonly delayMs: number
}

/** Requests that are stored and replayed before the clock runs. */
const warmUps = 200

/** What the worker answers. */
export type WorkboxAnswer = Measurement | { readonly error: string }

self.addEventListener('install', () => void self.skipWaiting())
self.addEventListener('activate', (event) => {
  event.waitUntil(self.clients.claim())
})

// It replays when it is told to and not when the browser thinks so; it is spared the registration of a sync event for
// every request, and it stores with relaxed durability, as it always does. All of that is in its favour.
const queue = new Queue('bench', { onSync: () => Promise.resolve(), forceSyncFallback: true })

self.addEventListener('message', (event) => {
  const [port] = event.ports
  const answer = (message: WorkboxAnswer): void => {
    port?.postMessage(message)
  }
  const data: unknown = event.data
  event.waitUntil(
    perform(data).then(answer, (error: unknown) => {
      answer({ error: String(error) })
    }),
  )
})

async function perform(data: unknown): Promise<Measurement> {
  const { kind, count, delayMs } = parseTask(data)
  return kind === 'burst' ? burst(count) : drain(delayMs)
}

async function burst(count: number): Promise<Measurement> {
  // As on our side: what is measured is storing and sending, and not compiling the code that does it.
  await Promise.all(requestsOf(warmUps).map((request) => queue.pushRequest({ request })))
  await drain(0)
  const requests = requestsOf(count)
  const tookMs = await timed(() => Promise.all(requests.map((request) => queue.pushRequest({ request }))))
  return { tookMs, operations: await queue.size() }
}

function requestsOf(count: number): Request[] {
  return notesOf(count).map(
    (note) =>
      new Request('/api/notes', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(note),
      }),
  )
}

async function drain(delayMs: number): Promise<Measurement> {
  let operations = 0
  self.fetch = async () => {
    await waitExactly(delayMs)
    operations += 1
    return new Response('{}', { status: 200 })
  }
  const tookMs = await timed(() => queue.replayRequests())
  return { tookMs, operations }
}

function parseTask(value: unknown): WorkboxTask {
  if (typeof value === 'object' && value !== null && 'kind' in value && 'count' in value && 'delayMs' in value) {
    const { kind, count, delayMs } = value
    if ((kind === 'burst' || kind === 'drain') && typeof count === 'number' && typeof delayMs === 'number') {
      return { kind, count, delayMs }
    }
  }
  throw new TypeError(`A task { kind, count, delayMs } was expected; got ${JSON.stringify(value)}.`)
}
