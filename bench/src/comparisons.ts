/** All comparisons, with the bars and aims of the design. */
import type { Page } from '@playwright/test'
import { ours, type Comparison, type Measurements, type Session } from './comparison.ts'
import type { Measurement } from './page/measurement.ts'
import { medianOf } from './statistics.ts'
import { askWorkbox } from './workbox.ts'
// For the globals that the page declares.
import type {} from './page/holdfast.ts'
import type {} from './page/large.ts'

const workbox = 'Workbox'
const rawPut = 'a strict put'
const rawEach = 'a strict transaction each'
const rawTogether = 'a record each, one transaction'
const rawPacked = 'packed records, one transaction'
const senderAlone = 'the sender alone'
const atOneThousand = 'with 1k queued'

/** The comparisons in the order in which they run. */
export const comparisons: readonly Comparison[] = [
  enqueue(200),
  burst(1000, { bar: 15, aim: 50 }),
  drain(1000, { bar: 40, aim: 90 }),
  drainSerial(1000, 5),
  drainBatched(1000, 5),
  burst(10_000, { bar: 60, aim: 150 }),
  drain(10_000, { bar: 100, aim: 300 }),
  rate(100_000),
  firstSend(100_000),
]

/** One enqueue after the other, in turns with a raw put in the same page: the medians of each. */
function enqueue(count: number): Comparison {
  return {
    bench: 'enqueue',
    title: `enqueue, p50 of ${count}`,
    operations: count,
    isLong: false,
    sessions: [
      {
        subjects: [ours, rawPut],
        run: async (page) => {
          const { oursMs, rawMs } = await page.evaluate((n) => globalThis.holdfastBenches.enqueue(n), count)
          return {
            [ours]: { tookMs: medianOf(oursMs), operations: oursMs.length },
            [rawPut]: { tookMs: medianOf(rawMs), operations: rawMs.length },
          }
        },
      },
    ],
    pairs: [{ other: rawPut, reading: 'times as long', goal: { bar: 1.3, aim: 1.1 } }],
  }
}

/** Many writes called at once, until all of them are stored. */
function burst(count: number, goal: { readonly bar: number; readonly aim: number }): Comparison {
  const raw: Session = {
    subjects: [rawEach, rawTogether, rawPacked],
    run: (page) =>
      page.evaluate(
        async ([n, each, together, packed]) => ({
          [each]: await globalThis.holdfastBenches.rawEach(n),
          [together]: await globalThis.holdfastBenches.rawTogether(n),
          [packed]: await globalThis.holdfastBenches.rawPacked(n),
        }),
        [count, rawEach, rawTogether, rawPacked] as const,
      ),
  }
  return {
    bench: 'burst',
    title: `burst ${sizeName(count)}`,
    operations: count,
    isLong: count > 1000,
    sessions: [
      oursAlone((page) => page.evaluate((n) => globalThis.holdfastBenches.burst(n), count)),
      {
        subjects: [workbox],
        run: async (page, limitMs) => ({
          [workbox]: await askWorkbox(page, { kind: 'burst', count, delayMs: 0 }, limitMs),
        }),
      },
      raw,
    ],
    pairs: [
      { other: workbox, reading: 'times faster', goal },
      { other: rawEach, reading: 'times faster' },
      { other: rawTogether, reading: 'times faster' },
      { other: rawPacked, reading: 'times as long' },
    ],
  }
}

/** Everything that is stored, sent by a sender that answers at once. */
function drain(count: number, goal: { readonly bar: number; readonly aim: number }): Comparison {
  return {
    bench: 'drain',
    title: `drain ${sizeName(count)}`,
    operations: count,
    isLong: count > 1000,
    sessions: [
      oursAlone((page) => page.evaluate((n) => globalThis.holdfastBenches.drain(n, 0, 100), count)),
      workboxDrain(count, 0),
    ],
    pairs: [{ other: workbox, reading: 'times faster', goal }],
  }
}

