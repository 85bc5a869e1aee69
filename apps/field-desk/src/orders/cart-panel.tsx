/** The cart, and in its place, right after an order was placed, that order with where it is. */
import { Minus, Plus, ShoppingBasket, TriangleAlert } from 'lucide-react'
import { useEffect, useRef, type ReactElement, type RefObject } from 'react'
import { formatCents } from '../money.ts'
import { OrderState } from '../sync/order-state.tsx'
import { orderWords } from '../words/words.ts'
import {
  changeQuantity,
  emptyCart,
  noteMax,
  paymentMethods,
  readTable,
  totalsOf,
  type Cart,
  type CartLine,
} from './cart.ts'
import { taxBasisPoints } from './menu.ts'
import { shortName, type OrderRow } from './order-rows.ts'

/** How far the placing of an order is. */
export type PlacePhase =
  | { readonly kind: 'filling' }
  | { readonly kind: 'saving' }
  | { readonly kind: 'not-saved'; readonly reason: string }
  /** Stored; `row` is the order with its entry as the outbox gave it back. */
  | { readonly kind: 'placed'; readonly row: OrderRow }

/** What the cart is shown with. */
export interface CartPanelProps {
  readonly cart: Cart
  readonly phase: PlacePhase
  /** The order that was just placed, once the list has it. */
  readonly placedRow: OrderRow | undefined
  readonly headingRef: RefObject<HTMLHeadingElement | null>
  readonly onChange: (cart: Cart) => void
  readonly onPlace: () => void
  readonly onAnother: () => void
}

/** Shows the cart. */
export function CartPanel(props: CartPanelProps): ReactElement {
  const { cart, phase, placedRow, headingRef, onChange, onPlace, onAnother } = props
  if (phase.kind === 'placed') {
    return <PlacedCard row={placedRow ?? phase.row} onAnother={onAnother} />
  }
  const totals = totalsOf(cart)
  return (
    <section className="card cart" aria-labelledby="cart-heading" data-testid="cart">
      <div className="cart-head">
        <h2 id="cart-heading" ref={headingRef} tabIndex={-1}>
          {orderWords.cart}
        </h2>
        {totals.pieces > 0 && (
          <button type="button" className="button plain" onClick={() => onChange(emptyCart)}>
            {orderWords.clear}
          </button>
        )}
      </div>
      {totals.pieces === 0 ? (
        <div className="empty">
          <ShoppingBasket aria-hidden size={28} />
          <p>{orderWords.cartEmpty}</p>
        </div>
      ) : (
        <form
          onSubmit={(event) => {
            event.preventDefault()
            onPlace()
          }}
        >
          <ul className="lines">
            {totals.lines.map((line) => (
              <Line key={line.item.id} line={line} cart={cart} onChange={onChange} />
            ))}
          </ul>
          <Details cart={cart} onChange={onChange} />
          <Bill {...totals} />
          {phase.kind === 'not-saved' && (
            <div className="not-saved" role="alert" data-testid="not-saved">
              <TriangleAlert aria-hidden size={20} />
              <p>
                <strong>{orderWords.notSaved}</strong> {phase.reason}
              </p>
            </div>
          )}
          <button
            type="submit"
            className="button primary wide place"
            aria-disabled={phase.kind === 'saving' || readTable(cart.table) === 'fault'}
            data-testid="place-order"
          >
            {phase.kind === 'saving' ? orderWords.saving : orderWords.place(formatCents(totals.totalCents))}
          </button>
        </form>
      )}
    </section>
  )
}

function Line({
  line: { item, quantity, lineCents },
  cart,
  onChange,
}: {
  readonly line: CartLine
  readonly cart: Cart
  readonly onChange: (cart: Cart) => void
}): ReactElement {
  return (
    <li className="line">
      <span className="line-name">{item.name}</span>
      <span className="stepper">
        <button
          type="button"
          className="button square"
          aria-label={orderWords.one(item.name)}
          onClick={() => onChange(changeQuantity(cart, item.id, -1))}
        >
          <Minus aria-hidden size={16} />
        </button>
        <span className="quantity">{quantity}</span>
        <button
          type="button"
          className="button square"
          aria-label={orderWords.more(item.name)}
          onClick={() => onChange(changeQuantity(cart, item.id, 1))}
        >
          <Plus aria-hidden size={16} />
        </button>
      </span>
      <span className="amount">{formatCents(lineCents)}</span>
    </li>
  )
}

function Details({ cart, onChange }: { readonly cart: Cart; readonly onChange: (cart: Cart) => void }): ReactElement {
  const isWrong = readTable(cart.table) === 'fault'
  return (
    <div className="details">
      <label className="field table">
        <span>{orderWords.table}</span>
        <input
          inputMode="numeric"
          autoComplete="off"
          maxLength={8}
          value={cart.table}
          aria-invalid={isWrong}
          aria-describedby={isWrong ? 'table-fault' : undefined}
          onChange={(event) => onChange({ ...cart, table: event.target.value })}
          data-testid="table"
        />
      </label>
      <fieldset className="field">
        <legend>{orderWords.payment}</legend>
        <div className="choices">
          {paymentMethods.map((method) => (
            <label key={method} className="choice">
              <input
                type="radio"
                name="payment"
                checked={cart.paymentMethod === method}
                onChange={() => onChange({ ...cart, paymentMethod: method })}
              />
              <span>{orderWords.paymentMethod[method]}</span>
            </label>
          ))}
        </div>
      </fieldset>
      {isWrong && (
        <p id="table-fault" className="fault">
          {orderWords.tableWrong}
        </p>
      )}
      <label className="field note-field">
        <span>{orderWords.note}</span>
        <input
          value={cart.note}
          maxLength={noteMax}
          placeholder={orderWords.notePlaceholder}
          onChange={(event) => onChange({ ...cart, note: event.target.value })}
          data-testid="note"
        />
      </label>
    </div>
  )
}

function Bill({ subtotalCents, taxCents, totalCents }: ReturnType<typeof totalsOf>): ReactElement {
  return (
    <dl className="bill">
      <dt>{orderWords.subtotal}</dt>
      <dd>{formatCents(subtotalCents)}</dd>
      <dt>{orderWords.tax(`${taxBasisPoints / 100} %`)}</dt>
      <dd>{formatCents(taxCents)}</dd>
      <dt className="total">{orderWords.total}</dt>
      <dd className="total" data-testid="cart-total">
        {formatCents(totalCents)}
      </dd>
    </dl>
  )
}

function PlacedCard({ row, onAnother }: { readonly row: OrderRow; readonly onAnother: () => void }): ReactElement {
  const { order } = row
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus(), [])
  return (
    <section className="card cart placed" aria-labelledby="placed-heading" data-order={order.id} data-testid="placed">
      <h2 id="placed-heading" ref={heading} tabIndex={-1}>
        {orderWords.name(shortName(order.id))}
      </h2>
      <OrderState row={row} />
      <ul className="plain-list">
        {order.items.map(({ name, quantity }) => (
          <li key={name}>
            <span className="quantity">{quantity} ×</span> {name}
          </li>
        ))}
      </ul>
      <p className="placed-total">
        <span>{orderWords.total}</span> <strong>{formatCents(order.totalCents)}</strong>
      </p>
      <button type="button" className="button primary wide" onClick={onAnother} data-testid="another-order">
        {orderWords.another}
      </button>
    </section>
  )
}
