/**
 * Limits: figures of our own that have to stay under a bar, whatever the peer does: memory, and how long a page is
 * blocked. Memory is what V8 says it uses, garbage among it unless it was collected before.
 */
import type { CDPSession, Page } from '@playwright/test'
import { withBrowser } from './browser.ts'
import type { MeasureOptions } from './measure.ts'
import { medianOf } from './statistics.ts'
// For the globals that the page declares.
import type {} from './page/large.ts'

/** A figure that has to stay under a bar. */
export interface Limit {
  /** The name on the command line. */
  readonly bench: string
  readonly title: string
  readonly unit: 'MB' | 'ms'
  readonly bar: number
  readonly aim: number
  /** Measures it once, in a browser of its own. */
  readonly measure: (page: Page) => Promise<number>
}

/** What came of a limit. */
export interface LimitResult extends Omit<Limit, 'measure'> {
  readonly values: readonly number[]
  readonly median: number
  readonly isKept: boolean
}

/** How often memory is looked at while a queue is sent, ms. */
const lookEveryMs = 10

/** All limits, with the bars and aims of the design. */
export const limits: readonly Limit[] = [
  { bench: 'heap', title: 'heap idle, 100k queued over empty', unit: 'MB', bar: 2, aim: 0.2, measure: idleHeap },
  { bench: 'heap', title: 'heap peak while 100k drain', unit: 'MB', bar: 64, aim: 24, measure: peakHeap },
  {
    bench: 'block',
    title: 'longest block, burst of 10k',
    unit: 'ms',
    bar: 50,
    aim: 16,
    measure: (page) => page.evaluate((count) => globalThis.holdfastLarge.blockInBurst(count), 10_000),
  },
  {
    bench: 'block',
    title: 'longest block, drain of 10k',
    unit: 'ms',
    bar: 50,
    aim: 16,
    measure: (page) => page.evaluate((count) => globalThis.holdfastLarge.blockInDrain(count), 10_000),
  },
]

/** Measures a limit, each round in a new browser. */
export async function measureLimit({ measure, ...limit }: Limit, options: MeasureOptions): Promise<LimitResult> {
  const values: number[] = []
  for (let round = 0; round < options.rounds; round += 1) {
    options.onSession(`${limit.title}, round ${round + 1} of ${options.rounds}`)
    const value = await withBrowser(options, async ({ page, version, backend }) => {
      const result = await measure(page)
      options.onBrowser(version, await backend())
      return result
    })
    values.push(value)
  }
  const median = medianOf(values)
  return { ...limit, values, median, isKept: median <= limit.bar }
}

/** How much more memory an open outbox takes with a long queue than without one, garbage collected, MB. */
async function idleHeap(page: Page): Promise<number> {
  const cdp = await page.context().newCDPSession(page)
  const heapOf = async (count: number): Promise<number> => {
    const name = await page.evaluate((n) => globalThis.holdfastLarge.fill(n), count)
    // What storing has left behind is no part of this.
    await page.reload()
    const queued = await page.evaluate((filled) => globalThis.holdfastLarge.keep(filled), name)
    if (queued !== count) throw new Error(`${count} entries were to be queued; found ${queued}.`)
    // Long enough for everything that starts with an outbox to be over.
    await page.waitForTimeout(1000)
    return collectedHeap(cdp)
  }
  const emptyMb = await heapOf(0)
  return (await heapOf(100_000)) - emptyMb
}

/** The most memory that is in use while a long queue is sent, MB. */
async function peakHeap(page: Page): Promise<number> {
  const count = 100_000
  const cdp = await page.context().newCDPSession(page)
  const name = await page.evaluate((n) => globalThis.holdfastLarge.fill(n), count)
  await page.reload()
  await page.evaluate((filled) => globalThis.holdfastLarge.keep(filled), name)
  await collectedHeap(cdp)
  await page.evaluate(() => {
    globalThis.holdfastLarge.drain()
  })
  let peakMb = 0
  let sent: number | undefined
  const drained = page
    .evaluate(() => globalThis.holdfastLarge.drained())
    .then((found) => {
      sent = found
    })
  while (sent === undefined) {
    peakMb = Math.max(peakMb, await usedHeap(cdp))
    await Promise.race([drained, page.waitForTimeout(lookEveryMs)])
  }
  if (sent !== count) throw new Error(`${count} entries were to be sent; found ${sent}.`)
  return peakMb
}

async function collectedHeap(cdp: CDPSession): Promise<number> {
  await cdp.send('HeapProfiler.collectGarbage')
  return usedHeap(cdp)
}

async function usedHeap(cdp: CDPSession): Promise<number> {
  const { usedSize } = await cdp.send('Runtime.getHeapUsage')
  return usedSize / 2 ** 20
}
