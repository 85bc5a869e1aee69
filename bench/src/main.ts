/**
 * `npm run bench -- [names] [--rounds N] [--quick] [--sqlite] [--json FILE]`: ours against the others, in a real
 * Chromium, one after the other in each round, each with a fresh profile.
 */
import { writeFile } from 'node:fs/promises'
import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { openSite, withPage, type Site } from './browser.ts'
import { cases, peerTimeMaxMs, type BenchCase } from './cases.ts'
import { medianOf, medianRatio } from './statistics.ts'

interface Result {
  readonly name: string
  readonly against: string
  readonly oursMs: readonly number[]
  readonly othersMs: readonly (number | undefined)[]
  readonly reading: BenchCase['reading']
  /** The median of the rounds' ratios; a lower bound when the other was cut off. */
  readonly ratio: number
  readonly isLowerBound: boolean
  readonly bar: number
  readonly aim: number
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '3' },
    quick: { type: 'boolean', default: false },
    sqlite: { type: 'boolean', default: false },
    json: { type: 'string' },
  },
})
const names = new Set(cases.map(({ name }) => name))
const unknown = positionals.find((name) => !names.has(name))
if (unknown !== undefined) {
  console.error(`A bench is expected: ${[...names].join(', ')}. Got: ${unknown}.`)
  process.exit(1)
}
const rounds = values.quick ? 1 : Number(values.rounds)
if (!Number.isInteger(rounds) || rounds < 1 || rounds > 50) {
  console.error(`--rounds takes a whole number from 1 to 50. Got: ${values.rounds}.`)
  process.exit(1)
}
const chosen = cases.filter(
  ({ name, isLong }) => (positionals.length === 0 || positionals.includes(name)) && !(values.quick && isLong),
)
const site = await openSite()
let version = ''
try {
  const results: Result[] = []
  for (const bench of chosen) {
    const result = await measure(site, bench)
    results.push(result)
    console.log(lineOf(result))
  }
  const backend = values.sqlite ? 'SQLite' : 'LevelDB'
  const machine = `Chromium ${version}, IndexedDB on ${backend}, ${cpus().length} cores, load ${loadavg()[0]?.toFixed(1)}, ${rounds} rounds`
  console.log(machine)
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify({ machine, results }, null, 2)}\n`)
} finally {
  await site.close()
}

async function measure(where: Site, bench: BenchCase): Promise<Result> {
  const ours: number[] = []
  const others: (number | undefined)[] = []
  for (let round = 0; round < rounds; round += 1) {
    ours.push(await inFreshPage(where, bench.ours))
    others.push(await inFreshPage(where, bench.other))
    // What was cut off once is only cut off again.
    if (others.at(-1) === undefined) break
  }
  const othersMs = others.map((value) => value ?? peerTimeMaxMs)
  const ratio = bench.reading === 'slower' ? medianRatio(ours, othersMs) : medianRatio(othersMs, ours)
  const { name, against, reading, bar, aim } = bench
  return {
    name,
    against,
    oursMs: ours,
    othersMs: others,
    reading,
    ratio,
    isLowerBound: others.includes(undefined),
    bar,
    aim,
  }
}

function inFreshPage<Value>(
  where: Site,
  work: (page: Parameters<BenchCase['ours']>[0]) => Promise<Value>,
): Promise<Value> {
  return withPage(where, { isSqlite: values.sqlite }, (page, found) => {
    version = found
    return work(page)
  })
}

function lineOf({ name, against, oursMs, othersMs, reading, ratio, isLowerBound, bar, aim }: Result): string {
  const ours = medianOf(oursMs).toFixed(2)
  const theirs = isLowerBound ? `> ${peerTimeMaxMs}` : medianOf(othersMs.map((value) => value ?? Number.NaN)).toFixed(2)
  const isReached = reading === 'slower' ? ratio <= bar : ratio >= bar
  const sign = reading === 'slower' ? '≤' : '≥'
  const said = `${isLowerBound ? '> ' : ''}${ratio.toFixed(2)}×`
  return `${isReached ? 'reached' : 'MISSED '} ${name.padEnd(16)} ${said.padStart(10)} (bar ${sign} ${bar}, aim ${sign} ${aim})  ours ${ours} ms, other ${theirs} ms  ${against}`
}
