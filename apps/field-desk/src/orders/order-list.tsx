/** The list of orders: each with where it is, and what can be done about it. */
import { useRef, useState, type ReactElement } from 'react'
import { formatCents } from '../money.ts'
import { useNow } from '../shell/steady.ts'
import { EntryActs } from '../sync/entry-acts.tsx'
import { StateBadge } from '../sync/state-badge.tsx'
import { useLabeller, type Labeller } from '../sync/use-label.ts'
import { listedByServer } from '../words/entry-label.ts'
import { clockTime, fullTime } from '../words/time.ts'
import { orderWords } from '../words/words.ts'
import { filterRows, shortName, type OrderFilter, type OrderRow } from './order-rows.ts'
import type { OrderList as Orders } from './use-order-rows.ts'

const filters: readonly { readonly filter: OrderFilter; readonly text: string; readonly none: string }[] = [
  { filter: 'all', text: orderWords.filterAll, none: orderWords.listEmpty },
  { filter: 'open', text: orderWords.filterOpen, none: orderWords.listNoneOpen },
  { filter: 'needs-you', text: orderWords.filterNeedsYou, none: orderWords.listNoneNeedsYou },
]
const pageSize = 50

/** Shows the list. */
export function OrderList({ rows, server, isLoading }: Orders): ReactElement {
  const [filter, setFilter] = useState<OrderFilter>('all')
  const [pages, setPages] = useState(1)
  const heading = useRef<HTMLHeadingElement>(null)
  const labelOf = useLabeller()
  const nowMs = useNow(30_000)
  const shown = filterRows(rows, filter)
  const none = filters.find((choice) => choice.filter === filter)?.none ?? ''
  return (
    <section className="placed-orders" aria-labelledby="list-heading">
      <div className="list-head">
        <h2 id="list-heading" ref={heading} tabIndex={-1}>
          {orderWords.list}
        </h2>
        <div className="chips" role="group" aria-label={orderWords.filters}>
          {filters.map((choice) => (
            <button
              key={choice.filter}
              type="button"
              className="chip"
              aria-pressed={filter === choice.filter}
              onClick={() => setFilter(choice.filter)}
              data-testid={`filter-${choice.filter}`}
            >
              {choice.text} <span className="chip-count">{filterRows(rows, choice.filter).length}</span>
            </button>
          ))}
        </div>
      </div>
      {shown.length === 0 && !isLoading && <p className="empty">{none}</p>}
      <ul className="rows" data-testid="orders">
        {shown.slice(0, pages * pageSize).map((row) => (
          <Row key={row.order.id} row={row} labelOf={labelOf} nowMs={nowMs} onDone={() => heading.current?.focus()} />
        ))}
      </ul>
      {shown.length > pages * pageSize && (
        <button type="button" className="button" onClick={() => setPages(pages + 1)}>
          {orderWords.showMore}
        </button>
      )}
      <p className="quiet">
        {server === undefined ? orderWords.listNotLoaded : orderWords.listOld(clockTime(server.fetchedAtMs, nowMs))}
      </p>
    </section>
  )
}

function Row({
  row: { order, entry },
  labelOf,
  nowMs,
  onDone,
}: {
  readonly row: OrderRow
  readonly labelOf: Labeller
  readonly nowMs: number
  readonly onDone: () => void
}): ReactElement {
  const label = entry === undefined ? listedByServer : labelOf(entry)
  const pieces = order.items.reduce((sum, { quantity }) => sum + quantity, 0)
  const where = [
    ...(order.tableNumber === undefined ? [] : [orderWords.atTable(order.tableNumber)]),
    orderWords.items(pieces),
    orderWords.by(order.serverName),
  ]
  const name = orderWords.name(shortName(order.id))
  return (
    <li className="row" data-tone={label.tone} data-order={order.id} data-testid="order-row">
      <div className="row-head">
        <strong className="row-name">{name}</strong>
        <span className="amount">{formatCents(order.totalCents)}</span>
      </div>
      <p className="row-about">
        {where.join(' · ')} ·{' '}
        <time dateTime={new Date(order.placedAtMs).toISOString()} title={fullTime(order.placedAtMs)}>
          {clockTime(order.placedAtMs, nowMs)}
        </time>
      </p>
      <StateBadge label={label} />
      {entry !== undefined && <EntryActs entry={entry} label={label} name={name} onDone={onDone} />}
    </li>
  )
}
