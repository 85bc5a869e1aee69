import { describe, expect, it } from 'vitest'
import { exponential } from './backoff.ts'
import { idOf } from './id.fixture.ts'
import type { Priority } from './lane.ts'
import { agesOf, planBatch, type PlanInput, type WaitingCandidate } from './plan.ts'
import { entry, nowMs, planInput, type PlannedEntry } from './plan-reference.fixture.ts'
import { overdueAgeMs, staleAgeMs } from './policy.ts'

const hourMs = 3_600_000
const idsOf = (entries: readonly PlannedEntry[]): readonly string[] => entries.map(({ id }) => id)
const batchOf = (changes: Partial<PlanInput<PlannedEntry>>): readonly string[] =>
  idsOf(planBatch(planInput(changes)).batch)
const aged = (id: string, ageMs: number, changes: Partial<PlannedEntry> = {}): PlannedEntry =>
  entry(id, { createdAtMs: nowMs - ageMs, ...changes })
const held = (id: string, changes: Partial<PlannedEntry & WaitingCandidate>): PlannedEntry & WaitingCandidate => ({
  ...entry(id, changes),
  notBeforeMs: nowMs,
  isAsked: false,
  ...changes,
})
const streams = (
  high: readonly PlannedEntry[],
  medium: readonly PlannedEntry[] = [],
  low: readonly PlannedEntry[] = [],
): Partial<PlanInput<PlannedEntry>> => ({ streams: { high, medium, low } })

describe('what goes first', () => {
  it('R006 R007 R017 R050 overdue, due retries, stale, high, medium, low; oldest first within each', () => {
    const waiting = [
      held('retry', { lane: 'w', createdAtMs: nowMs - 1 }),
      held('retry-old', { lane: 'w2', createdAtMs: nowMs - hourMs }),
    ]
    const plan = batchOf({
      streams: {
        high: [aged('high-old', 5), aged('high-new', 4)],
        medium: [aged('stale', staleAgeMs), aged('medium', 9)],
        low: [aged('overdue', overdueAgeMs), aged('staler', staleAgeMs + 1), aged('low', 8)],
      },
      waiting,
      blockedLanes: new Set(['w', 'w2']),
    })
    expect(plan).toEqual(['overdue', 'retry-old', 'retry', 'staler', 'stale', 'high-old', 'high-new', 'medium', 'low'])
  })

  it('R013 of two that failed and three fresh ones the failed go first', () => {
    const failed = [held('failed-1', { lane: 'f1', createdAtMs: nowMs - 2 }), held('failed-2', { lane: 'f2' })]
    const fresh = [aged('fresh-1', 30), aged('fresh-2', 20), aged('fresh-3', 10)]
    const plan = batchOf({ ...streams(fresh), waiting: failed, blockedLanes: new Set(['f1', 'f2']) })
    expect(plan).toEqual(['failed-1', 'failed-2', 'fresh-1', 'fresh-2', 'fresh-3'])
  })

  it('R014 an entry of 73 hours is forced out: before what is urgent, and before its own wait is over', () => {
    const age = { lane: 'w', createdAtMs: nowMs - 73 * hourMs, notBeforeMs: nowMs + hourMs }
    const plan = batchOf({ ...streams([aged('urgent', 1)]), waiting: [held('old', age)], blockedLanes: new Set(['w']) })
    expect(plan).toEqual(['old', 'urgent'])
  })

  it('R011 I3 the order of a lane wins over any urgency', () => {
    const high = [
      aged('first', 1, { lane: 'x', after: [idOf('parent')] }),
      aged('second', 1, { lane: 'x' }),
      aged('free', 0),
    ]
    const plan = planBatch(planInput({ ...streams(high), parentState: () => 'pending', isImmediate: true }))
    expect(idsOf(plan.batch)).toEqual(['free'])
    expect(idsOf(plan.passed)).toEqual(['first', 'second'])
  })

  it('F050 endless high priority does not starve the rest: what is stale goes before it', () => {
    const high = Array.from({ length: 50 }, (_, index) => aged(`h${index}`, 1))
    expect(batchOf({ ...streams(high, [], [aged('low', staleAgeMs)]), operationsMax: 1 })).toEqual(['low'])
  })

  it('F034 F035 age never decreases towards older entries, whatever the clock did', () => {
    const stream = [aged('a', 0), aged('b', overdueAgeMs), aged('c', -10 * 365 * 24 * hourMs), aged('d', 5)]
    expect(agesOf(stream, nowMs)).toEqual([overdueAgeMs, overdueAgeMs, 5, 5])
    expect(batchOf(streams(stream))).toEqual(['a', 'b', 'c', 'd'])
  })
})

