/** The list of orders in a component: this device's entries and the server's orders, kept up to date. */
import { useEntries, useOutbox, useSyncStatus } from '@holdfast/react'
import { useEffect, useMemo, useState } from 'react'
import { useDesk } from '../session/desk-context.tsx'
import { orderRows, type OrderRow } from './order-rows.ts'
import { usePlacedOrders } from './placed-orders.tsx'
import { fetchServerOrders, parseOrder, parseServerOrders, type ServerOrders } from './server-orders.ts'

/** What the list is shown from. */
export interface OrderList {
  readonly rows: readonly OrderRow[]
  /** The server's part; `undefined` when this device has never seen it. */
  readonly server: ServerOrders | undefined
  readonly isLoading: boolean
}

/** Live entries that are looked at: the newest orders matter, and the Sync page has them all. */
const liveMax = 500
const settledMax = 100

/** All orders that this person can see. */
export function useOrderRows(): OrderList {
  const live = useEntries({ limit: liveMax })
  const applied = useEntries({ state: 'applied', limit: settledMax })
  const discarded = useEntries({ state: 'discarded', limit: settledMax })
  const { orders: placed, add } = usePlacedOrders()
  useEffect(
    () => add(live.entries.map(({ payload }) => parseOrder(payload)).filter((order) => order !== undefined)),
    [live.entries, add],
  )
  const server = useServerOrders()
  const rows = useMemo(
    () => orderRows({ entries: [...live.entries, ...applied.entries, ...discarded.entries], server, placed }),
    [live.entries, applied.entries, discarded.entries, server, placed],
  )
  return { rows, server, isLoading: live.isLoading || applied.isLoading }
}

/** Changes that come together are fetched for once, ms. */
const settleMs = 400

function useServerOrders(): ServerOrders | undefined {
  const { device, identity } = useDesk()
  const outbox = useOutbox()
  const canAsk = useSyncStatus(
    ({ connectivity, authentication }) =>
      authentication === 'ok' && (connectivity === 'online' || connectivity === 'unknown'),
  )
  const [server, setServer] = useState(() => parseServerOrders(device.orders(identity)))
  useEffect(() => {
    if (outbox === undefined || canAsk !== true) return undefined
    let isGone = false
    let timer: ReturnType<typeof setTimeout> | undefined
    const load = async () => {
      timer = undefined
      const fetched = await fetchServerOrders(identity, Date.now())
      if (isGone || fetched === undefined) return
      device.keepOrders(identity, fetched)
      setServer(fetched)
    }
    const loadSoon = () => {
      timer ??= setTimeout(() => void load(), settleMs)
    }
    const loadWhenSeen = () => {
      if (document.visibilityState === 'visible') loadSoon()
    }
    void load()
    const stop = outbox.onSettled(loadSoon)
    document.addEventListener('visibilitychange', loadWhenSeen)
    return () => {
      isGone = true
      clearTimeout(timer)
      stop()
      document.removeEventListener('visibilitychange', loadWhenSeen)
    }
  }, [outbox, canAsk, device, identity])
  return server
}
