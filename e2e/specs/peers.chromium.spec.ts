/**
 * The comparison with peers measures what it says: a sender with known bugs is seen to have just those, and a peer
 * meets the fault. The table itself: `npm run peers`.
 */
import { expect, test, type Browser } from '@playwright/test'
import type { Database } from '@holdfast/server'
import { faults } from '../peers/faults.ts'
import { runCell } from '../peers/run-cell.ts'
import { buildSite, type Site } from '../peers/site.ts'
import { faulty, subjects } from '../peers/subject.ts'
import { openTruthDatabase } from '../peers/truth-server.ts'

let site: Site
let database: Database

test.beforeAll(async () => {
  site = await buildSite(['workbox', faulty.page])
  database = await openTruthDatabase()
})

test.afterAll(() => database.close())

function cell(browser: Browser, page: string, key: string) {
  const subject = [...subjects, faulty].find((one) => one.page === page)
  const fault = faults.find((one) => one.key === key)
  if (subject === undefined || fault === undefined) throw new Error(`no such cell: ${page} under ${key}`)
  return runCell(fault, subject, { browser, database, site, patience: { openMs: 2000, reopenedMs: 2000 } })
}

const clean = { accepted: 10, arrived: 10, lost: 0, doubled: 0, reordered: 0, stuck: 0, held: 0, told: 0 }

test('a sender that loses one, doubles one, swaps two and forgets to send one is seen to do just that', async ({
  browser,
}) => {
  const { tally, error } = await cell(browser, faulty.page, 'none')
  expect(error).toBeUndefined()
  expect(tally).toEqual({ ...clean, arrived: 8, lost: 1, doubled: 1, reordered: 1, stuck: 1 })
})

test('F003 Workbox as documented is seen to lose the request that was on its way when the browser was killed', async ({
  browser,
}) => {
  expect(await cell(browser, 'workbox', 'kill-before')).toMatchObject({ tally: { ...clean, arrived: 9, lost: 1 } })
})
