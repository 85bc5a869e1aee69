/**
 * Group commit: appends that are asked for while a transaction is open share the next one. One at a time, in the order
 * of the calls; each caller hears of its own entry. A strict transaction costs a flush of the disk, so the entries of a
 * burst share it.
 */
import { SyncError, type QueuedOperation } from '@holdfast/core'
import { textOf } from './operation-text.ts'
import { segmentEntriesMax, segmentSizeMax } from './segment.ts'
import type { LiveEntry, Store } from './store.ts'

interface Waiting {
  readonly queued: QueuedOperation
  readonly size: number
  readonly resolve: (entry: LiveEntry) => void
  readonly reject: (error: unknown) => void
}

/** Appends in groups. */
export interface GroupCommit {
  /**
   * Appends an entry; resolves when it is stored.
   *
   * @throws what `Store.append` throws, for this entry alone unless the store itself is the reason
   */
  append(queued: QueuedOperation): Promise<LiveEntry>
  /** Resolves when nothing is waiting to be stored. */
  idle(): Promise<void>
}

/** Puts a group commit before a store; `onStored` hears of each group once it is stored, before its callers do. */
export function openGroupCommit(store: Store, onStored?: (entries: readonly LiveEntry[]) => void): GroupCommit {
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
        await commit(store, all.slice(start, end), onStored)
        start = end
      }
    }
    working = undefined
  }
  return {
    append: (queued) =>
      new Promise((resolve, reject) => {
        // Encoded here, call by call: what cannot be encoded fails its own caller, and no group takes long to encode.
        const size = textOf(queued.operation).length
        waiting.push({ queued, size, resolve, reject })
        working ??= work()
      }),
    idle: async () => {
      while (working !== undefined) await working
    },
  }
}

/** Where the group that starts at `start` ends: a segment's worth of entries, so that a large one stands alone. */
function groupEnd(waiting: readonly Waiting[], start: number): number {
  let size = 0
  for (let end = start; ; end += 1) {
    const next = waiting[end]
    if (next === undefined) return end
    size += next.size
    if (end > start && (end - start >= segmentEntriesMax || size > segmentSizeMax)) return end
  }
}

async function commit(
  store: Store,
  group: readonly Waiting[],
  onStored: ((entries: readonly LiveEntry[]) => void) | undefined,
): Promise<void> {
  try {
    const entries = await store.append(group.map(({ queued }) => queued))
    onStored?.(entries)
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
    for (const single of group) await commit(store, [single], onStored)
  }
}

/** True when no entry is the reason, so that trying each alone would only fail as often as there are entries. */
function isTheStoresOwn(error: unknown): boolean {
  return error instanceof SyncError && error.code !== 'too-large' && error.code !== 'invalid-payload'
}
