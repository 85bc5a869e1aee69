/** An entry as planning sees it, with the stored one. */
import type { Candidate, WaitingCandidate } from '@holdfast/core'
import type { LiveEntry, Position } from './store/store.ts'

/** An entry as planning sees it, with the stored one. */
export interface WindowEntry extends Candidate {
  readonly stored: LiveEntry
}

/** A held entry that waits for its retry. */
export type WaitingEntry = WindowEntry & WaitingCandidate

/** A stored entry as planning sees it. */
export function windowEntry(stored: LiveEntry): WindowEntry {
  const { id, type, lane, createdAtMs, after } = stored.operation
  const { priority, size } = stored
  return { id, type, lane, priority, createdAtMs, size, stored, ...(after !== undefined && { after }) }
}

/** True when one place comes before another of the same priority. */
export function isBefore(left: Position, right: Position): boolean {
  return left.segment !== right.segment ? left.segment < right.segment : left.index < right.index
}
