/**
 * The orders that were placed in this page, by id. An entry gives up its body when it is settled, and the server's list
 * may not have been fetched since: with this, an order does not blink out of view in between.
 */
import { createContext, useContext, useMemo, useState, type ReactElement, type ReactNode } from 'react'
import type { ShownOrder } from './server-orders.ts'

interface PlacedOrders {
  readonly orders: ReadonlyMap<string, ShownOrder>
  readonly add: (order: ShownOrder) => void
}

const Context = createContext<PlacedOrders>({ orders: new Map(), add: () => undefined })

/** Keeps the placed orders while a person works here. */
export function PlacedOrdersProvider({ children }: { readonly children: ReactNode }): ReactElement {
  const [orders, setOrders] = useState<ReadonlyMap<string, ShownOrder>>(new Map())
  const placed = useMemo<PlacedOrders>(
    () => ({ orders, add: (order) => setOrders((before) => new Map(before).set(order.id, order)) }),
    [orders],
  )
  return <Context.Provider value={placed}>{children}</Context.Provider>
}

/** The placed orders. */
export function usePlacedOrders(): PlacedOrders {
  return useContext(Context)
}
