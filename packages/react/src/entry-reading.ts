/**
 * Reading entries: a list (or one entry) that is read again after every change of the outbox.
 *
 * At most one read is on its way, and there is a pause after each: a drain of ten thousand entries must not turn into
 * ten thousand reads, or into more renders than a person can see. What has not changed keeps its object.
 */
import type { EntriesQuery, EntryView, Outbox } from '@holdfast/client'
import { createListeners, type Source } from './source.ts'

/** A page of entries, or what is known of it so far. */
export interface EntryList {
  readonly entries: readonly EntryView[]
  /** Where the next page begins: pass it as `after`. `undefined` on the last page. */
  readonly next: EntryView | undefined
  /** True until the first read came back. */
  readonly isLoading: boolean
}

/** What is shown before the first read, and by a server: one object for ever. */
export const noEntriesYet: EntryList = Object.freeze({ entries: Object.freeze([]), next: undefined, isLoading: true })

/** The pause after a read, ms: eleven renders a second are enough for anybody's eyes. */
export const readAgainMs = 100

/** Entries that a query finds, followed. */
export function createEntryList(
  outbox: Pick<Outbox, 'entries' | 'subscribe'> | undefined,
  query: EntriesQuery,
): Source<EntryList> {
  if (outbox === undefined) return { subscribe: () => () => undefined, snapshot: () => noEntriesYet }
  const limit = query.limit ?? 50
  let list = noEntriesYet
  return followed(
    outbox,
    () => list,
    async () => {
      const read = await outbox.entries(query)
      const entries = keepUnchanged(list.entries, read)
      if (entries === list.entries && !list.isLoading) return false
      list = { entries, next: entries.length < limit ? undefined : entries.at(-1), isLoading: false }
      return true
    },
  )
}

/** The pages' entries as they are now, with the old objects wherever nothing has changed; the old list if nothing has at all. */
function keepUnchanged(before: readonly EntryView[], now: readonly EntryView[]): readonly EntryView[] {
  const known = new Map(before.map((entry) => [entry.id, entry]))
  const kept = now.map((entry) => {
    const old = known.get(entry.id)
    return old !== undefined && isSame(old, entry) ? old : entry
  })
  const isUnchanged = kept.length === before.length && kept.every((entry, index) => entry === before[index])
  return isUnchanged ? before : kept
}

/** Whether two views of an entry say the same. Its payload never changes. */
export function isSame(left: EntryView, right: EntryView): boolean {
  return (
    left.id === right.id &&
    left.attempts.length === right.attempts.length &&
    left.attempts.at(-1)?.atMs === right.attempts.at(-1)?.atMs &&
    JSON.stringify(left.state) === JSON.stringify(right.state)
  )
}

/** Reads while somebody listens: at once, and after each change. `read` answers whether the snapshot is another one now. */
export function followed<Snapshot>(
  outbox: Pick<Outbox, 'subscribe'>,
  snapshot: () => Snapshot,
  read: () => Promise<boolean>,
): Source<Snapshot> {
  let stop: (() => void) | undefined
  let isReading = false
  let isStale = false
  let timer: ReturnType<typeof setTimeout> | undefined

  const refresh = async () => {
    if (isReading || timer !== undefined) {
      isStale = true
      return
    }
    isReading = true
    isStale = false
    // A read that fails leaves what was shown; the outbox says by its status that the store is in trouble.
    const isChanged = await read().catch(() => false)
    isReading = false
    if (stop === undefined) return
    timer = setTimeout(() => {
      timer = undefined
      if (isStale) void refresh()
    }, readAgainMs)
    if (isChanged) tell()
  }
  const { subscribe, tell } = createListeners(
    () => {
      stop = outbox.subscribe(() => void refresh())
      void refresh()
    },
    () => {
      stop?.()
      stop = undefined
      clearTimeout(timer)
      timer = undefined
    },
  )
  return { subscribe, snapshot }
}
