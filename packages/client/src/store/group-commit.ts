/**
 * Group commit: appends that are asked for while a transaction is open share the next one. One at a time, in the order
 * of the calls; each caller hears of its own entry. A strict transaction costs a flush of the disk, so the entries of a
 * burst share it.
 */
import { SyncError, type QueuedOperation } from '@holdfast/core'
import { textOf } from './operation-text.ts'
import { segmentEntriesMax, segmentSizeMax } from './segment.ts'
import { isLive, type LiveEntry, type Store, type StoredEntry } from './store.ts'

interface Waiting {
  readonly queued: QueuedOperation
  readonly size: number
  /** Somebody else chose the id: it is stored only if no entry has it. */
  readonly isOnce: boolean
  readonly resolve: (entry: StoredEntry) => void
  readonly reject: (error: unknown) => void
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
  const work = async (): Promise<void> => {
    // One turn of microtasks: calls made in a row start out as one group.
    await Promise.resolve()
    while (waiting.length > 0) {
      const all = waiting
      waiting = []
      for (let start = 0; start < all.length;) {
        const end = groupEnd(all, start)
        await commit(store, all.slice(start, end), listener)
        start = end
      }
    }
    working = undefined
  }
  return {
    append: (queued, { isOnce } = { isOnce: false }) =>
      new Promise((resolve, reject) => {
        // Encoded here, call by call: what cannot be encoded fails its own caller, and no group takes long to encode.
        const size = textOf(queued.operation).length
        waiting.push({ queued, size, isOnce, resolve, reject })
        working ??= work()
      }),
    idle: async () => {
      while (working !== undefined) await working
    },
  }
}

/** Where the group that starts at `start` ends: a segment's worth of entries of one kind, so that a large one stands alone. */
function groupEnd(waiting: readonly Waiting[], start: number): number {
  let size = 0
  for (let end = start; ; end += 1) {
    const next = waiting[end]
    if (next === undefined) return end
    size += next.size
    if (next.isOnce !== waiting[start]?.isOnce) return end
    if (end > start && (end - start >= segmentEntriesMax || size > segmentSizeMax)) return end
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
    if (group.length === 1 || isTheStoresOwn(error)) {
      for (const { reject } of group) reject(error)
      return
    }
    // One of them is the reason: the others must not suffer for it, nor change places.
    for (const single of group) await commit(store, [single], listener)
  }
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

/** True when no entry is the reason, so that trying each alone would only fail as often as there are entries. */
function isTheStoresOwn(error: unknown): boolean {
  return error instanceof SyncError && error.code !== 'too-large' && error.code !== 'invalid-payload'
}
