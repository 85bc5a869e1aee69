/**
 * The command: `npm run simulate -- [--seeds N | --minutes M] [--seed S] [--json FILE] [--mutants]`.
 *
 * Runs N seeds from S on (default: 100 from 1), or seed after seed for M minutes, and one of them in eight once more with locks that everybody holds at
 * once. Prints what was done and which faults were injected. A broken promise is printed with its seed and the last
 * events, and the command fails. With `--mutants` it runs deliberate bugs instead, each of which must be caught.
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { faults as faultRows } from './faults.ts'
import { everyoneLeadsEvery, hunt, seedsPerMutant } from './hunt.ts'
import { mutantPage } from './mutant-page.ts'
import { mutants } from './mutants.ts'
import { run, type RunResult } from './run.ts'
import { addRun, emptyTotals, type Totals } from './totals.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '' },
    seed: { type: 'string', default: '' },
    minutes: { type: 'string', default: '' },
    json: { type: 'string' },
    mutants: { type: 'boolean', default: false },
  },
})

process.exitCode = values.mutants ? await huntAll() : await runAll()

async function runAll(): Promise<number> {
  const first = whole('seed', values.seed, 1)
  // A single seed is named to look at it.
  const count = whole('seeds', values.seeds, values.seed === '' ? 100 : 1)
  const totals = emptyTotals()
  const startMs = performance.now()
  const minutes = whole('minutes', values.minutes, 0)
  const hasTime = (): boolean => performance.now() - startMs < minutes * 60_000
  for (let seed = first; minutes > 0 ? hasTime() : seed < first + count; seed += 1) {
    take(totals, await run(seed), '')
    if (seed % everyoneLeadsEvery === 0) take(totals, await run(seed, { isEveryoneLeader: true }), ', everybody leads')
  }
  print(totals, performance.now() - startMs)
  if (values.json !== undefined) {
    writeFileSync(values.json, `${JSON.stringify({ ...totals, faults: Object.fromEntries(totals.faults) }, null, 2)}\n`)
  }
  return totals.violations.length > 0 ? 1 : 0
}

async function huntAll(): Promise<number> {
  let survivors = 0
  for (const named of mutants) {
    const { name, keeps } = named
    const found = await hunt(named)
    if (found === undefined) survivors += 1
    const told =
      found === undefined
        ? `FAIL ${name} (${keeps}) survives ${seedsPerMutant} seeds`
        : `ok   ${name} (${keeps}) caught by seed ${found.seed}: ${found.violation.promise} ${found.violation.message}`
    console.log(told)
  }
  writeFileSync(new URL('../MUTANTS.md', import.meta.url), mutantPage(mutants))
  return survivors > 0 ? 1 : 0
}

function take(totals: Totals, result: RunResult, how: string): void {
  addRun(totals, result)
  if (result.violations.length === 0) return
  console.log(`seed ${result.seed}${how}:`)
  for (const { promise, message, atMs } of result.violations.slice(0, 5)) {
    console.log(`  ${promise} after ${(atMs / 1000).toFixed(1)} s: ${message}`)
  }
  console.log(result.tail.map((line) => `    ${line}`).join('\n'))
}

function print({ runs, operations, batches, events, faultCount, faults, violations }: Totals, tookMs: number): void {
  const minutes = tookMs / 60_000
  console.log(`${runs} runs, ${operations} operations, ${batches} batches at the server, ${events} events`)
  console.log(`${faultCount} faults in ${(tookMs / 1000).toFixed(1)} s (${Math.round(faultCount / minutes)} a minute):`)
  const byCount = [...faults].toSorted(([, left], [, right]) => right - left)
  for (const [kind, count] of byCount) {
    const rows: readonly string[] = faultRows[kind]
    console.log(`  ${String(count).padStart(8)} ${kind.padEnd(32)} ${rows.join(' ')}`)
  }
  console.log(violations.length === 0 ? 'No promise was broken.' : `${violations.length} violations`)
}

function whole(name: string, text: string, otherwise: number): number {
  if (text === '') return otherwise
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= 1) return value
  console.error(`--${name} takes a whole number from 1; got "${text}".`)
  process.exit(2)
}
