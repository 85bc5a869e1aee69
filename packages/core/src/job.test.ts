import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  advanceJob,
  isJobEnded,
  jobSchedule,
  jobStaleAfterMs,
  jobTable,
  newJob,
  type JobContext,
  type JobEvent,
  type JobState,
  type JobTransition,
} from './job.ts'

const nowMs = 1_000_000
const leaseMs = 30_000
const contextAt = (atMs: number, clockMs = 0): JobContext => ({
  nowMs: atMs,
  clockMs,
  random: 0.5,
  schedule: jobSchedule,
  staleAfterMs: jobStaleAfterMs,
})
const failure = { code: 'unreadable', detail: 'It could not be read.' }
const progress = (attempt: number, failures: number) => ({ attempt, failures, sinceClockMs: 0 })
const processing = (attempt: number, failures = attempt - 1, leaseUntilMs = nowMs + leaseMs): JobState => ({
  kind: 'processing',
  ...progress(attempt, failures),
  worker: 'w1',
  startedAtMs: nowMs,
  leaseUntilMs,
})

const states: readonly JobState[] = [
  newJob(contextAt(nowMs)),
  { kind: 'queued', ...progress(1, 1), notBeforeMs: nowMs + 1000, failure },
  processing(1),
  processing(4),
  processing(1, 0, nowMs),
  processing(4, 3, nowMs),
  { kind: 'completed', ...progress(1, 0), endedAtMs: nowMs },
  { kind: 'failed', ...progress(4, 4), endedAtMs: nowMs, failure },
  { kind: 'cancelled', ...progress(1, 1), endedAtMs: nowMs, cause: 'stale' },
]
const holders = [
  { worker: 'w1', attempt: 1 },
  { worker: 'w1', attempt: 4 },
  { worker: 'w2', attempt: 1 },
]
const events: readonly JobEvent[] = [
  { kind: 'start', worker: 'w1', leaseMs },
  { kind: 'start', worker: 'w2', leaseMs },
  ...holders.flatMap((holder): readonly JobEvent[] => [
    { kind: 'renew', leaseMs, ...holder },
    { kind: 'release', ...holder },
    { kind: 'complete', ...holder },
    { kind: 'fail', failure, isFinal: false, ...holder },
    { kind: 'fail', failure, isFinal: true, ...holder },
  ]),
  { kind: 'expire' },
  { kind: 'stale' },
  { kind: 'cancel' },
  { kind: 'again' },
]
const contexts = [contextAt(nowMs), contextAt(nowMs, jobStaleAfterMs)]
const resultOf = (transition: JobTransition): string =>
  transition.kind === 'changed' ? transition.state.kind : transition.kind
const after = (state: JobState, event: JobEvent, context = contextAt(nowMs)): JobState => {
  const transition = advanceJob(state, event, context)
  return transition.kind === 'changed' ? transition.state : state
}

describe('jobTable', () => {
  const cells = Object.entries(jobTable).flatMap(([state, row]) =>
    Object.entries(row).map(([event, expected]) => ({ state, event, expected })),
  )

  it.each(cells)('R023 $state × $event leads to $expected, and to each of them', ({ state, event, expected }) => {
    const seen = new Set<string>()
    for (const from of states.filter(({ kind }) => kind === state)) {
      for (const what of events.filter(({ kind }) => kind === event)) {
        for (const context of contexts) seen.add(resultOf(advanceJob(from, what, context)))
      }
    }
    expect([...seen].toSorted()).toEqual([...expected].toSorted())
  })

  it('R023 a transition that makes no sense is refused by its name', () => {
    const done: JobState = { kind: 'completed', ...progress(1, 0), endedAtMs: nowMs }
    const refusal = advanceJob(done, { kind: 'cancel' }, contextAt(nowMs))
    expect(refusal).toEqual({ kind: 'refused', from: 'completed', event: 'cancel' })
  })
})

