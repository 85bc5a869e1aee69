/** Entries in a component: a page of them, or one. */
import type { EntriesQuery, EntryView, Outbox } from '@holdfast/client'
import type { OperationId } from '@holdfast/core'
import { useMemo, useSyncExternalStore } from 'react'
import { createEntryList, followed, isSame, noEntriesYet, type EntryList } from './entry-reading.ts'
import { useOutbox } from './provider.tsx'
import type { Source } from './source.ts'

/**
 * A page of entries, kept up to date. The query may be written in place: it is compared by what it says.
 *
 * @example const { entries, next, isLoading } = useEntries({ state: 'dead', limit: 50 })
 */
export function useEntries(query: EntriesQuery = {}): EntryList {
  const outbox = useOutbox()
  const { state, limit, after } = query
  const source = useMemo(
    () =>
      createEntryList(outbox, {
        ...(state !== undefined && { state }),
        ...(limit !== undefined && { limit }),
        ...(after !== undefined && { after }),
      }),
    [outbox, state, limit, after],
  )
  return useSyncExternalStore(source.subscribe, source.snapshot, () => noEntriesYet)
}

/** One entry, or what is known of it so far. */
export interface OneEntry {
  /** `undefined` when no entry has the id, or its retention time is over. */
  readonly entry: EntryView | undefined
  /** True until the first read came back. */
  readonly isLoading: boolean
}

const notReadYet: OneEntry = Object.freeze({ entry: undefined, isLoading: true })

/** One entry, kept up to date. */
export function useEntry(id: OperationId): OneEntry {
  const outbox = useOutbox()
  const source = useMemo(() => createOneEntry(outbox, id), [outbox, id])
  return useSyncExternalStore(source.subscribe, source.snapshot, () => notReadYet)
}

/** One entry, followed. */
export function createOneEntry(
  outbox: Pick<Outbox, 'entry' | 'subscribe'> | undefined,
  id: OperationId,
): Source<OneEntry> {
  if (outbox === undefined) return { subscribe: () => () => undefined, snapshot: () => notReadYet }
  let one = notReadYet
  return followed(
    outbox,
    () => one,
    async () => {
      const entry = await outbox.entry(id)
      const isUnchanged =
        entry === undefined || one.entry === undefined ? entry === one.entry : isSame(one.entry, entry)
      if (isUnchanged && !one.isLoading) return false
      one = { entry, isLoading: false }
      return true
    },
  )
}
