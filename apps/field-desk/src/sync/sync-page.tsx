/** Sync: everything that this person has written on this device, and where it is. */
import type { DeliveryState } from '@holdfast/core'
import type { EntryView, RegisteredIdentity } from '@holdfast/client'
import { useEntries, useOutbox, useSyncStatus } from '@holdfast/react'
import { ChevronRight } from 'lucide-react'
import { useEffect, useId, useMemo, useRef, useState, type ReactElement } from 'react'
import { Link } from 'wouter'
import { formatCents } from '../money.ts'
import { withoutNews } from '../orders/order-rows.ts'
import { parseOrder } from '../orders/server-orders.ts'
import { Page } from '../shell/page.tsx'
import { useNow } from '../shell/steady.ts'
import { StorageCard } from '../settings/storage-card.tsx'
import { searchWords } from '../words/center-words.ts'
import type { Act } from '../words/entry-label.ts'
import { clockTime, fullTime } from '../words/time.ts'
import { actWords, orderWords, signInWords, syncWords } from '../words/words.ts'
import { EntryActs } from './entry-acts.tsx'
import { isLooking, matching, noFilter, type EntryFilter, type ShownState } from './entry-filter.ts'
import { entryName } from './entry-name.ts'
import { ExportCard } from './export-card.tsx'
import { FilterBar } from './filter-bar.tsx'
import { SendingCard } from './sending-card.tsx'
import { StateBadge } from './state-badge.tsx'
import { useLabeller, type Labeller } from './use-label.ts'

const pageSize = 50

/** What a search looks through of each state: the most that a listing gives. */
const lookedThroughMax = 500

/** Shows the page. */
export function SyncPage(): ReactElement {
  const status = useSyncStatus()
  const labelOf = useLabeller()
  const [filter, setFilter] = useState(noFilter)
  const isSearching = isLooking(filter)
  const dead = useShown('dead', isSearching)
  const conflicted = useShown('conflicted', isSearching)
  const waiting = useShown('waiting', isSearching)
  const queued = useShown('queued', isSearching)
  const discarded = useShown('discarded', isSearching)
  const settled = useShown('applied', isSearching)
  const applied = useMemo(() => {
    const written = new Set(withoutNews([...settled.entries, ...discarded.entries]))
    return { ...settled, entries: settled.entries.filter((entry) => written.has(entry)) }
  }, [settled, discarded.entries])
  const taken = discarded.entries.filter(({ state }) => state.kind === 'discarded' && state.cause === 'person')
  const appliedCount =
    applied.next === undefined ? String(applied.entries.length) : syncWords.atLeast(applied.entries.length)
  const sections: readonly {
    state: ShownState
    title: string
    none: string
    parts: readonly Shown[]
  }[] = [
    { state: 'needs-you', title: syncWords.needsYou, none: syncWords.noneNeedsYou, parts: [dead, conflicted] },
    { state: 'waiting', title: syncWords.waiting, none: syncWords.noneWaiting, parts: [waiting, queued] },
    { state: 'on-server', title: syncWords.onServer, none: syncWords.noneOnServer, parts: [applied] },
    {
      state: 'discarded',
      title: syncWords.discarded,
      none: syncWords.noneDiscarded,
      parts: [{ ...discarded, entries: taken }],
    },
  ]
  return (
    <Page title={syncWords.title} lead={syncWords.lead} className="sync-page">
      <dl className="figures">
        <Figure name={syncWords.needsYou} value={status?.needsYou} about={syncWords.toSettle} tone="needs-you" />
        <Figure name={syncWords.waiting} value={status?.pending} about={syncWords.savedHere} tone="saved" />
        <Figure name={syncWords.onServer} value={appliedCount} about={syncWords.lastSeven} tone="server" />
      </dl>
      <FilterBar filter={filter} onChange={setFilter} />
      {sections
        .filter(({ state, parts }) => isShown(state, filter, parts))
        .map(({ state, title, none, parts }) => (
          <Section
            key={state}
            title={title}
            none={isSearching ? searchWords.noneFound : none}
            parts={parts}
            filter={filter}
            labelOf={labelOf}
            testId={`section-${state}`}
          />
        ))}
      <Sealed />
      <div className="sync-cards">
        <SendingCard />
        <ExportCard labelOf={labelOf} />
        <StorageCard />
      </div>
    </Page>
  )
}

/** Entries of one state, as many as are shown so far. */
interface Shown {
  readonly entries: readonly EntryView[]
  readonly next: EntryView | undefined
  readonly isLoading: boolean
  readonly showMore: () => void
}

function useShown(state: DeliveryState['kind'], isSearching: boolean): Shown {
  const [limit, setLimit] = useState(pageSize)
  const list = useEntries({ state, limit: isSearching ? lookedThroughMax : limit })
  return { ...list, showMore: () => setLimit(Math.min(limit + pageSize, lookedThroughMax)) }
}

