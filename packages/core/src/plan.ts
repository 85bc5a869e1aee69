/**
 * The plan: which entries go into the next request. Pure, over a window of the queue.
 *
 * What goes first: overdue (72 h), then held entries whose retry is due, then stale (24 h), then by priority; oldest
 * first within each. A lane's order always wins: an entry goes only when nothing before it in its lane is left behind.
 * Each priority is a stream in log order and ages only grow towards its start, so a merge of the stream heads with the
 * due held entries is exact and looks at each entry of the window once.
 */
import type { OperationId } from './id.ts'
import { priorities, type Priority } from './lane.ts'
import { overdueAgeMs, staleAgeMs, type Policy } from './policy.ts'

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
  /** Held entries that wait for their retry, each the first blocking entry of its lane, oldest first. */
  readonly waiting: readonly (Entry & WaitingCandidate)[]
  /** Lanes in which a held entry stands before all that is queued; the lanes of `waiting` among them. */
  readonly blockedLanes: ReadonlySet<string>
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
  /** Entries that cannot go before their lane, their parent or this app's release changes: they may leave the window. */
  readonly passed: readonly Entry[]
  /** When something in the window or among the waiting becomes due by time alone, ms since 1970. */
  readonly nextDueAtMs?: number
}

/** Plans the next request; see the file's header for the order. */
export function planBatch<Entry extends Candidate>(input: PlanInput<Entry>): Plan<Entry> {
  const batch = new Batch<Entry>(input)
  const due = dueHeld(input, batch)
  const cursors: { [P in Priority]: number } = { high: 0, medium: 0, low: 0 }
  const ages: { readonly [P in Priority]: readonly number[] } = {
    high: agesOf(input.streams.high, input.nowMs),
    medium: agesOf(input.streams.medium, input.nowMs),
    low: agesOf(input.streams.low, input.nowMs),
  }
  let nextHeld = 0
  while (!batch.isFull) {
    const held = due[nextHeld]
    let best: Priority | undefined
    let bestKey = held === undefined ? undefined : heldKey(held, input.nowMs)
    for (const priority of priorities) {
      const ageMs = ages[priority][cursors[priority]]
      if (ageMs === undefined) continue
      const key = streamKey(priority, ageMs)
      if (bestKey === undefined || isBefore(key, bestKey)) {
        best = priority
        bestKey = key
      }
    }
    if (best === undefined) {
      if (held === undefined) break
      batch.offer(held, 0, true)
      nextHeld += 1
      continue
    }
    const entry = input.streams[best][cursors[best]]
    const ageMs = ages[best][cursors[best]]
    if (entry === undefined || ageMs === undefined) break
    batch.offer(entry, ageMs, false)
    cursors[best] += 1
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

function isBefore(left: OrderKey, right: OrderKey): boolean {
  return left.rank !== right.rank ? left.rank < right.rank : left.ageMs > right.ageMs
}

function dueHeld<Entry extends Candidate>(
  input: PlanInput<Entry>,
  batch: Batch<Entry>,
): readonly (Entry & WaitingCandidate)[] {
  const due: (Entry & WaitingCandidate)[] = []
  for (const entry of input.waiting) {
    const isOverdue = input.nowMs - entry.createdAtMs >= overdueAgeMs
    const isDue = input.nowMs >= entry.notBeforeMs || (!entry.isAsked && (isOverdue || input.isImmediate))
    if (isDue) due.push(entry)
    else batch.noteDueAt(entry.notBeforeMs)
  }
  return due.toSorted((left, right) => (isBefore(heldKey(left, input.nowMs), heldKey(right, input.nowMs)) ? -1 : 1))
}

/** The batch while it is put together. */
class Batch<Entry extends Candidate> {
  readonly #input: PlanInput<Entry>
  readonly #entries: Entry[] = []
  readonly #ids = new Set<OperationId>()
  readonly #passed: Entry[] = []
  /** Lanes that something in this window keeps from going on. `kept` ones are only kept for this request. */
  readonly #closedLanes = new Map<string, 'passed' | 'kept'>()
  readonly #perType = new Map<string, number>()
  #size = 0
  #nextDueAtMs: number | undefined
  isFull = false

  constructor(input: PlanInput<Entry>) {
    this.#input = input
  }

  /** Takes the entry, or closes its lane for this plan. */
  offer(entry: Entry, ageMs: number, isHeld: boolean): void {
    const closed = isHeld ? undefined : this.#laneStanding(entry)
    if (closed !== undefined) {
      if (closed === 'passed') this.#passed.push(entry)
      return
    }
    const policy = this.#input.policyOf(entry.type, entry.priority)
    if (policy === undefined || this.#input.types?.has(entry.type) === false || this.#hasOpenParent(entry)) {
      this.#close(entry, isHeld ? 'kept' : 'passed')
      return
    }
    const count = this.#perType.get(entry.type) ?? 0
    if (count >= policy.batch.max || (!isHeld && this.#lingers(entry, policy, ageMs))) {
      this.#close(entry, 'kept')
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
    return this.#input.blockedLanes.has(entry.lane) ? 'passed' : this.#closedLanes.get(entry.lane)
  }

  #close(entry: Entry, standing: 'passed' | 'kept'): void {
    this.#closedLanes.set(entry.lane, standing)
    if (standing === 'passed') this.#passed.push(entry)
  }

  #hasOpenParent(entry: Entry): boolean {
    return (entry.after ?? []).some((id) => !this.#ids.has(id) && this.#input.parentState(id) !== 'applied')
  }

  #lingers(entry: Entry, policy: Policy, ageMs: number): boolean {
    const { isBusy, isImmediate, nowMs, streams } = this.#input
    const { lingerMs, max } = policy.batch
    if (!isBusy || isImmediate || ageMs >= Math.min(lingerMs, overdueAgeMs)) return false
    const company = streams[entry.priority].filter(({ type }) => type === entry.type).length
    if (company >= max) return false
    this.noteDueAt(nowMs + lingerMs - ageMs)
    return true
  }
}