describe('a held entry', () => {
  const wait = (changes: Partial<PlannedEntry & WaitingCandidate>): ReturnType<typeof planBatch<PlannedEntry>> =>
    planBatch(planInput({ waiting: [held('h', { lane: 'w', ...changes })], blockedLanes: new Set(['w']) }))

  it('keeps its lane and lets others flow', () => {
    const plan = planBatch(
      planInput({
        ...streams([aged('behind', 1, { lane: 'w' }), aged('other', 0)]),
        waiting: [held('h', { lane: 'w', notBeforeMs: nowMs + 1000 })],
        blockedLanes: new Set(['w']),
      }),
    )
    expect(idsOf(plan.batch)).toEqual(['other'])
    expect(idsOf(plan.passed)).toEqual(['behind'])
    expect(plan.nextDueAtMs).toBe(nowMs + 1000)
  })

  it('I11 blocks what stands behind it, and nothing that stands before it', () => {
    const [ahead, behind] = [aged('ahead', 1, { lane: 'w' }), aged('behind', 0, { lane: 'w' })]
    const stuck = {
      ...streams([ahead, behind]),
      waiting: [held('h', { lane: 'w', after: [idOf('p')] })],
      blockedLanes: new Set(['w']),
      isAhead: ({ id }: PlannedEntry) => id === ahead.id,
      parentState: () => 'gone' as const,
    }
    const plan = planBatch(planInput(stuck))
    expect([idsOf(plan.batch), idsOf(plan.passed)]).toEqual([['ahead'], ['behind']])
  })

  it('R007 ends its own wait when it becomes overdue, and says so in nextDueAtMs', () => {
    const createdAtMs = nowMs - overdueAgeMs
    expect(idsOf(wait({ createdAtMs, notBeforeMs: nowMs + 9000 }).batch)).toEqual(['h'])
    expect(wait({ createdAtMs: createdAtMs + 400, notBeforeMs: nowMs + 9000 })).toMatchObject({
      batch: [],
      nextDueAtMs: nowMs + 400,
    })
  })

  it('I10 R007 that was overdue when its wait began keeps its own rhythm, a minute at most', () => {
    const overdue = (delayMs: number, sinceMs: number): ReturnType<typeof wait> =>
      wait({ createdAtMs: sinceMs - overdueAgeMs, notBeforeMs: sinceMs + delayMs, delayMs })
    expect(overdue(9000, nowMs)).toMatchObject({ batch: [], nextDueAtMs: nowMs + 9000 })
    expect(overdue(300_000, nowMs)).toMatchObject({ batch: [], nextDueAtMs: nowMs + 60_000 })
    expect(idsOf(overdue(300_000, nowMs - 60_000).batch)).toEqual(['h'])
  })

  it('F034 a clock that leaps forward ends a wait once: the next one begins overdue', () => {
    const yearMs = 365 * 24 * hourMs
    const before = { createdAtMs: nowMs - yearMs, notBeforeMs: nowMs - yearMs + 300_000, delayMs: 300_000 }
    expect(idsOf(wait(before).batch)).toEqual(['h'])
    expect(wait({ ...before, notBeforeMs: nowMs + 30_000, delayMs: 30_000 }).batch).toEqual([])
  })

  it('F023 a time that the server named holds, even for an overdue entry and for a person', () => {
    const asked = { isAsked: true, notBeforeMs: nowMs + 9000 }
    expect(wait({ ...asked, createdAtMs: nowMs - overdueAgeMs })).toMatchObject({
      batch: [],
      nextDueAtMs: nowMs + 9000,
    })
    const input = planInput({
      waiting: [held('h', { lane: 'w', ...asked })],
      blockedLanes: new Set(['w']),
      isImmediate: true,
    })
    expect(planBatch(input).batch).toEqual([])
    expect(batchOf({ waiting: [held('h', { notBeforeMs: nowMs + 9000 })], isImmediate: true })).toEqual(['h'])
  })

  it('F034 is due when the clock was set back, instead of waiting for as long as it was set back', () => {
    const yearMs = 365 * 24 * hourMs
    const tomorrow = { createdAtMs: nowMs + yearMs, notBeforeMs: nowMs + yearMs }
    expect(idsOf(wait(tomorrow).batch)).toEqual(['h'])
    expect(idsOf(wait({ ...tomorrow, isAsked: true }).batch)).toEqual(['h'])
    expect(wait({ notBeforeMs: nowMs + 375_000 }).batch).toEqual([])
    expect(idsOf(wait({ notBeforeMs: nowMs + 375_001 }).batch)).toEqual(['h'])
    const asked = { isAsked: true, delayMs: 60_000 }
    expect(wait({ ...asked, notBeforeMs: nowMs + 60_000 }).batch).toEqual([])
    expect(idsOf(wait({ ...asked, notBeforeMs: nowMs + 60_001 }).batch)).toEqual(['h'])
  })

  it('F053 waits for its parents, and keeps its place', () => {
    const waiting = [held('h', { lane: 'w', after: [idOf('p')] })]
    const plan = planBatch(planInput({ waiting, blockedLanes: new Set(['w']), parentState: () => 'gone' }))
    expect(plan).toEqual({ batch: [], passed: [] })
    expect(batchOf({ waiting, blockedLanes: new Set(['w']), parentState: () => 'applied' })).toEqual(['h'])
  })

  it('of a type that is not asked for, or not known, makes no due time', () => {
    const notBeforeMs = nowMs + 1000
    expect(
      planBatch(planInput({ waiting: [held('h', { notBeforeMs })], types: new Set(['big']) })).nextDueAtMs,
    ).toBeUndefined()
    expect(wait({ type: 'unknown', notBeforeMs })).toEqual({ batch: [], passed: [] })
  })
})