/** A slow sender that takes one operation at a time: all that is not the sender is our own. */
function drainSerial(count: number, delayMs: number): Comparison {
  return {
    bench: 'drain5ms',
    title: `drain ${sizeName(count)}, ${delayMs} ms, one by one`,
    operations: count,
    isLong: false,
    sessions: [
      {
        subjects: [ours, senderAlone],
        run: async (page) => {
          const { senderMs, ...all } = await page.evaluate(([n, ms]) => globalThis.holdfastBenches.drain(n, ms, 1), [
            count,
            delayMs,
          ] as const)
          return { [ours]: all, [senderAlone]: { tookMs: senderMs, operations: count } }
        },
      },
    ],
    pairs: [{ other: senderAlone, reading: 'of the ideal', goal: { bar: 0.95, aim: 0.99 } }],
  }
}

/** A slow sender, ours in batches of 100; the peer knows none. */
function drainBatched(count: number, delayMs: number): Comparison {
  return {
    bench: 'drain5ms',
    title: `drain ${sizeName(count)}, ${delayMs} ms, batches`,
    operations: count,
    isLong: false,
    sessions: [
      oursAlone((page) =>
        page.evaluate(([n, ms]) => globalThis.holdfastBenches.drain(n, ms, 100), [count, delayMs] as const),
      ),
      workboxDrain(count, delayMs),
    ],
    pairs: [{ other: workbox, reading: 'times faster', goal: { bar: 40, aim: 85 } }],
  }
}

/** Whether a long queue is sent as fast as a short one: the time for each thousand. */
function rate(count: number): Comparison {
  const ofThousand = async (page: Page, thousands: number): Promise<Measurement> => {
    const { tookMs, operations } = await page.evaluate(
      (n) => globalThis.holdfastBenches.drain(n, 0, 100),
      thousands * 1000,
    )
    return { tookMs: tookMs / thousands, operations: operations / thousands }
  }
  return {
    bench: 'long',
    title: `drain of ${sizeName(count)}, for each 1k`,
    operations: 1000,
    isLong: true,
    sessions: [
      oursAlone((page) => ofThousand(page, count / 1000)),
      { subjects: [atOneThousand], run: async (page) => ({ [atOneThousand]: await ofThousand(page, 1) }) },
    ],
    pairs: [{ other: atOneThousand, reading: 'times faster', goal: { bar: 0.7, aim: 0.95 } }],
  }
}

/** Whether a long queue delays the first request after opening. */
function firstSend(count: number): Comparison {
  const send = async (page: Page, queued: number): Promise<Measurement> => {
    const name = await page.evaluate((n) => globalThis.holdfastLarge.fill(n), queued)
    const { tookMs, operations } = await page.evaluate((filled) => globalThis.holdfastLarge.firstSend(filled), name)
    return { tookMs, operations: operations === queued ? 1 : 0 }
  }
  return {
    bench: 'long',
    title: `open and first send, ${sizeName(count)} queued`,
    operations: 1,
    isLong: true,
    sessions: [
      oursAlone((page) => send(page, count)),
      { subjects: [atOneThousand], run: async (page) => ({ [atOneThousand]: await send(page, 1000) }) },
    ],
    pairs: [{ other: atOneThousand, reading: 'times as long', goal: { bar: 2, aim: 1.2 } }],
  }
}

function oursAlone(run: (page: Page) => Promise<Measurements[string]>): Session {
  return { subjects: [ours], run: async (page) => ({ [ours]: await run(page) }) }
}

/** The limit holds for filling and for draining each; only draining is measured. */
function workboxDrain(count: number, delayMs: number): Session {
  return {
    subjects: [workbox],
    run: async (page, limitMs) => {
      const filled = await askWorkbox(page, { kind: 'burst', count, delayMs: 0 }, limitMs)
      if (filled?.operations !== count) {
        throw new Error(
          `Workbox was to hold ${count} requests before its drain; it holds ${filled?.operations ?? 'fewer'}. A longer --limit may help.`,
        )
      }
      return { [workbox]: await askWorkbox(page, { kind: 'drain', count, delayMs }, limitMs) }
    },
  }
}

function sizeName(count: number): string {
  return `${count / 1000}k`
}
