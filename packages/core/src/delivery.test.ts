import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { exponential, fixed, type RetrySchedule } from './backoff.ts'
import {
  attemptsOf,
  deliver,
  deliveryTable,
  isHeld,
  isIdTaken,
  isSettled,
  needsNewIdToRetry,
  type DeadReason,
  type DeliveryContext,
  type DeliveryEvent,
  type DeliveryState,
  type Failure,
  type Transition,
  type Waiting,
} from './delivery.ts'
import { idOf } from './id.fixture.ts'
import { problem } from './problem.ts'

const nowMs = 1_000_000
const failure = { cause: 'server-error', status: 500 } as const
const refusal = problem('refused', 'No')
const contextOf = (schedule: RetrySchedule = exponential(), random = 0.5): DeliveryContext => ({
  nowMs,
  random,
  schedule,
})

const reasons: readonly DeadReason[] = [
  { kind: 'rejected', problem: refusal },
  { kind: 'refused', problem: refusal },
  { kind: 'attempts', failure },
  { kind: 'too-large' },
]
const waiting = (attempts: number, isAsked = false): Waiting => ({
  kind: 'waiting',
  attempts,
  notBeforeMs: 2_000_000,
  isAsked,
  failure,
})

const states: readonly DeliveryState[] = [
  { kind: 'queued' },
  waiting(1),
  waiting(4),
  waiting(0, true),
  { kind: 'conflicted', attempts: 1, conflict: { outcome: 'conflict', version: 2 } },
  ...reasons.map((reason): DeliveryState => ({ kind: 'dead', attempts: 5, reason })),
  { kind: 'applied', applied: { outcome: 'applied', version: 3 } },
  { kind: 'discarded', cause: 'person', by: idOf('c'), isCertain: false, reason: 'twice' },
  { kind: 'discarded', cause: 'superseded', by: idOf('s'), isCertain: true },
]
const events: readonly DeliveryEvent[] = [
  { kind: 'applied', applied: { outcome: 'applied', version: 9 } },
  { kind: 'conflict', conflict: { outcome: 'conflict', version: 9 } },
  { kind: 'rejected', problem: refusal },
  { kind: 'refused', reason: { kind: 'too-large' } },
  { kind: 'failed', failure },
  { kind: 'failed', failure, retryAfterMs: 7000 },
  { kind: 'postponed', failure, delayMs: 3000 },
  { kind: 'retry' },
  { kind: 'discard', by: idOf('x'), reason: 'mistake' },
  { kind: 'supersede', by: idOf('x') },
  { kind: 'skip' },
  { kind: 'undo', by: idOf('u') },
  { kind: 'replaced' },
  { kind: 'overtaken', applied: { outcome: 'applied', version: 8 } },
]
const schedules = [exponential(), fixed()]
const stateOf = (transition: Transition): DeliveryState | undefined =>
  transition.kind === 'changed' ? transition.state : undefined

describe('deliveryTable', () => {
  const cells = Object.entries(deliveryTable).flatMap(([state, row]) =>
    Object.entries(row).map(([event, expected]) => ({ state, event, expected })),
  )

  it.each(cells)('$state × $event leads to $expected, and to each of them', ({ state, event, expected }) => {
    const seen = new Set<string>()
    for (const from of states.filter(({ kind }) => kind === state)) {
      for (const what of events.filter(({ kind }) => kind === event)) {
        for (const schedule of schedules) {
          const transition = deliver(from, what, contextOf(schedule))
          seen.add(transition.kind === 'changed' ? transition.state.kind : transition.kind)
        }
      }
    }
    expect([...seen].toSorted()).toEqual([expected].flat().map(String).toSorted())
  })

  it('keeps to itself through any history', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...events), { maxLength: 30 }),
        fc.constantFrom(...schedules),
        (history, schedule) => {
          let state: DeliveryState = { kind: 'queued' }
          for (const event of history) {
            const expected = deliveryTable[state.kind][event.kind]
            const transition = deliver(state, event, contextOf(schedule))
            if (transition.kind !== 'changed') expect(transition.kind).toBe(expected)
            else expect(expected).toContain(transition.state.kind)
            state = stateOf(transition) ?? state
          }
        },
      ),
    )
  })
})