describe('a request', () => {
  it('takes types that are asked for alone, and never past another type in their lane', () => {
    const high = [aged('x1', 3, { lane: 'x', type: 'big' }), aged('x2', 2, { lane: 'x' }), aged('y1', 1, { lane: 'y' })]
    const plan = planBatch(planInput({ ...streams(high), types: new Set(['plain']) }))
    expect(idsOf(plan.batch)).toEqual(['y1'])
    expect(idsOf(plan.passed)).toEqual(['x1', 'x2'])
  })

  it('F046 F047 parks a type that this release does not know, with its lane', () => {
    const high = [
      aged('x1', 3, { lane: 'x', type: 'unknown' }),
      aged('x2', 2, { lane: 'x' }),
      aged('y1', 1, { lane: 'y' }),
    ]
    const plan = planBatch(planInput(streams(high)))
    expect(idsOf(plan.batch)).toEqual(['y1'])
    expect(idsOf(plan.passed)).toEqual(['x1', 'x2'])
  })

  it('R016 R061 holds no more of a type than its policy says, and keeps the rest in the window', () => {
    const high = Array.from({ length: 6 }, (_, index) => aged(`s${index}`, 1, { type: 'small' }))
    const plan = planBatch(planInput(streams(high, [aged('m', 0)])))
    expect(idsOf(plan.batch)).toEqual(['s0', 's1', 's2', 'm'])
    expect(plan.passed).toEqual([])
  })

  it('F022 ends where the next operation does not fit; a smaller one does not slip past it', () => {
    const high = [aged('a', 3, { size: 600 }), aged('b', 2, { size: 600 }), aged('c', 1, { size: 1 })]
    expect(batchOf({ ...streams(high), bytesMax: 1000 })).toEqual(['a'])
  })

  it('F022 carries an operation larger than any request alone, so that it is judged and does not block for ever', () => {
    const high = [aged('huge', 3, { size: 5000 }), aged('b', 2)]
    expect(batchOf({ ...streams(high), bytesMax: 1000 })).toEqual(['huge'])
  })

  it('F052 takes a parent and its child together, in this order', () => {
    const high = [aged('child', 1, { after: [idOf('parent')] })]
    const low = [aged('parent', staleAgeMs)]
    expect(batchOf({ ...streams(high, [], low), parentState: () => 'pending' })).toEqual(['parent', 'child'])
  })

  it('F053 passes the child of a dead or discarded parent', () => {
    const plan = planBatch(
      planInput({ ...streams([aged('child', 1, { after: [idOf('p')] })]), parentState: () => 'gone' }),
    )
    expect(plan.batch).toEqual([])
    expect(idsOf(plan.passed)).toEqual(['child'])
  })

  it('is empty, with nothing to wait for, when there is nothing', () => {
    expect(planBatch(planInput({}))).toEqual({ batch: [], passed: [] })
  })
})

