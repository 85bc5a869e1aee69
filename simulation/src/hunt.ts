/** Hunts a deliberate bug: seeds in a row, by the same runs as the suite, until one shows it. */
import type { Violation } from './journal.ts'
import type { NamedMutant } from './mutant.ts'
import { run } from './run.ts'

/** As many seeds are tried on a mutant. */
export const seedsPerMutant = 120

/** A mutant that turns in circles is not watched for long. */
const huntedEventsMax = 40_000

/** One in so many seeds is run with every context leading at once as well. */
export const everyoneLeadsEvery = 8

/** Where a bug showed. */
export interface Catch {
  readonly seed: number
  readonly violation: Violation
}

/** The first seed on which the bug breaks one of the promises that it is known to break, or `undefined`. */
export async function hunt(
  { mutant, keeps }: NamedMutant,
  seedsMax: number = seedsPerMutant,
): Promise<Catch | undefined> {
  const promises = keeps.split(' ')
  for (let seed = 1; seed <= seedsMax; seed += 1) {
    for (const isEveryoneLeader of seed % everyoneLeadsEvery === 0 ? [false, true] : [false]) {
      const limits = { stopsAt: promises, eventsMax: huntedEventsMax }
      const { violations } = await run(seed, { mutant, isEveryoneLeader, ...limits })
      const violation = violations.find(({ promise }) => promises.includes(promise))
      if (violation !== undefined) return { seed, violation }
    }
  }
  return undefined
}
