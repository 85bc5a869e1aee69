// `npm test`: every check of the project, with the time of each. Ends with one plain line, `N passed, N failed`, which
// counts the tests that were executed, and each other check that failed as one.
//
//   npm test -- --only lint,types     only these, and what they need
//   npm run test:full                 the same checks with longer suites (HOLDFAST_FULL=1)
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

import { schedule, subset } from './check/schedule.ts'
import { clearLogs, type Place, runStep, type Step, type StepResult } from './check/step.ts'
import { steps } from './check/steps.ts'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const place: Place = { root, logs: join(root, '.cache', 'check') }

try {
  process.exitCode = await main()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}

async function main(): Promise<number> {
  if (!process.version.startsWith('v24.')) {
    console.error(`Node 24 is expected, this is ${process.version}. Run the checks with: npm test`)
    return 1
  }
  const { values } = parseArgs({ options: { only: { type: 'string' } } })
  const depth = process.env['HOLDFAST_FULL'] === '1' ? 'full' : 'usual'
  const all = steps(place, depth)
  const chosen = values.only === undefined ? all : subset(all, values.only.split(','))
  clearLogs(place)

  const startedAtMs = performance.now()
  const results = await runAll(chosen)
  const passed = results.reduce((sum, result) => sum + result.counts.passed, 0)
  const failed = results.reduce((sum, result) => sum + failures(result), 0)
  const skipped = results.reduce((sum, result) => sum + result.counts.skipped, 0)

  const failedSteps = results.filter((result) => !result.isOk).map((result) => result.name)
  if (failedSteps.length > 0) console.log(`\nfailed: ${failedSteps.join(', ')}; all output is in ${place.logs}`)
  if (skipped > 0) console.log(`${String(skipped)} tests were skipped`)
  if (chosen.length < all.length) {
    console.log(`only a subset ran: ${String(chosen.length)} of ${String(all.length)} steps`)
  }
  console.log(
    `${String(chosen.length)} steps in ${seconds(performance.now() - startedAtMs)} on Node ${process.version}`,
  )
  console.log(`${String(passed)} passed, ${String(failed)} failed`)
  return failed === 0 ? 0 : 1
}

async function runAll(chosen: Step[]): Promise<StepResult[]> {
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stop.abort())

  const running = new Map<string, number>()
  const results: StepResult[] = []
  const alive = setInterval(() => {
    const names = [...running].map(([name, atMs]) => `${name} (${seconds(performance.now() - atMs)})`)
    console.log(`  ..  still running: ${names.join(', ')}`)
  }, 20_000)

  const blocked = await schedule(chosen, Math.min(availableParallelism(), 4), async (step) => {
    if (stop.signal.aborted) return false
    running.set(step.name, performance.now())
    const result = await runStep(step, place, stop.signal)
    running.delete(step.name)
    results.push(result)
    report(result)
    return result.isOk
  })
  clearInterval(alive)
  for (const { name, because } of blocked) console.log(`  --  ${name} did not run: it needs ${because}`)
  if (stop.signal.aborted) {
    console.log('stopped before the end')
    process.exit(130)
  }
  return results
}

function report(result: StepResult): void {
  const { passed, failed, skipped } = result.counts
  const tests = passed + failed === 0 ? '' : `${String(passed)} passed, ${String(failed)} failed`
  const notRun = skipped === 0 ? '' : `, ${String(skipped)} skipped`
  const line = `${result.name.padEnd(12)} ${seconds(result.tookMs).padStart(8)}  ${tests}${notRun}`
  console.log(`${result.isOk ? '  ok ' : 'FAIL '} ${line.trimEnd()}`)
  for (const hint of result.output.matchAll(/^ *(?:hint|figures): .*$/gm)) console.log(`      ${hint[0].trim()}`)
  if (result.isOk) return
  for (const reason of result.reasons) console.log(`      ${reason}`)
  console.log(result.output)
}

/** A step that fails without a failed test (a lint error, a suite that cannot load, a time-out) counts as one. */
function failures(result: StepResult): number {
  return result.isOk ? 0 : Math.max(1, result.counts.failed)
}

function seconds(durationMs: number): string {
  return `${(durationMs / 1000).toFixed(1)} s`
}
