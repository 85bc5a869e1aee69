/** Labels in components: what is said of entries now. */
import type { EntryView } from '@holdfast/client'
import { useEntries, useSyncStatus } from '@holdfast/react'
import { useMemo } from 'react'
import { entriesBeingSent } from '../orders/order-rows.ts'
import { useNow, useSteady } from '../shell/steady.ts'
import { labelOf, type EntryLabel } from '../words/entry-label.ts'

/** Says what there is to say of an entry at this moment. */
export type Labeller = (entry: EntryView) => EntryLabel

/** How many of the next entries are looked at for those that are on their way: a request holds a hundred at most. */
const nextMax = 200

/** A labeller that moves on with the time and the status. */
export function useLabeller(): Labeller {
  const nowMs = useNow(5000)
  const connectivity = useSyncStatus((status) => status.connectivity) ?? 'unknown'
  const authentication = useSyncStatus((status) => status.authentication) ?? 'ok'
  const sending = useSyncStatus((status) => status.sending) ?? 0
  const isSendingShown = useSteady(sending > 0)
  const next = useEntries({ limit: nextMax })
  return useMemo(() => {
    const beingSent = entriesBeingSent(next.entries, isSendingShown ? sending : 0, Date.now())
    return (entry) => labelOf(entry, { nowMs, connectivity, authentication, isSending: beingSent.has(entry.id) })
  }, [nowMs, connectivity, authentication, sending, isSendingShown, next.entries])
}
