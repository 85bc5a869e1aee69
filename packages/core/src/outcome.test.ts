import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { retryAfterMaxMs, retryAfterMinMs } from './backoff.ts'
import { idOf } from './id.fixture.ts'
import { finalOutcomeOf, parseFinalOutcome, parseOperationOutcome, type OperationOutcome } from './outcome.ts'
import { problem } from './problem.ts'

const id = idOf('a')
const refusal = problem('refused', 'No')
const nested = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels))

const every: readonly OperationOutcome[] = [
  { id, outcome: 'applied' },
  { id, outcome: 'applied', version: 0, ids: { order: '17' }, result: { a: [null] }, conflictResolved: true },
  { id, outcome: 'conflict' },
  { id, outcome: 'conflict', version: 3, current: null, conflictFields: ['status'], problem: refusal },
  { id, outcome: 'rejected', problem: refusal },
  { id, outcome: 'duplicate', first: { outcome: 'applied', version: 2 } },
  { id, outcome: 'duplicate', first: { outcome: 'rejected', problem: refusal }, of: idOf('b') },
  { id, outcome: 'deferred' },
  { id, outcome: 'deferred', problem: refusal, retryAfterMs: 5000 },
]

describe('parseOperationOutcome', () => {
  it.each(every)('reads back $outcome as it was written', (outcome) => {
    expect(parseOperationOutcome(JSON.parse(JSON.stringify(outcome)))).toEqual(outcome)
  })

  it.each([
    null,
    [],
    'applied',
    { outcome: 'applied' },
    { id: '', outcome: 'applied' },
    { id: 'a' },
    { id: 'a', outcome: 'Applied' },
    { id: 'a', outcome: 'synced' },
    { id: 'a', outcome: 'constructor' },
    { id: 'a', outcome: 'applied', version: '1' },
    { id: 'a', outcome: 'applied', version: -1 },
    { id: 'a', outcome: 'applied', version: 1.5 },
    { id: 'a', outcome: 'applied', version: null },
    { id: 'a', outcome: 'applied', ids: { order: 17 } },
    { id: 'a', outcome: 'applied', ids: [] },
    { id: 'a', outcome: 'rejected' },
    { id: 'a', outcome: 'rejected', problem: 'No' },
    { id: 'a', outcome: 'duplicate' },
    { id: 'a', outcome: 'duplicate', first: { outcome: 'deferred' } },
    { id: 'a', outcome: 'duplicate', first: { outcome: 'duplicate', first: { outcome: 'applied' } } },
  ])('F020 takes %j for no acknowledgement', (value) => {
    expect(parseOperationOutcome(value)).toBeUndefined()
  })

  it("F020 does not take another operation's outcome for this one's when its id cannot be read", () => {
    const value = { id: 'a', outcome: 'duplicate', first: { outcome: 'applied' }, of: 'no id' }
    expect(parseOperationOutcome(value)).toBeUndefined()
  })

  it('keeps an acknowledgement whose result is nested too deeply, without the result', () => {
    expect(parseOperationOutcome({ id, outcome: 'applied', version: 1, result: nested(100_000) })).toEqual({
      id,
      outcome: 'applied',
      version: 1,
    })
    expect(parseOperationOutcome({ id, outcome: 'conflict', current: nested(100_000) })).toEqual({
      id,
      outcome: 'conflict',
    })
  })

  it('F074 refuses assigned ids with a __proto__ key', () => {
    const value: unknown = JSON.parse('{"id":"a","outcome":"applied","ids":{"__proto__":"x"}}')
    expect(parseOperationOutcome(value)).toBeUndefined()
  })

  it('F024 clamps the wait that a deferred operation is given', () => {
    const waitOf = (retryAfterMs: unknown): unknown => {
      const parsed = parseOperationOutcome({ id, outcome: 'deferred', retryAfterMs })
      return parsed?.outcome === 'deferred' ? parsed.retryAfterMs : 'not deferred'
    }
    expect([-5, 0, 2000, 1e300, 'soon', Number.POSITIVE_INFINITY].map(waitOf)).toEqual([
      retryAfterMinMs,
      retryAfterMinMs,
      2000,
      retryAfterMaxMs,
      undefined,
      undefined,
    ])
  })

  it('F020 never throws on any JSON, and what it reads it reads again unchanged', () => {
    const key = fc.constantFrom(
      'id',
      'outcome',
      'version',
      'ids',
      'result',
      'current',
      'problem',
      'first',
      'of',
      'type',
    )
    const word = fc.constantFrom('applied', 'conflict', 'rejected', 'duplicate', 'deferred', 'a', 1, null, '\ud800')
    const value = fc.letrec<{ node: unknown }>((tie) => ({
      node: fc.oneof(
        { depthSize: 'medium' },
        word,
        fc.dictionary(key, tie('node')),
        fc.array(tie('node'), { maxLength: 2 }),
      ),
    })).node
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), value), (json) => {
        const parsed = parseOperationOutcome(json)
        if (parsed !== undefined) expect(parseOperationOutcome(parsed)).toEqual(parsed)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('parseFinalOutcome', () => {
  it('reads what a ledger may hold, and nothing that is not final', () => {
    expect(parseFinalOutcome({ outcome: 'applied' })).toEqual({ outcome: 'applied' })
    for (const value of [{ outcome: 'deferred' }, { outcome: 'duplicate', first: { outcome: 'applied' } }, null]) {
      expect(parseFinalOutcome(value)).toBeUndefined()
    }
  })
})

describe('finalOutcomeOf', () => {
  it('is the first outcome of a duplicate, itself otherwise, and nothing for a deferred operation', () => {
    expect(every.map((outcome) => finalOutcomeOf(outcome)?.outcome)).toEqual([
      'applied',
      'applied',
      'conflict',
      'conflict',
      'rejected',
      'applied',
      'rejected',
      undefined,
      undefined,
    ])
  })
})
