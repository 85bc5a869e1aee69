/** What is measured: a case gives one pair of times per round, ours and the other's, in ms. */
import type { Page } from '@playwright/test'
import type { PageBenches } from './page/holdfast.ts'
import type { WorkboxTask } from './page/workbox-worker.ts'
import { medianOf } from './statistics.ts'

/** How long the peer may take for one case before it is cut off, ms. */
export const peerTimeMaxMs = 300_000

/** One comparison. */
export interface BenchCase {
  readonly name: string
  readonly against: string
  /** `faster`: other ÷ ours, at least the bar. `slower`: ours ÷ other, at most the bar. `share`: other ÷ ours, at least the bar. */
  readonly reading: 'faster' | 'slower' | 'share'
  readonly bar: number
  readonly aim: number
  readonly isLong: boolean
  readonly ours: (page: Page) => Promise<number>
  /** `undefined` when it took longer than {@link peerTimeMaxMs}. */
  readonly other: (page: Page) => Promise<number | undefined>
}

/** Every case, by the name given on the command line. */
export const cases: readonly BenchCase[] = [
  {
    name: 'enqueue',
    against: 'a strict IndexedDB put of the same data, p50 of 200',
    reading: 'slower',
    bar: 1.3,
    aim: 1.1,
    isLong: false,
    ours: async (page) => medianOf(await call(page, 'enqueue', 200)),
    other: async (page) => medianOf(await call(page, 'rawPut', 200)),
  },
  ...[1000, 10_000].flatMap((count): BenchCase[] => [
    {
      name: 'burst',
      against: `Workbox, ${count} at once`,
      reading: 'faster',
      bar: count === 1000 ? 15 : 60,
      aim: count === 1000 ? 50 : 150,
      isLong: count > 1000,
      ours: (page) => call(page, 'burst', count),
      other: (page) => workbox(page, { kind: 'burst', queue: 'burst', count, delayMs: 0 }),
    },
    {
      name: 'drain',
      against: `Workbox, ${count} stored, a sender that takes no time`,
      reading: 'faster',
      bar: count === 1000 ? 40 : 100,
      aim: count === 1000 ? 90 : 300,
      isLong: count > 1000,
      ours: (page) => call(page, 'drain', count, 0, 100),
      other: (page) => workboxDrain(page, count, 0),
    },
  ]),
  {
    name: 'burst-raw',
    against: 'IndexedDB, 1000 strict transactions of one record',
    reading: 'faster',
    bar: 1,
    aim: 5,
    isLong: false,
    ours: (page) => call(page, 'burst', 1000),
    other: (page) => call(page, 'rawBurst', 1000),
  },
  {
    name: 'burst-limit',
    against: 'IndexedDB, 1000 records in one strict transaction',
    reading: 'slower',
    bar: 2,
    aim: 1,
    isLong: false,
    ours: (page) => call(page, 'burst', 1000),
    other: (page) => call(page, 'rawSingle', 1000),
  },
  {
    name: 'drain5ms-serial',
    against: 'the ideal, 1000 times 5 ms, one operation a request',
    reading: 'share',
    bar: 0.95,
    aim: 0.99,
    isLong: false,
    ours: (page) => call(page, 'drain', 1000, 5, 1),
    other: () => Promise.resolve(5000),
  },
  {
    name: 'drain5ms-batched',
    against: 'Workbox, 1000 stored, a sender that takes 5 ms; ours in batches of 100',
    reading: 'faster',
    bar: 40,
    aim: 85,
    isLong: false,
    ours: (page) => call(page, 'drain', 1000, 5, 100),
    other: (page) => workboxDrain(page, 1000, 5),
  },
]

async function call<Name extends Exclude<keyof PageBenches, 'close'>>(
  page: Page,
  name: Name,
  ...args: Parameters<PageBenches[Name]>
): Promise<Awaited<ReturnType<PageBenches[Name]>>> {
  const handle = await page.evaluateHandle<PageBenches>('benches')
  return handle.evaluate(
    async (benches, { name: wanted, args: values }) => {
      const bench: (...values: number[]) => Promise<unknown> = benches[wanted]
      const result = await bench(...values)
      await benches.close()
      return result
    },
    { name, args },
  ) as Promise<Awaited<ReturnType<PageBenches[Name]>>>
}

async function workboxDrain(page: Page, count: number, delayMs: number): Promise<number | undefined> {
  const filled = await workbox(page, { kind: 'burst', queue: 'drain', count, delayMs: 0 })
  return filled === undefined ? undefined : workbox(page, { kind: 'drain', queue: 'drain', count, delayMs })
}

/** Has the peer do something in its service worker. */
function workbox(page: Page, task: WorkboxTask): Promise<number | undefined> {
  return page.evaluate(
    async ({ task: work, timeMaxMs }) => {
      await navigator.serviceWorker.register('/workbox-worker.js')
      const { active } = await navigator.serviceWorker.ready
      if (active === null) throw new Error('the service worker is not active')
      const channel = new MessageChannel()
      return new Promise<number | undefined>((resolve, reject) => {
        setTimeout(resolve, timeMaxMs, undefined)
        channel.port1.onmessage = ({ data }: MessageEvent<{ tookMs?: number; error?: string }>) => {
          if (data.error === undefined) resolve(data.tookMs)
          else reject(new Error(data.error))
        }
        active.postMessage(work, [channel.port2])
      })
    },
    { task, timeMaxMs: peerTimeMaxMs },
  )
}
