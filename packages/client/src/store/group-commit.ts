/**
 * Group commit: appends that are asked for while a transaction is open share the next one. One at a time, in the order
 * of the calls; each caller hears of its own entry. A strict transaction costs a flush of the disk, so the entries of a
 * burst share it.
 *
 *   a group ── stored ──▶ each caller hears of its entry
 *     └─ refused ── several segments? ──▶ a segment's worth at a time ── an entry to blame? ──▶ one by one
 */
import { SyncError, type QueuedOperation } from '@holdfast/core'
import { textOf } from './operation-text.ts'
import { segmentEntriesMax, segmentSizeMax } from './segment.ts'
import { isLive, type LiveEntry, type Store, type StoredEntry } from './store.ts'

/** Most segments that share a transaction: their callers hear of it in one go, and a page must not stand still for long. */
const groupSegmentsMax = 8

/** Who hears of an entry. */
export interface Caller {
  /** Somebody else chose the id: it is stored only if no entry has it. */
  readonly isOnce: boolean
  readonly resolve: (entry: StoredEntry) => void
  readonly reject: (error: unknown) => void
}

interface Waiting extends Caller {
  readonly queued: QueuedOperation
  readonly size: number
}

/** Appends in groups. */
export interface GroupCommit {
  /**
   * Appends an entry; resolves when it is stored.
   *
   * @param options.isOnce stores it only if no entry has its id, and gives the entry that has
   * @throws what `Store.append` throws, for this entry alone unless the store itself is the reason
   */
  append(queued: QueuedOperation, options?: { readonly isOnce: boolean }): Promise<StoredEntry>
  /** The same for whoever has a promise already. */
  take(queued: QueuedOperation, caller: Caller): void
  /** Entries that wait for a transaction. */
  readonly length: number
  /** Resolves when fewer entries wait than two transactions take. */
  room(): Promise<void>
  /** Resolves when nothing is waiting to be stored. */
  idle(): Promise<void>
}

/** Who hears of each group once it is stored; always before its callers do. */
export interface CommitListener {
  readonly onStored: (entries: readonly LiveEntry[]) => void
  /** Nothing was stored: an entry had the id already, and may have come from elsewhere. */
  readonly onKnown: (entry: StoredEntry) => void
}

/** Puts a group commit before a store. */
export function openGroupCommit(store: Store, listener: CommitListener): GroupCommit {
  let waiting: Waiting[] = []
  let working: Promise<void> | undefined
  /** Resolves when those that wait get their turn. */
  let taken = Promise.withResolvers<void>()
  const work = async (): Promise<void> => {
    // One turn of microtasks: calls made in a row start out as one group.
    await Promise.resolve()
    while (waiting.length > 0) {
      const all = waiting
      waiting = []
      taken.resolve()
      taken = Promise.withResolvers()
      for (let start = 0; start < all.length;) {
        const end = groupEnd(all, start)
        await commit(store, all.slice(start, end), listener)
        start = end
      }
    }
    working = undefined
  }
  const take = (queued: QueuedOperation, { isOnce, resolve, reject }: Caller): void => {
    // Encoded here, call by call: what cannot be encoded fails its own caller, and no group takes long to encode.
    const size = textOf(queued.operation).length
    waiting.push({ queued, size, isOnce, resolve, reject })
    working ??= work()
  }
  return {
    take,
    append: (queued, { isOnce } = { isOnce: false }) =>
      new Promise((resolve, reject) => {
        take(queued, { isOnce, resolve, reject })
      }),
    get length() {
      return waiting.length
    },
    room: async () => {
      while (waiting.length >= waitingMax) await taken.promise
    },
    idle: async () => {
      while (working !== undefined) await working
    },
  }
}

/** The entries and UTF-16 code units that may go together. */
interface Limits {
  readonly entriesMax: number
  readonly sizeMax: number
}

const segmentLimits: Limits = { entriesMax: segmentEntriesMax, sizeMax: segmentSizeMax }
const groupLimits: Limits = {
  entriesMax: groupSegmentsMax * segmentEntriesMax,
  sizeMax: groupSegmentsMax * segmentSizeMax,
}

/** Entries that should wait: enough for the next transaction and for what is prepared behind it. */
const waitingMax = 2 * groupLimits.entriesMax

/** Where the group that starts at `start` ends. */
function groupEnd(waiting: readonly Waiting[], start: number): number {
  // Each id that somebody else chose is looked for among all entries: few of them at a time.
  return endOf(waiting, start, waiting[start]?.isOnce === true ? segmentLimits : groupLimits)
}

/** Where entries of one kind that start at `start` have used up the limits; one entry alone may be larger. */
function endOf(waiting: readonly Waiting[], start: number, { entriesMax, sizeMax }: Limits): number {
  let size = 0
  for (let end = start; ; end += 1) {
    const next = waiting[end]
    if (next === undefined || next.isOnce !== waiting[start]?.isOnce) return end
    size += next.size
    if (end > start && (end - start >= entriesMax || size > sizeMax)) return end
  }
}

async function commit(store: Store, group: readonly Waiting[], listener: CommitListener): Promise<void> {
  try {
    const entries = await appendTo(store, group, listener)
    for (const [index, { resolve, reject }] of group.entries()) {
      const entry = entries[index]
      if (entry === undefined) reject(new SyncError('storage', 'The store did not say where the entry stands.'))
      else resolve(entry)
    }
  } catch (error) {
    // In order: what can be stored must neither suffer for the rest, nor change places.
    const parts = partsToTry(group, error)
    for (const part of parts) await commit(store, part, listener)
    if (parts.length === 0) for (const { reject } of group) reject(error)
  }
}

/** Parts of a refused group of which some may be stored all the same; none when nothing but the store itself is the reason. */
function partsToTry(group: readonly Waiting[], error: unknown): readonly (readonly Waiting[])[] {
  const code = error instanceof SyncError ? error.code : undefined
  const isAnEntrys = code === undefined || code === 'too-large' || code === 'invalid-payload'
  if (group.length === 1 || !(isAnEntrys || code === 'quota')) return []
  const segments: (readonly Waiting[])[] = []
  for (let start = 0; start < group.length;) {
    const end = endOf(group, start, segmentLimits)
    segments.push(group.slice(start, end))
    start = end
  }
  // Where a whole segment finds no room, its entries one by one would only fail as often as there are entries.
  if (segments.length > 1) return segments
  return isAnEntrys ? group.map((single) => [single]) : []
}

async function appendTo(
  store: Store,
  group: readonly Waiting[],
  { onStored, onKnown }: CommitListener,
): Promise<readonly StoredEntry[]> {
  const operations = group.map(({ queued }) => queued)
  if (group[0]?.isOnce !== true) {
    const entries = await store.append(operations)
    onStored(entries)
    return entries
  }
  const appended = await store.appendOnce(operations)
  const fresh = appended.flatMap(({ entry, isNew }) => (isNew && isLive(entry) ? [entry] : []))
  if (fresh.length > 0) onStored(fresh)
  for (const { entry, isNew } of appended) if (!isNew) onKnown(entry)
  return appended.map(({ entry }) => entry)
}
