/** Orders: the menu, the cart, and every placed order with where it is. */
import { SyncError } from '@holdfast/core'
import { useOutbox } from '@holdfast/react'
import { useRef, useState, type ReactElement } from 'react'
import { createPortal } from 'react-dom'
import { formatCents } from '../money.ts'
import { placeOrder } from '../operations.ts'
import { useDesk } from '../session/desk-context.tsx'
import { useAnnouncing } from '../shell/announcing.tsx'
import { Page } from '../shell/page.tsx'
import { announceWords, orderWords } from '../words/words.ts'
import { CartPanel, type PlacePhase } from './cart-panel.tsx'
import { changeQuantity, emptyCart, orderOf, orderRandomBytes, totalsOf, type Cart } from './cart.ts'
import { MenuPanel } from './menu-panel.tsx'
import { OrderList } from './order-list.tsx'
import { usePlacedOrders } from './placed-orders.tsx'
import { parseOrder } from './server-orders.ts'
import { useOrderRows } from './use-order-rows.ts'

/** Shows the page. */
export function OrdersPage(): ReactElement {
  const [cart, setCart] = useState<Cart>(emptyCart)
  const [phase, setPhase] = useState<PlacePhase>({ kind: 'filling' })
  const list = useOrderRows()
  const place = usePlaceOrder(cart, setCart, setPhase)
  const cartHeading = useRef<HTMLHeadingElement>(null)
  const placedRow = phase.kind === 'placed' ? list.rows.find(({ order }) => order.id === phase.row.order.id) : undefined
  const fill = (next: Cart) => {
    setCart(next)
    if (phase.kind === 'placed') setPhase({ kind: 'filling' })
  }
  return (
    <Page title={orderWords.title} className="orders-page">
      <div className="desk-grid">
        <MenuPanel quantities={cart.quantities} onAdd={(id) => fill(changeQuantity(cart, id, 1))} />
        <CartPanel
          cart={cart}
          phase={phase}
          placedRow={placedRow}
          headingRef={cartHeading}
          onChange={fill}
          onPlace={() => void place()}
          onAnother={() => setPhase({ kind: 'filling' })}
        />
      </div>
      <OrderList {...list} />
      <CartBar cart={cart} onReview={() => cartHeading.current?.focus()} />
    </Page>
  )
}

/** Places what is in the cart: once for each press, and the cart stays as it is until the order is stored. */
function usePlaceOrder(cart: Cart, setCart: (cart: Cart) => void, setPhase: (phase: PlacePhase) => void) {
  const { identity } = useDesk()
  const outbox = useOutbox()
  const placed = usePlacedOrders()
  const { announce } = useAnnouncing()
  const isPlacing = useRef(false)
  return async () => {
    if (outbox === undefined || isPlacing.current) return
    const random = crypto.getRandomValues(new Uint8Array(orderRandomBytes))
    const made = orderOf(cart, { serverName: identity.name, nowMs: Date.now(), random })
    if (made === undefined) return
    isPlacing.current = true
    setPhase({ kind: 'saving' })
    try {
      const entry = await outbox.enqueue(placeOrder, made.order, { id: made.id })
      const order = parseOrder(made.order)
      if (order === undefined) return
      placed.add([order])
      setCart({ ...emptyCart, paymentMethod: cart.paymentMethod })
      setPhase({ kind: 'placed', row: { order, entry } })
      announce(announceWords.orderSaved)
    } catch (error) {
      setPhase({ kind: 'not-saved', reason: reasonOf(error) })
    } finally {
      isPlacing.current = false
    }
  }
}

function reasonOf(error: unknown): string {
  const code = error instanceof SyncError ? error.code : undefined
  if (code === 'quota') return orderWords.notSavedFull
  return code === 'invalid-payload' || code === 'too-large' ? orderWords.notSavedWrong : orderWords.notSavedElse
}

/** On a phone the cart is below the menu: this bar, in a row of its own, says what is in it and leads there. */
function CartBar({ cart, onReview }: { readonly cart: Cart; readonly onReview: () => void }): ReactElement | null {
  const dock = document.getElementById('dock')
  const { pieces, totalCents } = totalsOf(cart)
  if (dock === null || pieces === 0) return null
  return createPortal(
    <section className="cart-bar" aria-label={orderWords.cart}>
      <span>{orderWords.review(pieces, formatCents(totalCents))}</span>
      <button type="button" className="button primary" onClick={onReview}>
        {orderWords.reviewAct}
      </button>
    </section>,
    dock,
  )
}
