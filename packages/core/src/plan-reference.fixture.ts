/**
 * The planner's specification as slow code, and random queues to compare on. It sorts where the planner merges and
 * scans the whole queue where the planner keeps books, so that the two can hardly be wrong in the same way.
 */
import fc from 'fast-check'
import { exponential } from './backoff.ts'
import { idOf } from './id.fixture.ts'
import type { OperationId } from './id.ts'
import type { Priority } from './lane.ts'
import type { Candidate, ParentState, Plan, PlanInput, WaitingCandidate } from './plan.ts'
import type { Policy } from './policy.ts'

/** A queued entry of these tests. */
export type PlannedEntry = Candidate

/** The instant at which these tests plan: the start of 20 November 2026, ms since 1970. */
export const nowMs = 1_795_132_800_000

const hourMs = 3_600_000
const policies: ReadonlyMap<string, Policy> = new Map([
  ['plain', { batch: { max: 100, lingerMs: 0 }, retry: exponential(), conflict: 'manual' }],
  ['small', { batch: { max: 3, lingerMs: 0 }, retry: exponential(), conflict: 'manual' }],
  ['linger', { batch: { max: 10, lingerMs: 30_000 }, retry: exponential(), conflict: 'manual' }],
  ['patient', { batch: { max: 4, lingerMs: 400 * hourMs }, retry: exponential(), conflict: 'manual' }],
])

/** The policy of each type of these tests; `unknown` has none. */
export function policyOf(type: string, _priority: Priority): Policy | undefined {
  return policies.get(type)
}

/** An entry in a lane of its own, just made, small and of no special type. */
export function entry(id: string, changes: Partial<PlannedEntry> = {}): PlannedEntry {
  return {
    id: idOf(id),
    type: 'plain',
    lane: `lane-of-${id}`,
    priority: 'medium',
    createdAtMs: nowMs,
    size: 10,
    ...changes,
  }
}

/** An input without entries or limits that matter. */
export function planInput(changes: Partial<PlanInput<PlannedEntry>>): PlanInput<PlannedEntry> {
  return {
    nowMs,
    streams: { high: [], medium: [], low: [] },
    waiting: [],
    blockedLanes: new Set(),
    isAhead: () => false,
    parentState: () => 'applied',
    policyOf,
    operationsMax: 100,
    bytesMax: 1_000_000,
    isBusy: false,
    isImmediate: false,
    ...changes,
  }
}

interface Ranked {
  readonly entry: PlannedEntry
  readonly rank: number
  readonly ageMs: number
  readonly isHeld: boolean
}

