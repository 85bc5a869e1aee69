/**
 * `npm run peers [-- --only holdfast,tanstack] [--faults 500,captive] [--rounds 10] [--json FILE] [--at-once 4]`: the
 * same faults for Holdfast and for its peers, each in a real Chromium. Prints the table of what was lost, doubled,
 * reordered or stuck, over all rounds.
 */
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { chromium } from '@playwright/test'
import { chromiumArguments, chromiumPath } from '../browsers.ts'
import { faults as allFaults } from './faults.ts'
import { runCell } from './run-cell.ts'
import { buildSite } from './site.ts'
import { subjects as allSubjects } from './subject.ts'
import { tableOf, type CellResult } from './table.ts'
import { openTruthDatabase } from './truth-server.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    faults: { type: 'string' },
    json: { type: 'string' },
    rounds: { type: 'string', default: '1' },
    'at-once': { type: 'string', default: '4' },
  },
})
const rounds = Number(values.rounds)
if (!Number.isInteger(rounds) || rounds < 1) {
  console.error(`--rounds expects a whole number from 1, got: ${values.rounds}.`)
  process.exit(1)
}
const subjects = allSubjects.filter(({ page }) => values.only?.split(',').includes(page) ?? true)
const faults = allFaults.filter(({ key }) => values.faults?.split(',').includes(key) ?? true)
if (subjects.length === 0 || faults.length === 0) {
  const known = `Peers: ${allSubjects.map(({ page }) => page).join(', ')}. Faults: ${allFaults.map(({ key }) => key).join(', ')}.`
  console.error(`No such peer or fault. ${known}`)
  process.exit(1)
}

const startedAtMs = performance.now()
const executablePath = chromiumPath()
const browser = await chromium.launch({
  args: [...chromiumArguments],
  ...(executablePath !== undefined && { executablePath }),
})
const database = await openTruthDatabase()
const results: CellResult[] = []
try {
  const site = await buildSite(subjects.map(({ page }) => page))
  const cells = faults.flatMap((fault) =>
    Array.from({ length: rounds }, (_, index) => index + 1).flatMap((round) =>
      subjects.map((subject) => ({ fault, subject, round })),
    ),
  )
  const work = async () => {
    for (let cell = cells.shift(); cell !== undefined; cell = cells.shift()) {
      const result = await runCell(cell.fault, cell.subject, { browser, database, site, round: cell.round })
      results.push(result)
      console.error(
        `${result.fault.padEnd(20)} ${result.subject.padEnd(18)} ${rounds > 1 ? `round ${cell.round} ` : ''}${JSON.stringify(result.tally)} quiet after ${result.quietAfterMs} ms${result.isReopened ? ', reopened' : ''}`,
      )
    }
  }
  await Promise.all(Array.from({ length: Number(values['at-once']) }, work))
} finally {
  await browser.close()
  await database.close()
}

const report = {
  chromium: browser.version(),
  takenAt: new Date().toISOString(),
  tookSeconds: Math.round((performance.now() - startedAtMs) / 1000),
  subjects,
  rounds,
  results,
}
if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(report, undefined, 2)}\n`)
console.log(tableOf(faults, subjects, results))
console.log(`\n${results.length} cells of ten writes each, Chromium ${report.chromium}, ${report.tookSeconds} s`)
process.exitCode = results.some(({ error }) => error !== undefined) ? 1 : 0
