/** What many runs came to. */
import type { FaultKind } from './faults.ts'
import type { Violation } from './journal.ts'
import type { RunResult } from './run.ts'

/** The sums of many runs. */
export interface Totals {
  runs: number
  operations: number
  batches: number
  events: number
  faultCount: number
  readonly faults: Map<FaultKind, number>
  readonly violations: (Violation & { readonly seed: number })[]
}

/** The sums of no run. */
export function emptyTotals(): Totals {
  return { runs: 0, operations: 0, batches: 0, events: 0, faultCount: 0, faults: new Map(), violations: [] }
}

/** Adds a run. */
export function addRun(totals: Totals, { seed, operations, requests, events, faults, violations }: RunResult): void {
  totals.runs += 1
  totals.operations += operations
  totals.batches += requests
  totals.events += events
  for (const [kind, count] of faults) {
    totals.faultCount += count
    totals.faults.set(kind, (totals.faults.get(kind) ?? 0) + count)
  }
  totals.violations.push(...violations.map((violation) => ({ ...violation, seed })))
}
