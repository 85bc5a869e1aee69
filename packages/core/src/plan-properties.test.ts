/** What holds of every plan, over random queues. The rules one by one are in plan.test.ts. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { planBatch, type PlanInput } from './plan.ts'
import { inputArbitrary, nowMs, policyOf, referencePlan, type PlannedEntry } from './plan-reference.fixture.ts'

const hourMs = 3_600_000
const idsOf = (entries: readonly PlannedEntry[]): readonly string[] => entries.map(({ id }) => id)

describe('against a slow planner that sorts and scans', () => {
  it('plans the same batch, passes the same entries and names the same due time', () => {
    fc.assert(
      fc.property(inputArbitrary, (input) => {
        const plan = planBatch(input)
        const expected = referencePlan(input)
        expect(idsOf(plan.batch)).toEqual(idsOf(expected.batch))
        expect(idsOf(plan.passed).toSorted()).toEqual(idsOf(expected.passed).toSorted())
        expect(plan.nextDueAtMs).toBe(expected.nextDueAtMs)
      }),
      { numRuns: 3000 },
    )
  })
})

describe('in every plan', () => {
  const queuedOf = ({ streams: { high, medium, low } }: PlanInput<PlannedEntry>): readonly PlannedEntry[] => [
    ...high,
    ...medium,
    ...low,
  ]

  it('I3 an entry goes only with all that stands before it in its lane', () => {
    fc.assert(
      fc.property(inputArbitrary, (input) => {
        const { batch } = planBatch(input)
        const sent = batch.map(({ id }) => id)
        for (const one of queuedOf(input).filter(({ id }) => sent.includes(id))) {
          const lane = queuedOf(input).filter(({ lane: key }) => key === one.lane)
          const before = lane.slice(0, lane.indexOf(one)).map(({ id }) => id)
          expect(before.every((id) => sent.indexOf(id) !== -1 && sent.indexOf(id) < sent.indexOf(one.id))).toBe(true)
          expect(input.blockedLanes.has(one.lane) && !input.isAhead(one)).toBe(false)
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('F052 an entry goes only after its parents: applied, or before it in the same request', () => {
    fc.assert(
      fc.property(inputArbitrary, (input) => {
        const { batch } = planBatch(input)
        const sent = batch.map(({ id }) => id)
        for (const [index, { after = [] }] of batch.entries()) {
          expect(after.every((id) => input.parentState(id) === 'applied' || sent.slice(0, index).includes(id))).toBe(
            true,
          )
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('no limit is exceeded, but by one operation that is larger than a request and goes alone', () => {
    fc.assert(
      fc.property(inputArbitrary, (input) => {
        const { batch } = planBatch(input)
        expect(batch.length).toBeLessThanOrEqual(input.operationsMax)
        const size = batch.reduce((sum, one) => sum + one.size, 0)
        expect(batch.length === 1 || size <= input.bytesMax).toBe(true)
        for (const { type, priority } of batch) {
          const max = policyOf(type, priority)?.batch.max ?? 0
          expect(batch.filter((one) => one.type === type).length).toBeLessThanOrEqual(max)
        }
        expect(new Set(batch).size).toBe(batch.length)
      }),
      { numRuns: 1000 },
    )
  })

  it('what is passed has a reason that neither time nor room in a request takes away', () => {
    fc.assert(
      fc.property(inputArbitrary, (input) => {
        const { passed } = planBatch(input)
        const isStuck = ({ type, priority, after = [] }: PlannedEntry): boolean =>
          policyOf(type, priority) === undefined ||
          input.types?.has(type) === false ||
          after.some((id) => input.parentState(id) !== 'applied')
        for (const one of passed) {
          const lane = queuedOf(input).filter(({ lane: key }) => key === one.lane)
          const upToIt = lane.slice(0, lane.indexOf(one) + 1)
          expect((input.blockedLanes.has(one.lane) && !input.isAhead(one)) || upToIt.some(isStuck)).toBe(true)
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('time alone makes nothing due before nextDueAtMs, and something at it', () => {
    fc.assert(
      fc.property(inputArbitrary, fc.double({ min: 0, max: 1, noNaN: true }), (input, part) => {
        const { batch, nextDueAtMs } = planBatch(input)
        fc.pre(batch.length === 0)
        if (nextDueAtMs === undefined) {
          expect(planBatch({ ...input, nowMs: nowMs + 1000 * hourMs }).batch).toEqual([])
          return
        }
        expect(nextDueAtMs).toBeGreaterThan(nowMs)
        const between = nowMs + Math.floor((nextDueAtMs - 1 - nowMs) * part)
        expect(planBatch({ ...input, nowMs: between })).toMatchObject({ batch: [], nextDueAtMs })
        // A due entry that waits for its parent is due all the same: then the plan looks further ahead.
        const then = planBatch({ ...input, nowMs: nextDueAtMs })
        expect(then.batch.length > 0 || then.nextDueAtMs !== nextDueAtMs).toBe(true)
      }),
      { numRuns: 3000 },
    )
  })

  it('I11 with everything sent applied at once, a queue without faults empties in order', () => {
    fc.assert(
      fc.property(inputArbitrary, (random) => {
        const applied = new Set<string>()
        const left = (list: readonly PlannedEntry[]): readonly PlannedEntry[] =>
          list.filter(({ id }) => !applied.has(id))
        const isKnown = ({ type, after = [] }: PlannedEntry): boolean =>
          type !== 'unknown' && after.every((id) => random.parentState(id) !== 'gone')
        const { high, medium, low } = random.streams
        const all = { high: high.filter(isKnown), medium: medium.filter(isKnown), low: low.filter(isKnown) }
        const ids = new Set(
          Object.values(all)
            .flat()
            .map(({ id }) => id),
        )
        for (let round = 0; round <= ids.size; round += 1) {
          const plan = planBatch({
            ...random,
            streams: { high: left(all.high), medium: left(all.medium), low: left(all.low) },
            waiting: [],
            blockedLanes: new Set(),
            types: undefined,
            isBusy: false,
            parentState: (id) => (applied.has(id) || !ids.has(id) ? 'applied' : 'pending'),
          })
          for (const { id } of plan.batch) applied.add(id)
        }
        expect(applied.size).toBe(ids.size)
      }),
      { numRuns: 500 },
    )
  })
})
