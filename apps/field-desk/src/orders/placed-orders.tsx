/**
 * The orders that this page has seen before they were settled, by id. An entry gives up its body when it is settled, and the server's list
 * may not have been fetched since: with this, an order does not blink out of view in between.
 */
import { createContext, useCallback, useContext, useMemo, useState, type ReactElement, type ReactNode } from 'react'
import type { ShownOrder } from './server-orders.ts'

interface PlacedOrders {
  readonly orders: ReadonlyMap<string, ShownOrder>
  readonly add: (orders: readonly ShownOrder[]) => void
}

const Context = createContext<PlacedOrders>({ orders: new Map(), add: () => undefined })

/** Keeps the placed orders while a person works here. */
export function PlacedOrdersProvider({ children }: { readonly children: ReactNode }): ReactElement {
  const [orders, setOrders] = useState<ReadonlyMap<string, ShownOrder>>(new Map())
  const add = useCallback((more: readonly ShownOrder[]) => setOrders((before) => withOrders(before, more)), [])
  const placed = useMemo<PlacedOrders>(() => ({ orders, add }), [orders, add])
  return <Context.Provider value={placed}>{children}</Context.Provider>
}

function withOrders(before: ReadonlyMap<string, ShownOrder>, more: readonly ShownOrder[]) {
  const added = more.filter(({ id }) => !before.has(id))
  return added.length === 0 ? before : new Map([...before, ...added.map((order) => [order.id, order] as const)])
}

/** The placed orders. */
export function usePlacedOrders(): PlacedOrders {
  return useContext(Context)
}
