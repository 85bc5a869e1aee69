/**
 * The model answers and stores what the real server does. Some hundred batches each time, ten thousand and more in the
 * long check.
 */
import type { Database } from '@holdfast/server'
import { openPglite } from '@holdfast/server/pglite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { compare, perturbed, type TracedBatch } from './differential.ts'
import { SimRandom } from './random.ts'
import { run } from './run.ts'
import type { AppliedBatch } from './server-model.ts'

/** Batches that are compared; each costs a transaction of the real database. */
const batchesMin = process.env['HOLDFAST_FULL'] === '1' ? 12_000 : 500
const firstSeed = 11

let database: Database
beforeAll(async () => {
  database = await openPglite({ log: () => {} })
}, 120_000)
afterAll(() => database.close())

async function traceOf(seed: number): Promise<readonly TracedBatch[]> {
  const trace: AppliedBatch[] = []
  await run(seed, { onApplied: (batch) => trace.push(batch) })
  return perturbed(trace, new SimRandom(seed))
}

test(
  'F012 F013 F014 the model and the real server answer the same and leave the same behind',
  { timeout: 3_000_000 },
  async () => {
    const outcomes = new Map<string, number>()
    let batches = 0
    for (let seed = firstSeed; batches < batchesMin; seed += 1) {
      const trace = await traceOf(seed)
      const compared = await compare(trace, database, `seed ${seed}`)
      expect(compared.difference, `seed ${seed}`).toBeUndefined()
      batches += compared.batches
      for (const [kind, count] of compared.outcomes) outcomes.set(kind, (outcomes.get(kind) ?? 0) + count)
    }
    // Shown to be worth comparing: each outcome there is, and repetitions in plenty.
    expect([...outcomes.keys()].toSorted()).toEqual(['applied', 'conflict', 'deferred', 'duplicate', 'rejected'])
    expect(outcomes.get('duplicate')).toBeGreaterThan(batches / 10)
  },
)

test.each([
  ['forgets its ledger', { forgetsLedger: true }],
  ['keeps no tombstones', { forgetsTombstones: true }],
  ['goes on in stopped lanes', { ignoresStoppedLanes: true }],
  ['does not note who took whose place', { forgetsSuccessors: true }],
  ['keeps no losing sides', { forgetsLosingSides: true }],
])('a model that %s is found to differ', { timeout: 300_000 }, async (name, mutation) => {
  const differences: string[] = []
  for (let seed = firstSeed; seed < firstSeed + 8 && differences.length === 0; seed += 1) {
    const { difference } = await compare(await traceOf(seed), database, `${name} ${seed}`, mutation)
    if (difference !== undefined) differences.push(difference)
  }
  expect(differences).not.toEqual([])
})
