/**
 * The list of orders, put together from what this device holds and what the server has said. An entry of the outbox
 * always decides what is said of its order: until it is settled, not even the server's own list makes it "on the
 * server". An order without an entry is on the server, because the server listed it.
 */
import type { EntryView } from '@holdfast/client'
import { isSettled } from '@holdfast/core'
import { placeOrder } from '../operations.ts'
import { parseOrder, type ServerOrders, type ShownOrder } from './server-orders.ts'

/** One order with where it is. */
export interface OrderRow {
  readonly order: ShownOrder
  /** The entry that places it, where this device still knows one. */
  readonly entry: EntryView | undefined
}

/** Which orders to show. */
export type OrderFilter = 'all' | 'open' | 'needs-you'

/** What the rows are made from. */
export interface OrderSources {
  /** Live and settled entries of this device. */
  readonly entries: readonly EntryView[]
  readonly server: ServerOrders | undefined
  /** Orders that were placed in this page, so that one is not lost from view between its entry and the server's list. */
  readonly placed: ReadonlyMap<string, ShownOrder>
}

/** All orders, latest first. */
export function orderRows({ entries, server, placed }: OrderSources): readonly OrderRow[] {
  const rows = new Map<string, OrderRow>()
  for (const order of server?.orders ?? []) rows.set(order.id, { order, entry: undefined })
  for (const entry of withoutNews(entries)) {
    if (entry.type !== placeOrder.type) continue
    // The lane of an order is named after it: a settled entry, which has no body any more, is found by it.
    const id = orderIdOf(entry)
    const before = rows.get(id)
    const order = parseOrder(entry.payload) ?? placed.get(id) ?? before?.order
    if (order === undefined || isHidden(entry, before)) continue
    rows.set(id, { order, entry: before?.entry === undefined ? entry : prevailing(before.entry, entry) })
  }
  return [...rows.values()].toSorted((left, right) => right.order.placedAtMs - left.order.placedAtMs)
}

/** The rows that a filter leaves. */
export function filterRows(rows: readonly OrderRow[], filter: OrderFilter): readonly OrderRow[] {
  switch (filter) {
    case 'all':
      return rows
    case 'open':
      return rows.filter(({ entry }) => entry !== undefined && !isSettled(entry.state))
    case 'needs-you':
      return rows.filter(({ entry }) => entry?.state.kind === 'dead' || entry?.state.kind === 'conflicted')
  }
}

/**
 * Leaves out the entries that only carry the news of a discard to the server. Once such an entry is settled it looks
 * like any other, but the entry that was discarded still names it.
 */
export function withoutNews(entries: readonly EntryView[]): readonly EntryView[] {
  const news = new Set(
    entries.flatMap(({ state }) => (state.kind === 'discarded' && state.cause === 'person' ? [state.by] : [])),
  )
  return entries.filter(({ id, isCancel }) => !isCancel && !news.has(id))
}

/** The id of the order that an entry is about. */
export function orderIdOf({ lane }: Pick<EntryView, 'lane'>): string {
  return lane.slice(lane.indexOf(':') + 1)
}

/** The short name of an order, for people: the end of its id. */
export function shortName(orderId: string): string {
  return orderId.slice(-4).toUpperCase()
}

/** An order that was taken back, or whose entry another one replaced, is shown only where it stands on the server too. */
function isHidden({ state }: EntryView, before: OrderRow | undefined): boolean {
  return state.kind === 'discarded' && (state.cause === 'superseded' || before?.entry !== undefined)
}

/** Of two entries that place the same order (a try under a new id), the live one counts. */
function prevailing(left: EntryView, right: EntryView): EntryView {
  const rank = ({ state }: EntryView) => (state.kind === 'discarded' ? 0 : isSettled(state) ? 1 : 2)
  return rank(right) > rank(left) ? right : left
}
