/**
 * The feed on the wire: which entities of a tenant have changed, in one gapless order, by pages; and its head alone as
 * a stream of events.
 *
 * A reader keeps `epoch` and the last number it has. The answer says from where it was read (`from`): when that is not
 * where the reader asked for, or the epoch is another one, the server was restored and what the reader holds may never
 * have happened there, so it drops it and reads from the start. Numbers of one epoch never change their meaning.
 */
import { isRecord, type Json } from './json.ts'

/** The path of the door that gives changes by pages: `?after=N&epoch=E&limit=M`. */
export const changesPath = '/api/sync/changes'

/** The path of the stream of the feed's head (server-sent events). */
export const eventsPath = '/api/sync/events'

/** Most changes on a page. */
export const changesPageMax = 500

/** One change of one entity. */
export interface Change {
  /** Counts from 1, without gaps. */
  readonly seq: number
  readonly kind: string
  readonly id: string
  /** The entity's version after the change. */
  readonly version: number
  readonly deleted: boolean
  /** The entity as it is, when this change is its latest; absent when it was removed or a later change follows. */
  readonly state?: Json
}

/** A page of changes. */
export interface ChangesAnswer {
  /** Names the history that the numbers count; '' as long as a tenant has none. */
  readonly epoch: string
  /** The number of the newest change there is. */
  readonly head: number
  /** The number after which this page starts: what was asked for, or 0 when that is no place in this history. */
  readonly from: number
  readonly changes: readonly Change[]
}

/** Where the feed stands, as an event says it. */
export interface FeedHead {
  readonly epoch: string
  readonly head: number
}

/** Reads a page of changes; `undefined` when it is none, or its numbers do not follow each other. */
export function parseChangesAnswer(value: unknown): ChangesAnswer | undefined {
  if (!isRecord(value) || !isCount(value['from']) || !Array.isArray(value['changes'])) return undefined
  const place = parseFeedHead(value)
  if (place === undefined) return undefined
  const from = value['from']
  const changes: Change[] = []
  for (const item of value['changes']) {
    const change = parseChange(item)
    if (change === undefined || change.seq !== from + changes.length + 1) return undefined
    changes.push(change)
  }
  if (from + changes.length > place.head) return undefined
  return { ...place, from, changes }
}

/** Reads where a feed stands; `undefined` when it does not say so. */
export function parseFeedHead(value: unknown): FeedHead | undefined {
  if (!isRecord(value)) return undefined
  const { epoch, head } = value
  return typeof epoch === 'string' && epoch.length <= 200 && isCount(head) ? { epoch, head } : undefined
}

function parseChange(value: unknown): Change | undefined {
  if (!isRecord(value)) return undefined
  const { seq, kind, id, version, deleted, state } = value
  if (!isCount(seq) || !isCount(version) || typeof deleted !== 'boolean') return undefined
  if (typeof kind !== 'string' || typeof id !== 'string') return undefined
  return { seq, kind, id, version, deleted, ...(isStated(state) && { state }) }
}

/** What came out of JSON.parse and is there at all is JSON. */
function isStated(value: unknown): value is Json {
  return value !== undefined
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}