describe('terminal wins', () => {
  it('no event whatever changes an applied entry', () => {
    for (const event of events) {
      const state: DeliveryState = { kind: 'applied', applied: { outcome: 'applied' } }
      expect(deliver(state, event, contextOf()).kind).not.toBe('changed')
    }
  })

  it('an entry that was applied once stays applied through any history', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...events), { maxLength: 30 }), (history) => {
        let state: DeliveryState = { kind: 'queued' }
        let wasApplied = false
        for (const event of history) {
          state = stateOf(deliver(state, event, contextOf())) ?? state
          wasApplied ||= state.kind === 'applied'
          expect(!wasApplied || state.kind === 'applied').toBe(true)
        }
      }),
    )
  })

  it('I8 a dead letter leaves only by an act of a person or because it had been applied or judged after all', () => {
    const dead: DeliveryState = { kind: 'dead', attempts: 5, reason: { kind: 'attempts', failure } }
    const leaving = events.filter((event) => (stateOf(deliver(dead, event, contextOf())) ?? dead) !== dead)
    const kinds = new Set(leaving.map(({ kind }) => kind))
    expect([...kinds].toSorted()).toEqual([
      'applied',
      'conflict',
      'discard',
      'overtaken',
      'rejected',
      'retry',
      'supersede',
    ])
  })
})

describe('a failed attempt', () => {
  it('waits by the schedule and counts', () => {
    expect(stateOf(deliver({ kind: 'queued' }, { kind: 'failed', failure }, contextOf()))).toEqual({
      kind: 'waiting',
      attempts: 1,
      notBeforeMs: nowMs + 1000,
      delayMs: 1000,
      isAsked: false,
      failure,
    })
  })

  it('F024 waits as long as the server asks, and remembers that it asked', () => {
    const event: DeliveryEvent = { kind: 'failed', failure, retryAfterMs: 7000 }
    expect(stateOf(deliver(waiting(1), event, contextOf()))).toMatchObject({
      attempts: 2,
      notBeforeMs: nowMs + 7000,
      delayMs: 7000,
      isAsked: true,
    })
  })

  it('R024 R054 becomes a dead letter after the last attempt: four for 1, 5 and 15 s', () => {
    let state: DeliveryState = { kind: 'queued' }
    const path: string[] = []
    for (let attempt = 1; attempt <= 4; attempt += 1) {
      state = stateOf(deliver(state, { kind: 'failed', failure }, contextOf(fixed(1000, 5000, 15_000)))) ?? state
      path.push(state.kind === 'waiting' ? `${state.notBeforeMs - nowMs}` : state.kind)
    }
    expect(path).toEqual(['1000', '5000', '15000', 'dead'])
    expect(state).toEqual({ kind: 'dead', attempts: 4, reason: { kind: 'attempts', failure } })
  })
})

describe('a postponed operation', () => {
  const postponed = (state: DeliveryState, delayMs: number, why: Failure = failure): DeliveryState =>
    stateOf(deliver(state, { kind: 'postponed', failure: why, delayMs }, contextOf())) ?? state

  it('waits for the time named and uses no attempt', () => {
    const expected = { kind: 'waiting', attempts: 2, notBeforeMs: nowMs + 3000, delayMs: 3000, isAsked: true, failure }
    expect(postponed(waiting(2), 3000)).toEqual(expected)
  })

  it('I10 waits longer each time for the same reason, at least as asked, and no longer than five minutes by itself', () => {
    let state: DeliveryState = waiting(2)
    const waits: (number | undefined)[] = []
    for (let round = 0; round < 9; round += 1) {
      state = postponed(state, 5000)
      if (state.kind === 'waiting') waits.push(state.delayMs)
    }
    expect(waits).toEqual([5000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000, 300_000])
    expect(state).toMatchObject({ attempts: 2, notBeforeMs: nowMs + 300_000 })
    expect(postponed(state, 900_000)).toMatchObject({ delayMs: 900_000 })
  })

  it('begins anew when the reason is another, or when an attempt failed in between', () => {
    const grown = postponed(postponed({ kind: 'queued' }, 5000), 5000)
    expect(grown).toMatchObject({ delayMs: 10_000 })
    const other: Failure = { cause: 'busy', problem: problem('unknown-type', 'Not known') }
    expect(postponed(grown, 5000, other)).toMatchObject({ delayMs: 5000 })
    const failed = stateOf(deliver(grown, { kind: 'failed', failure }, contextOf())) ?? grown
    expect(postponed(failed, 5000)).toMatchObject({ delayMs: 5000 })
  })
})

