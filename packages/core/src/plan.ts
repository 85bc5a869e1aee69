/**
 * The plan: which entries go into the next request. Pure, over a window of the queue.
 *
 * What goes first: overdue (72 h, waiting no longer than a minute between two attempts of its own), then held entries whose retry is due, then stale (24 h), then by priority; oldest
 * first within each. A lane's order always wins: an entry goes only when nothing before it in its lane is left behind.
 * Each priority is a stream in log order and ages only grow towards its start, so a merge of the stream heads with the
 * due held entries is exact and looks at each entry of the window once.
 */
import type { OperationId } from './id.ts'
import { priorities, type Priority } from './lane.ts'
import { longestDelayMs, retryAfterMaxMs } from './backoff.ts'
import { overdueAgeMs, overdueWaitMaxMs, staleAgeMs, type Policy } from './policy.ts'

/** What planning needs to know of an entry. */
export interface Candidate {
  readonly id: OperationId
  readonly type: string
  readonly lane: string
  readonly priority: Priority
  readonly createdAtMs: number
  /** UTF-16 code units of its JSON. */
  readonly size: number
  readonly after?: readonly OperationId[]
}

/** A held entry that waits for its retry. */
export interface WaitingCandidate extends Candidate {
  readonly notBeforeMs: number
  /** How long the wait was to be when it began, where that is known. */
  readonly delayMs?: number | undefined
  /** The server named the time: nothing but time makes it due. */
  readonly isAsked: boolean
}

/** What has become of an entry that another one comes `after`. `gone`: it is dead or discarded. */
export type ParentState = 'applied' | 'pending' | 'gone'

/** All that a plan depends on. */
export interface PlanInput<Entry extends Candidate> {
  readonly nowMs: number
  /** The queued entries of the window, each stream in log order. */
  readonly streams: { readonly [P in Priority]: readonly Entry[] }
  /** Held entries that wait for their retry and that nothing of their lane need go before, oldest first. */
  readonly waiting: readonly (Entry & WaitingCandidate)[]
  /** Lanes that a held entry blocks; the lanes of `waiting` among them. */
  readonly blockedLanes: ReadonlySet<string>
  /** True for an entry of a blocked lane that stands before the held one: it waits for nobody behind it. */
  readonly isAhead: (entry: Entry) => boolean
  readonly parentState: (id: OperationId) => ParentState
  /** The rules of a type, or `undefined` for a type that this release does not know: such an entry is parked. */
  readonly policyOf: (type: string, priority: Priority) => Policy | undefined
  readonly operationsMax: number
  readonly bytesMax: number
  /** Only these types, where given. */
  readonly types?: ReadonlySet<string> | undefined
  /** A request is in flight: a small batch may linger for company. */
  readonly isBusy: boolean
  /** A person asked: no linger, no backoff of an entry's own. */
  readonly isImmediate: boolean
}

/** What to send, and what to do with the window. */
export interface Plan<Entry extends Candidate> {
  /** In the order of the request; empty when nothing is due. */
  readonly batch: readonly Entry[]
  /**
   * Entries that cannot go before their lane, their parent, the types asked for or this app's release changes: they
   * may leave the window. Never one that time, room in a batch or company alone would let go.
   */
  readonly passed: readonly Entry[]
  /** When something in the window or among the waiting becomes due by time alone, ms since 1970. */
  readonly nextDueAtMs?: number
}

/** Plans the next request; see the file's header for the order. */
export function planBatch<Entry extends Candidate>(input: PlanInput<Entry>): Plan<Entry> {
  const cursors: { [P in Priority]: number } = { high: 0, medium: 0, low: 0 }
  const keys: { [P in Priority]: OrderKey | undefined } = { high: undefined, medium: undefined, low: undefined }
  const ages: { readonly [P in Priority]: readonly number[] } = {
    high: agesOf(input.streams.high, input.nowMs),
    medium: agesOf(input.streams.medium, input.nowMs),
    low: agesOf(input.streams.low, input.nowMs),
  }
  // Without a request in flight nothing lingers, and nobody need be counted.
  const batch = new Batch<Entry>(input, input.isBusy && !input.isImmediate ? companyOf(input, ages) : new Map())
  const due = dueHeld(input, batch)
  let nextHeld = 0
  const moveTo = (priority: Priority, cursor: number): void => {
    const ageMs = ages[priority][cursor]
    cursors[priority] = cursor
    keys[priority] = ageMs === undefined ? undefined : streamKey(priority, ageMs)
  }
  for (const priority of priorities) moveTo(priority, 0)
  while (!batch.isFull) {
    const held = due[nextHeld]
    let best: Priority | undefined
    let bestKey = held === undefined ? undefined : heldKey(held, input.nowMs)
    for (const priority of priorities) {
      const key = keys[priority]
      if (key !== undefined && (bestKey === undefined || compare(key, bestKey) < 0)) {
        best = priority
        bestKey = key
      }
    }
    if (best === undefined) {
      if (held === undefined) break
      batch.offer(held, true)
      nextHeld += 1
      continue
    }
    const entry = input.streams[best][cursors[best]]
    if (entry === undefined) break
    batch.offer(entry, false)
    moveTo(best, cursors[best] + 1)
  }
  return batch.plan()
}

