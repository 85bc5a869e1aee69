/**
 * `node --conditions=holdfast-source e2e/crash/main.ts [--rounds 20] [--only renderer,firefox-browser] [--seed 1]`:
 * kill rounds with figures, one line for each kind of kill. Ends with 1 when anything was lost, doubled or reordered.
 */
import { parseArgs } from 'node:util'
import { buildSite } from '../peers/site.ts'
import { openTruthDatabase } from '../peers/truth-server.ts'
import { isKept, lineOf } from './kill-figures.ts'
import { killSession } from './kill-session.ts'
import { killers, type KillKind } from './killers.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '20' },
    only: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 100_000) },
  },
})
const all: readonly KillKind[] = ['renderer', 'worker', 'browser', 'firefox-content', 'firefox-browser']
const kinds = all.filter((kind) => kind in killers && (values.only?.split(',').includes(kind) ?? true))
const site = await buildSite(['kills', 'holdfast'])
const database = await openTruthDatabase()
try {
  for (const kind of kinds) {
    const startedAtMs = performance.now()
    const seed = Number(values.seed)
    const figures = await killSession({ kind, rounds: Number(values.rounds), seed, database, site })
    console.log(`${lineOf(figures)} in ${((performance.now() - startedAtMs) / 1000).toFixed(0)} s`)
    if (!isKept(figures)) process.exitCode = 1
  }
} finally {
  await database.close()
}