describe('"try now"', () => {
  const retry: DeliveryEvent = { kind: 'retry' }

  it("ends an entry's own wait, and not one that the server asked for", () => {
    expect(stateOf(deliver(waiting(1), retry, contextOf()))).toMatchObject({ notBeforeMs: nowMs, attempts: 1 })
    expect(stateOf(deliver(waiting(1, true), retry, contextOf()))).toMatchObject({ notBeforeMs: 2_000_000 })
  })

  it('F095 gives a dead letter its attempts back, unless the ledger keeps the refusal', () => {
    for (const reason of reasons) {
      const dead: DeliveryState = { kind: 'dead', attempts: 5, reason }
      const next = stateOf(deliver(dead, retry, contextOf()))
      if (needsNewIdToRetry(dead)) expect(next).toEqual(dead)
      else expect(next).toMatchObject({ kind: 'waiting', attempts: 0, notBeforeMs: nowMs })
    }
    expect(reasons.map((reason) => needsNewIdToRetry({ kind: 'dead', attempts: 1, reason }))).toEqual([
      true,
      false,
      false,
      false,
    ])
  })
})

describe('taking back', () => {
  it('says that it may have been applied until the server has answered', () => {
    const discarded = stateOf(
      deliver({ kind: 'queued' }, { kind: 'discard', by: idOf('x'), reason: 'twice' }, contextOf()),
    )
    expect(discarded).toEqual({ kind: 'discarded', cause: 'person', by: 'x', isCertain: false, reason: 'twice' })
    if (discarded === undefined) return
    expect(stateOf(deliver(discarded, { kind: 'replaced' }, contextOf()))).toEqual({ ...discarded, isCertain: true })
    const overtaken: DeliveryEvent = { kind: 'overtaken', applied: { outcome: 'applied', version: 4 } }
    expect(stateOf(deliver(discarded, overtaken, contextOf()))).toMatchObject({
      kind: 'applied',
      applied: { version: 4 },
    })
  })

  it('can be taken back: another operation carries the content on, and what was certain stays so', () => {
    for (const isCertain of [false, true]) {
      const discarded: DeliveryState = { kind: 'discarded', cause: 'person', by: idOf('x'), isCertain, reason: 'twice' }
      expect(stateOf(deliver(discarded, { kind: 'undo', by: idOf('u') }, contextOf()))).toEqual({
        kind: 'discarded',
        cause: 'superseded',
        by: 'u',
        isCertain,
      })
    }
  })

  it('I8 a lane that goes on without a dead letter leaves the dead letter as it is', () => {
    const dead: DeliveryState = { kind: 'dead', attempts: 5, reason: { kind: 'too-large' } }
    expect(stateOf(deliver(dead, { kind: 'skip' }, contextOf()))).toBe(dead)
  })

  it('an edit takes the place of the entry', () => {
    const edited = stateOf(deliver(waiting(1), { kind: 'supersede', by: idOf('x') }, contextOf()))
    expect(edited).toEqual({ kind: 'discarded', cause: 'superseded', by: 'x', isCertain: false })
  })
})

it('every state is queued, held or settled, and only one of them', () => {
  for (const state of states) {
    expect([state.kind === 'queued', isHeld(state), isSettled(state)].filter(Boolean)).toHaveLength(1)
  }
})

it('attempts are counted through held states', () => {
  expect(states.map(attemptsOf)).toEqual([0, 1, 4, 0, 1, 5, 5, 5, 5, 0, 0, 0])
})

it('F090 an entry whose id another operation bears was never applied: what takes its place, or takes it back, is certain at once', () => {
  for (const [code, isTaken] of [
    ['id-reused', true],
    ['refused', false],
  ] as const) {
    const dead: DeliveryState = {
      kind: 'dead',
      attempts: 1,
      reason: { kind: 'rejected', problem: problem(code, 'No') },
    }
    expect(isIdTaken(dead)).toBe(isTaken)
    for (const kind of ['supersede', 'discard'] as const) {
      expect(stateOf(deliver(dead, { kind, by: idOf('x') }, contextOf()))).toMatchObject({ isCertain: isTaken })
    }
  }
})