/** Plans by sorting everything and then asking, of each entry, every question anew. */
export function referencePlan(input: PlanInput<PlannedEntry>): Plan<PlannedEntry> {
  const queued = rankedQueue(input)
  const dueTimes: number[] = []
  const due: Ranked[] = []
  for (const one of input.waiting) {
    const policy = input.policyOf(one.type, one.priority)
    if (policy === undefined || !isAskedFor(one, input)) continue
    const overdueAtMs = one.createdAtMs + 72 * hourMs
    const beganAtMs = one.notBeforeMs - (one.delayMs ?? Number.POSITIVE_INFINITY)
    const ownEndMs = beganAtMs >= overdueAtMs ? beganAtMs + 60_000 : overdueAtMs
    const dueAtMs = one.isAsked ? one.notBeforeMs : Math.min(one.notBeforeMs, ownEndMs)
    const longestMs = one.delayMs ?? (one.isAsked ? 24 * hourMs : 375_000)
    const isDue = dueAtMs <= input.nowMs || dueAtMs > input.nowMs + longestMs || (input.isImmediate && !one.isAsked)
    const ageMs = Math.max(0, input.nowMs - one.createdAtMs)
    if (isDue) due.push({ entry: one, rank: ageMs >= 72 * hourMs ? 0 : 1, ageMs, isHeld: true })
    else dueTimes.push(dueAtMs)
  }
  const order = [...due, ...queued].toSorted((left, right) => left.rank - right.rank || right.ageMs - left.ageMs)
  const batch: PlannedEntry[] = []
  const passed: PlannedEntry[] = []
  const left: { readonly lane: string; readonly isPassed: boolean }[] = []
  for (const { entry: one, isHeld } of order) {
    if (batch.length >= input.operationsMax) break
    const before = left.find(({ lane }) => lane === one.lane)
    const isBlocked = isBehindHeld(one, input)
    if (!isHeld && (isBlocked || before !== undefined)) {
      if (isBlocked || before?.isPassed === true) passed.push(one)
      continue
    }
    const policy = input.policyOf(one.type, one.priority)
    const hasOpenParent = (one.after ?? []).some(
      (parent) => input.parentState(parent) !== 'applied' && !batch.some(({ id }) => id === parent),
    )
    if (policy === undefined || !isAskedFor(one, input) || hasOpenParent) {
      if (isHeld) continue
      passed.push(one)
      left.push({ lane: one.lane, isPassed: true })
      continue
    }
    if (batch.filter(({ type }) => type === one.type).length >= policy.batch.max) {
      if (!isHeld) left.push({ lane: one.lane, isPassed: false })
      continue
    }
    const lingerEndsAtMs =
      isHeld || !input.isBusy || input.isImmediate ? undefined : lingerEnd(one.type, policy, queued, input)
    if (lingerEndsAtMs !== undefined && lingerEndsAtMs > input.nowMs) {
      dueTimes.push(lingerEndsAtMs)
      left.push({ lane: one.lane, isPassed: false })
      continue
    }
    if (batch.length > 0 && sizeOf(batch) + one.size > input.bytesMax) break
    batch.push(one)
  }
  return { batch, passed, ...(dueTimes.length > 0 && { nextDueAtMs: Math.min(...dueTimes) }) }
}

function rankedQueue({ streams, nowMs: at }: PlanInput<PlannedEntry>): readonly Ranked[] {
  return (['high', 'medium', 'low'] as const).flatMap((priority, urgency) =>
    streams[priority].map((one, index) => {
      const ageMs = Math.max(0, ...streams[priority].slice(index).map(({ createdAtMs }) => at - createdAtMs))
      const rank = ageMs >= 72 * hourMs ? 0 : ageMs >= 24 * hourMs ? 2 : 3 + urgency
      return { entry: one, rank, ageMs, isHeld: false }
    }),
  )
}

/** When the linger of a type ends, or `undefined` when it has company enough or a clock that cannot be trusted. */
function lingerEnd(
  type: string,
  policy: Policy,
  queued: readonly Ranked[],
  input: PlanInput<PlannedEntry>,
): number | undefined {
  const company = queued.filter(({ entry: one }) => one.type === type && !isBehindHeld(one, input))
  if (company.length >= policy.batch.max) return undefined
  if (company.some(({ entry: one }) => one.createdAtMs > input.nowMs)) return undefined
  const firstWaitedMs = Math.max(...company.map(({ ageMs }) => ageMs))
  return input.nowMs - firstWaitedMs + Math.min(policy.batch.lingerMs, 72 * hourMs)
}

function isBehindHeld(one: PlannedEntry, { blockedLanes, isAhead }: PlanInput<PlannedEntry>): boolean {
  return blockedLanes.has(one.lane) && !isAhead(one)
}

function isAskedFor({ type }: PlannedEntry, { types }: PlanInput<PlannedEntry>): boolean {
  return types === undefined || types.has(type)
}

function sizeOf(batch: readonly PlannedEntry[]): number {
  return batch.reduce((sum, { size }) => sum + size, 0)
}

