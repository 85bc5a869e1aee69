/**
 * Group commit: appends that are asked for while a transaction is open share the next one. One at a time, in the order
 * of the calls; each caller hears of its own entry.
 */
import { SyncError, type QueuedOperation } from '@holdfast/core'
import { textOf } from './operation-text.ts'
import type { LiveEntry, Store } from './store.ts'

/** Most entries in a group. */
const groupEntriesMax = 128
/** Most UTF-16 code units of JSON in a group; one entry alone may be larger. */
const groupSizeMax = 128 * 1024

interface Waiting {
  readonly queued: QueuedOperation
  readonly size: number
  readonly resolve: (entry: LiveEntry) => void
  readonly reject: (error: unknown) => void
}

/** Appends in groups. */
export interface GroupCommit {
  /** Appends an entry; resolves when it is stored. Throws what `Store.append` throws. */
  append(queued: QueuedOperation): Promise<LiveEntry>
  /** Resolves when nothing is waiting to be stored. */
  idle(): Promise<void>
}

/** Puts a group commit before a store. */
export function openGroupCommit(store: Store): GroupCommit {
  let waiting: Waiting[] = []
  let working: Promise<void> | undefined
  const work = async (): Promise<void> => {
    // One turn of microtasks: calls made in a row start out as one group.
    await Promise.resolve()
    while (waiting.length > 0) {
      const group = take(waiting)
      waiting = waiting.slice(group.length)
      await commit(store, group)
    }
    working = undefined
  }
  return {
    append: (queued) =>
      new Promise((resolve, reject) => {
        waiting.push({ queued, size: textOf(queued.operation).length, resolve, reject })
        working ??= work()
      }),
    idle: async () => {
      while (working !== undefined) await working
    },
  }
}

function take(waiting: readonly Waiting[]): readonly Waiting[] {
  let size = 0
  const group: Waiting[] = []
  for (const next of waiting) {
    size += next.size
    if (group.length > 0 && (group.length >= groupEntriesMax || size > groupSizeMax)) break
    group.push(next)
  }
  return group
}

async function commit(store: Store, group: readonly Waiting[]): Promise<void> {
  try {
    const entries = await store.append(group.map(({ queued }) => queued))
    for (const [index, { resolve, reject }] of group.entries()) {
      const entry = entries[index]
      if (entry === undefined) reject(new SyncError('storage', 'The store did not say where the entry stands.'))
      else resolve(entry)
    }
  } catch (error) {
    if (group.length === 1) {
      group[0]?.reject(error)
      return
    }
    // What one entry is too large for may still have room for its companions.
    for (const single of group) await commit(store, [single])
  }
}
