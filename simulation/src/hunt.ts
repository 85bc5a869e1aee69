/** Hunts a deliberate bug: seeds in a row until one shows it. */
import type { Violation } from './journal.ts'
import type { NamedMutant } from './mutant.ts'
import { run } from './run.ts'

/** As many seeds are tried on a mutant. */
export const seedsPerMutant = 120

/** A mutant that turns in circles is not watched for long. */
const huntedEventsMax = 40_000

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
    const { violations } = await run(seed, { mutant, stopsAt: promises, eventsMax: huntedEventsMax })
    const violation = violations.find(({ promise }) => promises.includes(promise))
    if (violation !== undefined) return { seed, violation }
  }
  return undefined
}