const priorityOfLane: readonly Priority[] = ['high', 'medium', 'low']
const ageArbitrary = fc.oneof(
  fc.integer({ min: -1000, max: 60_000 }),
  fc.integer({ min: 23 * hourMs, max: 25 * hourMs }),
  fc.integer({ min: 71 * hourMs, max: 73 * hourMs }),
  fc.constantFrom(0, 24 * hourMs, 72 * hourMs, -87_600 * hourMs),
)
const drawArbitrary = fc.record({
  lane: fc.nat(7),
  type: fc.constantFrom('plain', 'plain', 'small', 'linger', 'linger', 'patient', 'unknown'),
  ageMs: ageArbitrary,
  size: fc.constantFrom(1, 100, 400, 3000),
  parents: fc.array(fc.nat(30), { maxLength: 2 }),
  hasParents: fc.integer({ min: 0, max: 5 }).map((roll) => roll === 0),
})
const heldArbitrary = fc.record({
  lane: fc.nat(9),
  type: fc.constantFrom('plain', 'small', 'unknown'),
  ageMs: ageArbitrary,
  waitMs: fc.oneof(fc.integer({ min: -10, max: 400_000 }), fc.integer({ min: 0, max: 200 * hourMs })),
  delayMs: fc.option(fc.constantFrom(1000, 60_000, 24 * hourMs), { nil: undefined }),
  isAsked: fc.boolean(),
  hasParent: fc.integer({ min: 0, max: 5 }).map((roll) => roll === 0),
})

/**
 * Random queues: up to 30 entries in eight lanes of three priorities, half of the time made in order of time and half
 * under a clock that jumped; held entries before some lanes; edges to earlier entries, to applied ones and to dead ones.
 */
export const inputArbitrary: fc.Arbitrary<PlanInput<PlannedEntry>> = fc
  .record({
    draws: fc.array(drawArbitrary, { maxLength: 30 }),
    heldDraws: fc.uniqueArray(heldArbitrary, { maxLength: 4, selector: ({ lane }) => lane }),
    isClockSteady: fc.boolean(),
    blocked: fc.array(fc.nat(15), { maxLength: 2 }),
    aheadCount: fc.oneof(fc.constant(0), fc.nat(20)),
    operationsMax: fc.constantFrom(1, 2, 5, 100),
    bytesMax: fc.constantFrom(50, 500, 2000, 1_000_000),
    types: fc.option(fc.constantFrom(new Set(['plain']), new Set(['linger', 'small'])), { nil: undefined, freq: 3 }),
    isBusy: fc.boolean(),
    isImmediate: fc.integer({ min: 0, max: 4 }).map((roll) => roll === 0),
  })
  .map(({ draws, heldDraws, isClockSteady, blocked, aheadCount, ...rest }) => {
    const inOrder = isClockSteady ? draws.toSorted((left, right) => right.ageMs - left.ageMs) : draws
    const entries = inOrder.map(({ lane, type, ageMs, size, parents, hasParents }, index) => {
      // A parent is an earlier entry, or (beyond the queue) one that has left it: applied or gone.
      const after = parents.filter((parent) => parent < index || parent >= 25).map((parent) => idOf(`e${parent}`))
      const priority = priorityOfLane[lane % 3] ?? 'medium'
      return entry(`e${index}`, {
        lane: `lane${lane}`,
        type,
        priority,
        createdAtMs: nowMs - ageMs,
        size,
        ...(hasParents && { after }),
      })
    })
    const waiting: readonly (PlannedEntry & WaitingCandidate)[] = heldDraws
      .map(({ lane, type, ageMs, waitMs, delayMs, isAsked, hasParent }) => ({
        ...entry(`h${lane}`, {
          lane: `lane${lane}`,
          type,
          createdAtMs: nowMs - ageMs,
          ...(hasParent && { after: [idOf('e0')] }),
        }),
        notBeforeMs: nowMs + waitMs,
        delayMs,
        isAsked,
      }))
      .toSorted((left, right) => left.createdAtMs - right.createdAtMs)
    const queuedIds = new Set<OperationId>(entries.map(({ id }) => id))
    const parentState = (id: OperationId): ParentState => {
      if (queuedIds.has(id)) return 'pending'
      return Number(id.slice(1)) % 2 === 0 ? 'applied' : 'gone'
    }
    const streamOf = (priority: Priority): readonly PlannedEntry[] => entries.filter((one) => one.priority === priority)
    const ahead = new Set(entries.slice(0, aheadCount).map(({ id }) => id))
    return planInput({
      ...rest,
      isAhead: ({ id }) => ahead.has(id),
      streams: { high: streamOf('high'), medium: streamOf('medium'), low: streamOf('low') },
      waiting,
      blockedLanes: new Set([...blocked.map((lane) => `lane${lane}`), ...waiting.map(({ lane }) => lane)]),
      parentState,
    })
  })
