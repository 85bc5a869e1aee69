// What a simulation run must have met to count: "no promise was broken" says nothing when hardly anything went wrong.
import { readFileSync } from 'node:fs'

/** The bar of the design for each commit. */
export const faultsMin = 100_000

/** Says what is missing from the run whose sums were written to a file. */
export function missingFromSimulation(file: string): string[] {
  try {
    return missingFaults(JSON.parse(readFileSync(file, 'utf8')))
  } catch (error) {
    return [`the sums of the simulation cannot be read: ${String(error)}`]
  }
}

/** Says what is missing from the sums of a run. */
export function missingFaults(sums: unknown): string[] {
  const count = typeof sums === 'object' && sums !== null && 'faultCount' in sums ? sums.faultCount : undefined
  if (typeof count !== 'number') return ['the sums of the simulation name no number of faults']
  return count >= faultsMin ? [] : [`the simulation met ${count} faults; at least ${faultsMin} were expected`]
}
