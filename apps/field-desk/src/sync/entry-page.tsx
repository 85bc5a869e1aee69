/** One entry: where it is, what happened to it, what is in it, and what can be done. */
import type { EntryView } from '@holdfast/client'
import { attemptsOf, parseOperationId, type OperationId } from '@holdfast/core'
import { useEntry } from '@holdfast/react'
import { ArrowLeft, Copy } from 'lucide-react'
import { useState, type ReactElement } from 'react'
import { Link, useLocation } from 'wouter'
import { formatCents } from '../money.ts'
import { parseOrder } from '../orders/server-orders.ts'
import { Page } from '../shell/page.tsx'
import { useNow } from '../shell/steady.ts'
import { clockTime, fullTime } from '../words/time.ts'
import { orderWords, syncWords } from '../words/words.ts'
import { EntryActs } from './entry-acts.tsx'
import { entryName } from './entry-name.ts'
import { StateBadge } from './state-badge.tsx'
import { timelineOf } from './timeline.ts'
import { useLabeller } from './use-label.ts'

/** Shows the page of the entry that the address names. */
export function EntryPage({ id }: { readonly id: string }): ReactElement {
  const parsed = parseOperationId(id)
  return parsed === undefined ? <Gone /> : <KnownEntryPage id={parsed} />
}

function KnownEntryPage({ id }: { readonly id: OperationId }): ReactElement | null {
  const { entry, isLoading } = useEntry(id)
  if (isLoading) return null
  return entry === undefined ? <Gone /> : <Found entry={entry} />
}

function Gone(): ReactElement {
  return (
    <Page title={syncWords.title} lead={syncWords.gone}>
      <BackLink />
    </Page>
  )
}

function BackLink(): ReactElement {
  return (
    <Link className="button plain back" href="/sync">
      <ArrowLeft aria-hidden size={18} /> {syncWords.back}
    </Link>
  )
}

function Found({ entry }: { readonly entry: EntryView }): ReactElement {
  const labelOf = useLabeller()
  const nowMs = useNow(5000)
  const [, navigate] = useLocation()
  const label = labelOf(entry)
  const name = entryName(entry)
  const order = parseOrder(entry.payload)
  return (
    <Page title={name} className="entry-page">
      <BackLink />
      <div className="card" data-testid="entry">
        <StateBadge label={label} />
        <EntryActs
          entry={entry}
          label={label}
          name={name}
          onDone={(next) => navigate(next === undefined ? '/sync' : `/sync/${encodeURIComponent(next)}`)}
        />
      </div>
      <section className="card" aria-labelledby="timeline-heading">
        <h2 id="timeline-heading">{syncWords.timeline}</h2>
        <ol className="timeline" data-testid="timeline">
          {timelineOf(entry, nowMs).map(({ atMs, text }, index) => (
            <li key={`${index} ${text}`} data-coming={atMs === undefined}>
              {atMs !== undefined && (
                <time dateTime={new Date(atMs).toISOString()} title={fullTime(atMs)}>
                  {clockTime(atMs, nowMs)}
                </time>
              )}
              <span>{text}</span>
            </li>
          ))}
        </ol>
      </section>
      {order !== undefined && (
        <section className="card" aria-labelledby="inside-heading">
          <h2 id="inside-heading">{syncWords.whatIsIn}</h2>
          <ul className="plain-list">
            {order.items.map((item) => (
              <li key={item.name}>
                <span className="quantity">{item.quantity} ×</span> {item.name}
              </li>
            ))}
          </ul>
          {order.tableNumber !== undefined && <p>{orderWords.atTable(order.tableNumber)}</p>}
          {order.notes !== undefined && <p>{order.notes}</p>}
          <p className="placed-total">
            <span>{orderWords.total}</span> <strong>{formatCents(order.totalCents)}</strong>
          </p>
        </section>
      )}
      <Technical entry={entry} />
    </Page>
  )
}

/** For whoever helps: no payload in it. */
function Technical({ entry }: { readonly entry: EntryView }): ReactElement {
  const [isCopied, setCopied] = useState(false)
  const rows = technicalRows(entry)
  const copy = async () => {
    await navigator.clipboard.writeText(rows.map(([name, value]) => `${name}: ${value}`).join('\n'))
    setCopied(true)
  }
  return (
    <details className="card technical">
      <summary>{syncWords.technical}</summary>
      <dl>
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <button type="button" className="button" onClick={() => void copy().catch(() => undefined)}>
        <Copy aria-hidden size={16} /> {isCopied ? syncWords.copied : syncWords.copy}
      </button>
    </details>
  )
}

function technicalRows({ id, type, state, attempts }: EntryView): readonly (readonly [string, string])[] {
  const failure = attempts.findLast((attempt) => attempt.failure !== undefined)?.failure
  const dead = state.kind === 'dead' && 'problem' in state.reason ? state.reason.problem : undefined
  const answer = dead ?? failure?.problem
  const status = dead?.status ?? failure?.status
  return [
    [syncWords.identifier, id],
    [syncWords.kind, type],
    [syncWords.state, state.kind],
    [syncWords.tries, String(Math.max(attemptsOf(state), attempts.length))],
    ...(status === undefined && answer === undefined
      ? []
      : ([[syncWords.problem, [status, answer?.type].filter((part) => part !== undefined).join(' ')]] as const)),
  ]
}