/** A part is on the page when it is asked for; nobody misses an empty list of what was discarded. */
function isShown(state: ShownState, filter: EntryFilter, parts: readonly Shown[]): boolean {
  if (filter.state !== 'all') return filter.state === state
  return state !== 'discarded' || parts.some(({ entries }) => matching(entries, filter).length > 0)
}

function Figure({
  name,
  value,
  about,
  tone,
}: {
  readonly name: string
  readonly value: number | string | undefined
  readonly about: string
  readonly tone: string
}): ReactElement {
  return (
    <div className="figure card" data-tone={value === 0 ? undefined : tone}>
      <dt>{name}</dt>
      <dd>
        <span className="figure-value">{value ?? '–'}</span> <span className="quiet">{about}</span>
      </dd>
    </div>
  )
}

function Section({
  title,
  none,
  parts,
  filter,
  labelOf,
  testId,
}: {
  readonly title: string
  readonly none: string
  readonly parts: readonly Shown[]
  readonly filter: EntryFilter
  readonly labelOf: Labeller
  readonly testId: string
}): ReactElement {
  const heading = useRef<HTMLHeadingElement>(null)
  const headingId = useId()
  const nowMs = useNow(30_000)
  const entries = matching(
    parts.flatMap((part) => part.entries),
    filter,
  )
  const isCut = parts.some((part) => part.entries.length >= lookedThroughMax)
  const isLoading = parts.some((part) => part.isLoading)
  const more = parts.find((part) => part.next !== undefined)
  return (
    <section className="entries" aria-labelledby={headingId} data-testid={testId}>
      <h2 id={headingId} ref={heading} tabIndex={-1}>
        {title}
      </h2>
      {entries.length === 0 && !isLoading && <p className="empty">{none}</p>}
      <ul className="rows">
        {entries.map((entry) => (
          <EntryRow
            key={entry.id}
            entry={entry}
            labelOf={labelOf}
            nowMs={nowMs}
            onDone={() => heading.current?.focus()}
          />
        ))}
      </ul>
      {isCut && <p className="quiet">{searchWords.cut(lookedThroughMax)}</p>}
      {more !== undefined && !isCut && !isLooking(filter) && (
        <button type="button" className="button" onClick={more.showMore}>
          {orderWords.showMore}
        </button>
      )}
    </section>
  )
}

/** Passing over an entry is a matter of thought: its own page offers it. */
const notOnRows: readonly Act[] = ['go-on']

function EntryRow({
  entry,
  labelOf,
  nowMs,
  onDone,
}: {
  readonly entry: EntryView
  readonly labelOf: Labeller
  readonly nowMs: number
  readonly onDone: () => void
}): ReactElement {
  const label = labelOf(entry)
  const name = entryName(entry)
  const order = parseOrder(entry.payload)
  return (
    <li className="row" data-tone={label.tone} data-entry={entry.id} data-testid="entry-row">
      <div className="row-head">
        <strong className="row-name">{name}</strong>
        {order !== undefined && <span className="amount">{formatCents(order.totalCents)}</span>}
      </div>
      <p className="row-about">
        {order !== undefined && (
          <>{orderWords.items(order.items.reduce((sum, { quantity }) => sum + quantity, 0))} · </>
        )}
        <time dateTime={new Date(entry.createdAtMs).toISOString()} title={fullTime(entry.createdAtMs)}>
          {clockTime(entry.createdAtMs, nowMs)}
        </time>
      </p>
      <div className="row-foot">
        <StateBadge label={label} />
        <Link
          className="button plain details-link"
          href={`/sync/${encodeURIComponent(entry.id)}`}
          aria-label={`${actWords.details}: ${name}`}
        >
          {actWords.details} <ChevronRight aria-hidden size={16} />
        </Link>
      </div>
      <EntryActs entry={entry} label={label} name={name} without={notOnRows} onDone={onDone} />
    </li>
  )
}

/** Other people's entries on this device: how many, and nothing more. */
function Sealed(): ReactElement | null {
  const outbox = useOutbox()
  const [others, setOthers] = useState<readonly RegisteredIdentity[]>([])
  useEffect(() => {
    let isGone = false
    outbox?.sealed().then(
      (sealed) => {
        if (!isGone) setOthers(sealed)
      },
      () => undefined,
    )
    return () => {
      isGone = true
    }
  }, [outbox])
  const pending = others.reduce((sum, other) => sum + other.pending, 0)
  if (pending === 0) return null
  return (
    <section className="entries" data-testid="sealed">
      <h2>{syncWords.sealedTitle}</h2>
      <p className="note">{signInWords.sealedOther(pending)}</p>
    </section>
  )
}