describe('linger', () => {
  const linger = (
    ages: readonly number[],
    changes: Partial<PlanInput<PlannedEntry>> = {},
  ): ReturnType<typeof planBatch<PlannedEntry>> =>
    planBatch(
      planInput({
        ...streams(ages.map((ageMs, index) => aged(`l${index}`, ageMs, { type: 'linger' }))),
        isBusy: true,
        ...changes,
      }),
    )

  it('R061 lets the first one go at once when the way is free', () => {
    expect(linger([0], { isBusy: false }).batch).toHaveLength(1)
  })

  it('R061 counts from the first: a later one does not start the wait again', () => {
    expect(linger([20_000, 10_000, 0])).toEqual({ batch: [], passed: [], nextDueAtMs: nowMs + 10_000 })
  })

  it('R061 when the first has waited 30 s, all of its company goes with it', () => {
    expect(idsOf(linger([30_000, 10_000, 0]).batch)).toEqual(['l0', 'l1', 'l2'])
  })

  it('R061 a full batch goes at once', () => {
    expect(linger([9, 8, 7, 6, 5, 4, 3, 2, 1]).batch).toHaveLength(0)
    expect(linger([9, 8, 7, 6, 5, 4, 3, 2, 1, 0]).batch).toHaveLength(10)
  })

  it('F034 F035 does not wait for a clock that was set back', () => {
    expect(linger([-87_600 * hourMs]).batch).toHaveLength(1)
  })

  it('R037 a person who asks does not wait for company', () => {
    expect(linger([0], { isImmediate: true }).batch).toHaveLength(1)
  })

  it('does not count entries whose lane is blocked as company', () => {
    const blocked = Array.from({ length: 10 }, (_, index) =>
      aged(`b${index}`, 40_000 - index, { type: 'linger', lane: 'w' }),
    )
    const plan = planBatch(
      planInput({
        ...streams(blocked, [aged('free', 1, { type: 'linger' })]),
        blockedLanes: new Set(['w']),
        isBusy: true,
      }),
    )
    expect(plan.batch).toEqual([])
    expect(plan.nextDueAtMs).toBe(nowMs + 29_999)
  })
})

it('F049 reads each entry a constant number of times, however large the window', () => {
  const readsPerEntry = (count: number, type: string): number => {
    let reads = 0
    const counted = (index: number): PlannedEntry => ({
      ...entry(`e${index}`, { lane: `lane${index % 7}`, priority: 'high' }),
      get type(): string {
        reads += 1
        return type
      },
    })
    const high = Array.from({ length: count }, (_, index) => counted(index))
    planBatch({
      ...planInput(streams(high)),
      isBusy: true,
      policyOf: (_type: string, _priority: Priority) => ({
        batch: { max: 100_000, lingerMs: type === 'linger' ? 30_000 : 0 },
        retry: exponential(),
        conflict: 'manual',
      }),
      operationsMax: 100_000,
      bytesMax: Number.MAX_SAFE_INTEGER,
    })
    return reads / count
  }
  for (const type of ['linger', 'plain']) expect(readsPerEntry(8000, type)).toBeLessThanOrEqual(readsPerEntry(80, type))
})
