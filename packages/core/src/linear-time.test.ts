/**
 * F075: nothing in core that reads text takes more than linear time. A pattern that backtracks is told from one that
 * does not by how its time grows, because how long it takes depends on the machine; and by the time that the processor
 * spends on it, because on a busy machine the clock goes on while others run.
 */
import { cpuUsage } from 'node:process'
import { expect, it } from 'vitest'
import { retryAfterMs } from './backoff.ts'
import { classify } from './classify.ts'
import { parseHttpDate } from './http-date.ts'
import { isOperationId, timeOfOperationId } from './id.ts'
import { findJsonFault } from './json.ts'
import { defineLane } from './lane.ts'
import { defineOperation } from './operation.ts'
import { parseProblem } from './problem.ts'
import { parseWireOperation } from './protocol.ts'

const lane = defineLane('x')
const payload = { '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) } } as const

/** What may throw, as what may not: how long a refusal takes is the question here. */
function tried(work: () => unknown): unknown {
  try {
    return work()
  } catch (error) {
    return error
  }
}

const readers: readonly (readonly [name: string, read: (text: string) => unknown])[] = [
  ['an operation id', isOperationId],
  ['the time of an id', timeOfOperationId],
  ['an HTTP date', (text) => parseHttpDate(text, 0)],
  ['Retry-After and Date', (text) => retryAfterMs(text, text, 0)],
  ['JSON text and keys', (text) => findJsonFault({ [text]: text })],
  ['the name of a lane', (text) => tried(() => defineLane(text))],
  ['the key of a lane', (text) => tried(() => lane(text))],
  ['a type', (text) => tried(() => defineOperation({ type: text, version: 1, payload, lane: () => lane('1') }))],
  ['a problem', (text) => parseProblem({ type: text, title: text, detail: text })],
  ['an operation on the wire', (text) => parseWireOperation({ id: 'a', type: text, version: 1, lane: text }, '')],
  [
    'a media type',
    (mediaType) =>
      classify(
        { kind: 'http', status: 200, redirected: false, mediaType, retryAfter: undefined, date: undefined, body: {} },
        0,
      ),
  ],
]
const units = ['a', 'a-', 'a.', '0', ' ', ';', '/~', 'Sun, 06 Nov ', '\u{1F600}']
const millionOf = (unit: string): string => `${unit.repeat(Math.ceil(1_000_000 / unit.length))}!`
const sixteenthOf = (unit: string): string => `${unit.repeat(Math.ceil(62_500 / unit.length))}!`

function bestMs(work: () => unknown): number {
  let best = Number.POSITIVE_INFINITY
  for (let run = 0; run < 5; run += 1) {
    const before = cpuUsage()
    work()
    best = Math.min(best, cpuUsage(before).user / 1000)
  }
  return best
}

it.each(readers)('F075 reading %s takes time in proportion to its length', (_name, read) => {
  for (const unit of units) {
    const [short, long] = [sixteenthOf(unit), millionOf(unit)]
    // Sixteen times the text: linear work takes about 16 times as long, quadratic work about 256 times. The floor
    // keeps a time that is too short to measure from looking like growth.
    expect(
      bestMs(() => read(long)) /
        Math.max(
          bestMs(() => read(short)),
          0.2,
        ),
    ).toBeLessThan(100)
  }
})