describe('attempts', () => {
  it('R022 R023 a new job is queued; started, it has a worker, an attempt and an instant', () => {
    const job = newJob(contextAt(nowMs, 7))
    expect(job).toEqual({ kind: 'queued', attempt: 0, failures: 0, sinceClockMs: 7, notBeforeMs: nowMs })
    expect(after(job, { kind: 'start', worker: 'w1', leaseMs })).toEqual({
      kind: 'processing',
      attempt: 1,
      failures: 0,
      sinceClockMs: 7,
      worker: 'w1',
      startedAtMs: nowMs,
      leaseUntilMs: nowMs + leaseMs,
    })
  })

  it.each(['fail', 'expire'] as const)('R024 after each %s it waits 1, 5 and 15 s; the fourth is the last', (how) => {
    let state: JobState = newJob(contextAt(nowMs))
    let atMs = nowMs
    const path: string[] = []
    for (let attempt = 1; attempt <= 4; attempt += 1) {
      state = after(state, { kind: 'start', worker: 'w1', leaseMs }, contextAt(atMs))
      atMs += leaseMs
      const event: JobEvent =
        how === 'expire' ? { kind: 'expire' } : { kind: 'fail', worker: 'w1', attempt, failure, isFinal: false }
      state = after(state, event, contextAt(atMs))
      path.push(state.kind === 'queued' ? `${state.notBeforeMs - atMs}` : state.kind)
      if (state.kind === 'queued') atMs = state.notBeforeMs
    }
    expect(path).toEqual(['1000', '5000', '15000', 'failed'])
  })

  it('a failure for good ends it at once, and giving it back uses nothing', () => {
    const held = { worker: 'w1', attempt: 1 }
    const ended = after(processing(1), { kind: 'fail', failure, isFinal: true, ...held })
    expect(ended).toEqual({ kind: 'failed', ...progress(1, 1), endedAtMs: nowMs, failure })
    expect(after(processing(1), { kind: 'release', ...held })).toEqual({
      kind: 'queued',
      ...progress(1, 0),
      notBeforeMs: nowMs,
    })
  })
})

describe('F068 the day after which an unfinished job is cancelled', () => {
  it.each([newJob(contextAt(nowMs)), processing(1)])(
    'R025 R033 cancels a job that is $kind, and no earlier',
    (state) => {
      expect(after(state, { kind: 'stale' }, contextAt(nowMs, jobStaleAfterMs - 1))).toBe(state)
      const cancelled = after(state, { kind: 'stale' }, contextAt(nowMs, jobStaleAfterMs))
      expect(cancelled).toMatchObject({ kind: 'cancelled', cause: 'stale' })
      expect(after(cancelled, { kind: 'complete', worker: 'w1', attempt: 1 })).toBe(cancelled)
    },
  )

  it('is counted on the working clock alone, whatever time it is', () => {
    const state = newJob(contextAt(nowMs))
    expect(after(state, { kind: 'stale' }, contextAt(nowMs + 30 * jobStaleAfterMs, 5))).toBe(state)
  })

  it('R035 begins anew with "again", with all attempts, and old leases stay fenced', () => {
    const late = 3 * jobStaleAfterMs
    const failed: JobState = { kind: 'failed', ...progress(4, 4), endedAtMs: nowMs, failure }
    const queued = after(failed, { kind: 'again' }, contextAt(nowMs, late))
    expect(queued).toEqual({ kind: 'queued', attempt: 4, failures: 0, sinceClockMs: late, notBeforeMs: nowMs })
    const started = after(queued, { kind: 'start', worker: 'w1', leaseMs }, contextAt(nowMs, late))
    expect(started).toMatchObject({ kind: 'processing', attempt: 5 })
    expect(advanceJob(started, { kind: 'complete', worker: 'w1', attempt: 4 }, contextAt(nowMs)).kind).toBe('fenced')
  })
})

describe('any history', () => {
  /** Three workers that remember which attempts they began, and speak of them whenever they like. */
  const steps = fc.array(
    fc.record({
      what: fc.constantFrom(...events.map(({ kind }) => kind)),
      worker: fc.constantFrom('w1', 'w2', 'w3'),
      back: fc.nat({ max: 2 }),
      passedMs: fc.constantFrom(0, 500, 20_000, jobStaleAfterMs / 3),
    }),
    { maxLength: 60 },
  )

  it('F068 keeps to the table; one end a round, and each attempt is believed once', () => {
    fc.assert(
      fc.property(steps, (history) => {
        let state: JobState = newJob(contextAt(0))
        let atMs = 0
        const begun: { worker: string; attempt: number }[] = []
        const believed = new Set<number>()
        for (const { what, worker, back, passedMs } of history) {
          atMs += passedMs
          const holder = begun.filter((one) => one.worker === worker).at(-1 - back) ?? { worker, attempt: 0 }
          const event = events.find(({ kind }) => kind === what) ?? { kind: 'expire' as const }
          const full: JobEvent =
            event.kind === 'start' ? { ...event, worker } : 'attempt' in event ? { ...event, ...holder } : event
          const transition = advanceJob(state, full, contextAt(atMs, atMs))
          expect(jobTable[state.kind][full.kind]).toContain(resultOf(transition))
          if (transition.kind !== 'changed') continue
          if (full.kind === 'complete' || full.kind === 'fail' || full.kind === 'release') {
            expect(believed.has(full.attempt)).toBe(false)
            believed.add(full.attempt)
          }
          // An end is left by a person's "again" alone.
          expect(isJobEnded(state)).toBe(full.kind === 'again')
          expect(transition.state.attempt).toBe(state.attempt + (full.kind === 'start' ? 1 : 0))
          if (full.kind === 'start') begun.push({ worker, attempt: transition.state.attempt })
          state = transition.state
        }
      }),
      { numRuns: 500 },
    )
  })
})
