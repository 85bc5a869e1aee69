/** The feed port: how changes come from a server, and how one hears that there are some. */
import {
  answerMediaType,
  changesPath,
  eventsPath,
  identityHeader,
  identityStamp,
  parseChangesAnswer,
  parseFeedHead,
  type ChangesAnswer,
  type FeedHead,
} from '@holdfast/core'
import type { Session } from '../store/registry.ts'
import { answerOf, within } from '../transport/fetching.ts'

/** Where the feed is read from. */
export interface FeedSource {
  /**
   * A page of changes; `undefined` when there is none to be had now: no network, nobody signed in, somebody else, a
   * captive portal. Never rejects.
   */
  changes(place: FeedPlace, signal: AbortSignal): Promise<ChangesAnswer | undefined>
  /** Calls back for every head that is heard of. Resolves when the stream ends, for whatever reason; never rejects. */
  listen(onHead: (head: FeedHead) => void, signal: AbortSignal): Promise<void>
}

/** From where to read. */
export interface FeedPlace {
  readonly after: number
  readonly epoch: string
  readonly limit: number
}

/** Where and how the feed of a Holdfast server is read. */
export interface FeedSourceOptions {
  /** Whose data it is: a server that sees somebody else's session answers nothing. */
  readonly session: Session
  /** Default `/api/sync/changes`, on this origin. */
  readonly changesUrl?: string
  /** Default `/api/sync/events`, on this origin. */
  readonly eventsUrl?: string
  /** Headers stamped at send time, such as a bearer token. */
  readonly headers?: () => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>
  /** How long a page may take, ms. Default 30 s. */
  readonly timeoutMs?: number
  /** Default: the global `fetch`. */
  readonly fetch?: typeof fetch
}

/** The feed of a Holdfast server. */
export function feedSource(options: FeedSourceOptions): FeedSource {
  const { changesUrl = changesPath, eventsUrl = eventsPath, timeoutMs = 30_000 } = options
  const ask = async (url: string, accept: string, signal: AbortSignal): Promise<Response> => {
    const send = options.fetch ?? ((input: string, init: RequestInit) => fetch(input, init))
    const stamp = { accept, [identityHeader]: identityStamp(options.session), ...(await options.headers?.()) }
    return send(url, { headers: stamp, cache: 'no-store', redirect: 'manual', credentials: 'same-origin', signal })
  }
  return {
    changes: ({ after, epoch, limit }, signal) =>
      within<ChangesAnswer | undefined>(
        timeoutMs,
        signal,
        async (until) => {
          const query = new URLSearchParams({ after: String(after), limit: String(limit) })
          if (epoch !== '') query.set('epoch', epoch)
          const response = await ask(`${changesUrl}?${query}`, answerMediaType, until)
          const { status, redirected, mediaType = '', body } = answerOf(response, await response.text())
          if (status !== 200 || redirected || !mediaType.startsWith(answerMediaType)) return undefined
          return parseChangesAnswer(body)
        },
        () => undefined,
      ),
    listen: async (onHead, signal) => {
      try {
        const response = await ask(eventsUrl, 'text/event-stream', signal)
        const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true
        if (response.status !== 200 || !isStream || response.body === null) return
        await readHeads(response.body, onHead)
      } catch {
        // A stream that was cut off is over, like any other; what was missed is read with the next page.
      }
    },
  }
}

/** Events longer than this are not ours; UTF-16 code units. */
const eventMax = 64 * 1024

async function readHeads(body: ReadableStream<Uint8Array>, onHead: (head: FeedHead) => void): Promise<void> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let text = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done || text.length > eventMax) return
    text += decoder.decode(value, { stream: true }).replaceAll('\r', '')
    const events = text.split('\n\n')
    text = events.pop() ?? ''
    for (const event of events) {
      const data = event.split('\n').find((line) => line.startsWith('data:'))
      const head = data === undefined ? undefined : headOf(data.slice('data:'.length))
      if (head !== undefined) onHead(head)
    }
  }
}

function headOf(data: string): FeedHead | undefined {
  try {
    return parseFeedHead(JSON.parse(data))
  } catch {
    return undefined
  }
}
