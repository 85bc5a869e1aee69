/**
 * `npm run bench -- [names] [--rounds N] [--quick] [--sqlite] [--limit SECONDS] [--json FILE] [--profile FOLDER]`
 *
 * Holdfast against bare IndexedDB and against Workbox in a real service worker, in a real Chromium. Progress goes to
 * stderr, the table to stdout. A missed bar is a line in the table and no failure: a busy machine is no defect.
 */
import { writeFile } from 'node:fs/promises'
import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import type { Comparison } from './comparison.ts'
import { comparisons } from './comparisons.ts'
import { limits, measureLimit, type LimitResult } from './limits.ts'
import { measure, type ComparisonResult, type MeasureOptions } from './measure.ts'
import { profile } from './profile.ts'
import { openSite } from './site.ts'
import { limitsTableOf, tableOf } from './table.ts'

try {
  process.exitCode = await main()
} catch (error) {
  console.error(error)
  process.exitCode = 1
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '3' },
      limit: { type: 'string', default: '300' },
      quick: { type: 'boolean', default: false },
      sqlite: { type: 'boolean', default: false },
      json: { type: 'string' },
      profile: { type: 'string' },
    },
  })
  const names = [...new Set([...comparisons, ...limits].map(({ bench }) => bench))]
  const unknown = positionals.find((name) => !names.includes(name))
  if (unknown !== undefined) return refuse(`A bench is expected: ${names.join(', ')}. Got: ${unknown}.`)
  const rounds = values.quick ? 1 : Number(values.rounds)
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 50) {
    return refuse(`--rounds takes a whole number from 1 to 50. Got: ${values.rounds}.`)
  }
  const limitMs = Number(values.limit) * 1000
  if (!(limitMs >= 1000 && limitMs <= 3_600_000)) {
    return refuse(`--limit takes seconds, from 1 to 3600. Got: ${values.limit}.`)
  }
  const isAskedFor = (bench: string): boolean => positionals.length === 0 || positionals.includes(bench)
  const chosen = comparisons.filter(({ bench, isLong }) => isAskedFor(bench) && !(values.quick && isLong))
  // Limits fill long queues: no part of a quick run.
  const chosenLimits = values.quick ? [] : limits.filter(({ bench }) => isAskedFor(bench))

  await using site = await openSite()
  const browsers = new Set<string>()
  const options: MeasureOptions = {
    origin: site.origin,
    isSqlite: values.sqlite,
    rounds,
    limitMs,
    onSession: (progress) => {
      console.error(progress)
    },
    onBrowser: (version, backend) => {
      browsers.add(`Chromium ${version}, IndexedDB on ${backend ?? 'nothing'}`)
    },
  }
  if (values.profile !== undefined) {
    for (const comparison of chosen) console.log(await profile(comparison, values.profile, options))
    return 0
  }

  const loadBefore = loadOf()
  const startedAtMs = Date.now()
  const results = await measureAll(chosen, options)
  const limitResults: LimitResult[] = []
  for (const limit of chosenLimits) limitResults.push(await measureLimit(limit, options))
  const machine = [
    [...browsers].join('; '),
    `${cpus().length} cores (${cpus()[0]?.model.trim() ?? 'unknown'})`,
    `load ${loadBefore} before, ${loadOf()} after`,
    `${rounds} ${rounds === 1 ? 'round' : 'rounds'}`,
    `${((Date.now() - startedAtMs) / 1000).toFixed(0)} s in all`,
  ].join(', ')
  console.log(
    [tableOf(results, limitMs), limitsTableOf(limitResults), machine].filter((part) => part !== '').join('\n\n'),
  )
  if (values.json !== undefined) {
    const document = {
      startedAt: new Date(startedAtMs).toISOString(),
      machine,
      rounds,
      limitMs,
      results,
      limits: limitResults,
    }
    await writeFile(values.json, `${JSON.stringify(document, null, 2)}\n`)
  }
  return 0
}

async function measureAll(chosen: readonly Comparison[], options: MeasureOptions): Promise<ComparisonResult[]> {
  const results: ComparisonResult[] = []
  for (const comparison of chosen) results.push(await measure(comparison, options))
  return results
}

/** The mean number of processes that wanted to run in the last minute. More than there are cores: figures are rough. */
function loadOf(): string {
  return (loadavg()[0] ?? Number.NaN).toFixed(1)
}

function refuse(message: string): number {
  console.error(message)
  return 1
}
