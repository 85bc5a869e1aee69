/**
 * The stream of events: a tenant's feed head over server-sent events, and nothing else. Whoever hears a new head asks
 * for the changes.
 *
 *   open ─▶ retry, head ─▶ head … ♥ … head ─▶ ended: shutdown, end of life, slow client, the client left
 *
 * A head that comes while the client still reads takes the place of the one that waits, so a slow client costs one
 * event of memory; one that has read nothing between two heartbeats is cut off. A stream lives for some minutes only:
 * the client comes back by itself with `Last-Event-ID`, and the session is asked again.
 */
import type { FeedHead } from '@holdfast/core'
import type { FeedWatch } from './feed-watch.ts'

/** Limits of the streams; each has a default. */
export interface StreamLimits {
  /** Streams of one user in this process. Default 6: one per browser, shared over its tabs, on a few devices. */
  readonly perUserMax?: number
  /** All streams of this process. Default 10 000. */
  readonly totalMax?: number
  /** Default 20 s: proxies cut what is silent for 30 to 60 s. */
  readonly heartbeatMs?: number
  /** Default 10 min, plus up to a fifth, so that clients do not all come back at once. */
  readonly lifetimeMs?: number
}

/** Who opens a stream, and the last event that the client has heard. */
export interface StreamRequest {
  readonly tenant: string
  readonly user: string
  readonly lastEventId: string | undefined
}

/** The open streams of one process. */
export interface EventStreams {
  /** Opens a stream, or says which limit stands against it. */
  readonly open: (
    request: StreamRequest,
  ) => { readonly body: ReadableStream<Uint8Array> } | { readonly refused: 'user' | 'total' }
  /** How many are open. */
  readonly count: () => number
  /** Ends all of them; no more are opened. */
  readonly close: () => void
}

const encoder = new TextEncoder()
const heartbeat = encoder.encode(':\n\n')

/** Between these, ms: after a restart the clients come back spread over that time. */
const retryMinMs = 1_000
const retrySpreadMs = 4_000

/** Makes the streams of one watch. `random` gives 0 to 1. */
export function createEventStreams(
  watch: FeedWatch,
  limits: StreamLimits = {},
  random: () => number = Math.random,
): EventStreams {
  const { perUserMax = 6, totalMax = 10_000, heartbeatMs = 20_000, lifetimeMs = 600_000 } = limits
  const perUser = new Map<string, number>()
  const open = new Set<() => void>()
  let isClosed = false

  return {
    open: ({ tenant, user, lastEventId }) => {
      const owner = JSON.stringify([tenant, user])
      const count = perUser.get(owner) ?? 0
      if (count >= perUserMax) return { refused: 'user' }
      if (isClosed || open.size >= totalMax) return { refused: 'total' }
      perUser.set(owner, count + 1)
      const leave = (): void => {
        const left = (perUser.get(owner) ?? 1) - 1
        if (left > 0) perUser.set(owner, left)
        else perUser.delete(owner)
      }
      const retryMs = Math.round(retryMinMs + random() * retrySpreadMs)
      const lifeMs = Math.round(lifetimeMs * (1 + random() / 5))
      const body = openStream(watch, { tenant, lastEventId, retryMs, heartbeatMs, lifeMs, open, leave })
      return { body }
    },
    count: () => open.size,
    close: () => {
      isClosed = true
      for (const end of open) end()
    },
  }
}

interface StreamSettings {
  readonly tenant: string
  readonly lastEventId: string | undefined
  readonly retryMs: number
  readonly heartbeatMs: number
  readonly lifeMs: number
  readonly open: Set<() => void>
  readonly leave: () => void
}

function openStream(watch: FeedWatch, settings: StreamSettings): ReadableStream<Uint8Array> {
  const { tenant, retryMs, heartbeatMs, lifeMs, open, leave } = settings
  /** The id of the last event that was given to the client. */
  let told = settings.lastEventId
  /** A head that the client has no room for yet. */
  let waiting: FeedHead | undefined
  let isFull = false
  let isOver = false
  let stop = (): void => undefined
  let tellWaiting = (): void => undefined
  return new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        const tell = (): void => {
          if (waiting === undefined || (controller.desiredSize ?? 0) <= 0) return
          const head = waiting
          const id = idOf(head)
          waiting = undefined
          if (id === told) return
          // Noted first: an event that is taken at once asks for the next one before `enqueue` returns.
          told = id
          controller.enqueue(encoder.encode(eventOf(id, head)))
        }
        const end = (): void => {
          stop()
          controller.close()
        }
        const beat = (): void => {
          if ((controller.desiredSize ?? 0) > 0) {
            isFull = false
            controller.enqueue(heartbeat)
          } else if (isFull) {
            stop()
            controller.error(new Error('The client does not read.'))
          } else {
            isFull = true
          }
        }
        controller.enqueue(encoder.encode(`retry: ${retryMs}\n\n`))
        const beating = setInterval(beat, heartbeatMs)
        const ending = setTimeout(end, lifeMs)
        stop = () => {
          if (isOver) return
          isOver = true
          clearInterval(beating)
          clearTimeout(ending)
          open.delete(end)
          unwatch()
          leave()
        }
        open.add(end)
        const unwatch = watch.watch(tenant, (head) => {
          waiting = head
          tell()
        })
        tellWaiting = tell
      },
      pull: () => {
        tellWaiting()
      },
      cancel: () => {
        stop()
      },
    },
    // Enough for the first words, an event and a heartbeat at once.
    new CountQueuingStrategy({ highWaterMark: 4 }),
  )
}

/** What `Last-Event-ID` brings back: the same for the same place of the same history. */
function idOf({ epoch, head }: FeedHead): string {
  return `${head}@${epoch}`
}

function eventOf(id: string, head: FeedHead): string {
  return `event: head\nid: ${id}\ndata: ${JSON.stringify(head)}\n\n`
}
