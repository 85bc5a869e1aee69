/** Where an order is. Without an entry it is one that the server has listed. */
import type { ReactElement } from 'react'
import type { OrderRow } from '../orders/order-rows.ts'
import { listedByServer } from '../words/entry-label.ts'
import { StateBadge } from './state-badge.tsx'
import { useLabeller } from './use-label.ts'

/** Shows where an order is. */
export function OrderState({ row }: { readonly row: OrderRow }): ReactElement {
  const labelOf = useLabeller()
  return <StateBadge label={row.entry === undefined ? listedByServer : labelOf(row.entry)} />
}
