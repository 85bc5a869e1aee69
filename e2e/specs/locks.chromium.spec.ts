/**
 * No promise rests on the leader's lock: with the Web Locks taken away from two tabs and the worker, any of
 * them may send at any time, and every effect still happens once and in its lane's order.
 */
import { setTimeout as wait } from 'node:timers/promises'
import type { Database } from '@holdfast/server'
import { expect, test, type BrowserContext, type Page } from '@playwright/test'
import { writes } from '../peers/faults.ts'
import { buildSite, type Site } from '../peers/site.ts'
import { tallyOf } from '../peers/tally.ts'
import { openTruthDatabase, startTruthServer } from '../peers/truth-server.ts'
import { batchDoor, BreakableProxy, type Fault } from '../proxy.ts'

const writesEach = 20
const rounds = process.env['HOLDFAST_FULL'] === '1' ? 10 : 1
const weathers: readonly Fault[] = [
  { kind: 'slow', delayMs: 150 },
  { kind: 'drop-answer' },
  { kind: 'slow', delayMs: 300 },
]

let site: Site
let database: Database

test.beforeAll(async () => {
  site = await buildSite(['kills', 'holdfast'])
  database = await openTruthDatabase()
})

test.afterAll(() => database.close())

for (let round = 0; round < rounds; round += 1) {
  test(`F006 F009 two tabs and the worker write without locks: each effect once and in order (${round})`, async ({
    context,
  }) => {
    const tenant = `locks-${round}`
    const truth = await startTruthServer(database, site, tenant)
    const way = new BreakableProxy()
    await way.start(truth.port)
    try {
      const writers = ['page', 'page', 'worker'] as const
      const pages: Page[] = []
      // One after the other: the first brings the worker that serves all.
      for (const [tab, by] of writers.entries()) {
        pages.push(await openWriter(context, `${way.url}/?page=kills&by=${by}&tenant=${tenant}&tab=${tab}`))
      }
      const [worker] = context.serviceWorkers()
      expect(await worker?.evaluate(() => 'locks' in navigator)).toBe(false)
      way.breakWith({ kind: 'slow', delayMs: 150 }, writes)
      const writing = pages.map((page, index) =>
        page.evaluate(([prefix, count]) => window.writeAll(prefix, count), [`w${index}`, writesEach] as const),
      )
      for (const weather of weathers) {
        way.breakWith(weather, writes)
        await wait(700)
      }
      await Promise.all(writing)
      await way.heal()
      await expect.poll(() => pages[0]?.evaluate(() => window.pending()), { timeout: 60_000 }).toBe(0)

      const ids = writers.flatMap((_, index) =>
        Array.from({ length: writesEach }, (__, number) => `w${index}-${number}`),
      )
      const written = ids.map((id) => ({ id, writer: id.slice(0, 2), said: 'kept' as const }))
      expect(truth.acknowledged.toSorted()).toEqual(ids.toSorted())
      const tally = tallyOf(written, { effects: await truth.effects(), stored: [], held: [], told: [] })
      const sent = way.operationsSent.length
      // A tab is named by its address, the worker by that of its script.
      const senders = new Set(way.seen.filter(batchDoor).map(({ headers }) => headers.referer))
      console.log(
        `figures: without locks: ${ids.length} writes by two tabs and the worker, ${sent} sent in ${way.count(batchDoor)} requests of ${senders.size} senders, at most ${way.batchesAtOnceMax} at once; lost ${tally.lost}, doubled ${tally.doubled}, reordered ${tally.reordered}`,
      )
      expect(tally).toMatchObject({ arrived: ids.length, lost: 0, doubled: 0, reordered: 0 })
      // Answers were lost, so something was sent twice. How many of the three come to send is for the figures: who was
      // overtaken stands back.
      expect(sent).toBeGreaterThan(ids.length)
    } finally {
      await way.heal()
      await way.close()
      await truth.close()
    }
  })
}

async function openWriter(context: BrowserContext, url: string): Promise<Page> {
  const page = await context.newPage()
  await page.goto(`${url}&locks=off`)
  await page.waitForFunction(() => 'writeAll' in window)
  expect(await page.evaluate(() => 'locks' in navigator)).toBe(false)
  return page
}
