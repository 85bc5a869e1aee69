/** Labels in components: what is said of entries now. */
import type { EntryView } from '@holdfast/client'
import type { OperationId } from '@holdfast/core'
import { useSyncStatus } from '@holdfast/react'
import { useMemo } from 'react'
import { useNow, useSteady } from '../shell/steady.ts'
import { labelOf, type EntryLabel } from '../words/entry-label.ts'

/** Says what there is to say of an entry at this moment. */
export type Labeller = (entry: EntryView) => EntryLabel

const noIds: readonly OperationId[] = []

/** A labeller that moves on with the time and the status. */
export function useLabeller(): Labeller {
  const nowMs = useNow(5000)
  const connectivity = useSyncStatus((status) => status.connectivity) ?? 'unknown'
  const authentication = useSyncStatus((status) => status.authentication) ?? 'ok'
  const sendingIds = useSyncStatus((status) => status.sendingIds) ?? noIds
  const paused = useSyncStatus((status) => status.paused)
  const manual = useSyncStatus((status) => status.manual)
  const isSendingShown = useSteady(sendingIds.length > 0)
  return useMemo(() => {
    const beingSent = new Set(isSendingShown ? sendingIds : noIds)
    const context = { nowMs, connectivity, authentication, paused, manual }
    return (entry) => labelOf(entry, { ...context, isSending: beingSent.has(entry.id) })
  }, [nowMs, connectivity, authentication, paused, manual, sendingIds, isSendingShown])
}