/**
 * The age of each entry of a stream in ms. Ages never fall towards older entries, whatever the clock did when they
 * were made, and are never negative.
 */
export function agesOf(stream: readonly Candidate[], nowMs: number): readonly number[] {
  const ages = Array.from<number>({ length: stream.length })
  let ageMs = 0
  for (let index = stream.length - 1; index >= 0; index -= 1) {
    ageMs = Math.max(ageMs, nowMs - (stream[index]?.createdAtMs ?? nowMs))
    ages[index] = ageMs
  }
  return ages
}

/** Rank, then age: lower rank first, then greater age. */
interface OrderKey {
  readonly rank: number
  readonly ageMs: number
}

const rankOfPriority: { readonly [P in Priority]: number } = { high: 3, medium: 4, low: 5 }

function streamKey(priority: Priority, ageMs: number): OrderKey {
  if (ageMs >= overdueAgeMs) return { rank: 0, ageMs }
  if (ageMs >= staleAgeMs) return { rank: 2, ageMs }
  return { rank: rankOfPriority[priority], ageMs }
}

function heldKey(held: Candidate, nowMs: number): OrderKey {
  const ageMs = Math.max(0, nowMs - held.createdAtMs)
  return { rank: ageMs >= overdueAgeMs ? 0 : 1, ageMs }
}

/** Below 0 when `left` goes first. */
function compare(left: OrderKey, right: OrderKey): number {
  return left.rank - right.rank || right.ageMs - left.ageMs
}

function dueHeld<Entry extends Candidate>(
  input: PlanInput<Entry>,
  batch: Batch<Entry>,
): readonly (Entry & WaitingCandidate)[] {
  const due: (Entry & WaitingCandidate)[] = []
  for (const entry of input.waiting) {
    const policy = input.policyOf(entry.type, entry.priority)
    if (policy === undefined || input.types?.has(entry.type) === false) continue
    const dueAtMs = dueAtOf(entry)
    const leftMs = dueAtMs - input.nowMs
    // More than it ever had before it: the device's clock was set back since the wait began.
    const delayMs = entry.delayMs ?? (entry.isAsked ? retryAfterMaxMs : longestDelayMs(policy.retry))
    const isClockSetBack = leftMs > delayMs
    if (leftMs <= 0 || isClockSetBack || (!entry.isAsked && input.isImmediate)) due.push(entry)
    else batch.noteDueAt(dueAtMs)
  }
  return due.toSorted((left, right) => compare(heldKey(left, input.nowMs), heldKey(right, input.nowMs)))
}

/**
 * When a held entry is due by time alone. Its own backoff ends when it becomes overdue, and one that begins after that
 * is short; what the server asked for holds.
 */
function dueAtOf({ isAsked, notBeforeMs, delayMs, createdAtMs }: WaitingCandidate): number {
  if (isAsked) return notBeforeMs
  const overdueAtMs = createdAtMs + overdueAgeMs
  const sinceMs = delayMs === undefined ? undefined : notBeforeMs - delayMs
  if (sinceMs === undefined || sinceMs < overdueAtMs) return Math.min(notBeforeMs, overdueAtMs)
  return Math.min(notBeforeMs, sinceMs + overdueWaitMaxMs)
}

/** Types of which queued entries wait, with how many there are and how long the first of them has waited. */
function companyOf<Entry extends Candidate>(
  { nowMs, streams, blockedLanes, isAhead }: PlanInput<Entry>,
  ages: { readonly [P in Priority]: readonly number[] },
): ReadonlyMap<string, Company> {
  const company = new Map<string, { count: number; oldestAgeMs: number }>()
  for (const priority of priorities) {
    for (const [index, entry] of streams[priority].entries()) {
      const { type, lane, createdAtMs } = entry
      if (blockedLanes.has(lane) && !isAhead(entry)) continue
      // Made in the future: the clock was set back, and nobody knows how long it has waited. It must not start again.
      const ageMs = createdAtMs > nowMs ? Number.POSITIVE_INFINITY : (ages[priority][index] ?? 0)
      const ofType = company.get(type)
      if (ofType === undefined) company.set(type, { count: 1, oldestAgeMs: ageMs })
      else {
        ofType.count += 1
        ofType.oldestAgeMs = Math.max(ofType.oldestAgeMs, ageMs)
      }
    }
  }
  return company
}

interface Company {
  readonly count: number
  readonly oldestAgeMs: number
}

/** The batch while it is put together. */
class Batch<Entry extends Candidate> {
  readonly #input: PlanInput<Entry>
  readonly #company: ReadonlyMap<string, Company>
  readonly #entries: Entry[] = []
  readonly #ids = new Set<OperationId>()
  readonly #passed: Entry[] = []
  /** Lanes that something in this window keeps from going on. `kept` ones are only kept for this request. */
  readonly #closedLanes = new Map<string, 'passed' | 'kept'>()
  readonly #perType = new Map<string, number>()
  #size = 0
  #nextDueAtMs: number | undefined
  isFull = false

  constructor(input: PlanInput<Entry>, company: ReadonlyMap<string, Company>) {
    this.#input = input
    this.#company = company
  }

  /** Takes the entry, or closes its lane for this plan. */
  offer(entry: Entry, isHeld: boolean): void {
    const closed = isHeld ? undefined : this.#laneStanding(entry)
    if (closed !== undefined) {
      if (closed === 'passed') this.#passed.push(entry)
      return
    }
    const policy = this.#input.policyOf(entry.type, entry.priority)
    if (policy === undefined || this.#input.types?.has(entry.type) === false || this.#hasOpenParent(entry)) {
      // A held one blocks what stands behind it anyway, and nothing that stands before it.
      if (!isHeld) this.#close(entry, 'passed')
      return
    }
    const count = this.#perType.get(entry.type) ?? 0
    if (count >= policy.batch.max || (!isHeld && this.#lingers(entry.type, policy))) {
      if (!isHeld) this.#close(entry, 'kept')
      return
    }
    if (this.#entries.length > 0 && this.#size + entry.size > this.#input.bytesMax) {
      this.isFull = true
      return
    }
    this.#entries.push(entry)
    this.#ids.add(entry.id)
    this.#perType.set(entry.type, count + 1)
    this.#size += entry.size
    if (this.#entries.length >= this.#input.operationsMax) this.isFull = true
  }

  noteDueAt(atMs: number): void {
    if (this.#nextDueAtMs === undefined || atMs < this.#nextDueAtMs) this.#nextDueAtMs = atMs
  }

  plan(): Plan<Entry> {
    const next = this.#nextDueAtMs
    return { batch: this.#entries, passed: this.#passed, ...(next !== undefined && { nextDueAtMs: next }) }
  }

  #laneStanding(entry: Entry): 'passed' | 'kept' | undefined {
    const isBlocked = this.#input.blockedLanes.has(entry.lane) && !this.#input.isAhead(entry)
    return isBlocked ? 'passed' : this.#closedLanes.get(entry.lane)
  }

  #close(entry: Entry, standing: 'passed' | 'kept'): void {
    this.#closedLanes.set(entry.lane, standing)
    if (standing === 'passed') this.#passed.push(entry)
  }

  #hasOpenParent(entry: Entry): boolean {
    return (entry.after ?? []).some((id) => !this.#ids.has(id) && this.#input.parentState(id) !== 'applied')
  }

  /** Linger counts from the first of its type: when that one has waited long enough, all its company goes with it. */
  #lingers(type: string, { batch: { lingerMs, max } }: Policy): boolean {
    const { isBusy, isImmediate, nowMs } = this.#input
    const company = this.#company.get(type)
    if (!isBusy || isImmediate || company === undefined || company.count >= max) return false
    const leftMs = Math.min(lingerMs, overdueAgeMs) - company.oldestAgeMs
    if (leftMs <= 0) return false
    this.noteDueAt(nowMs + leftMs)
    return true
  }
}
