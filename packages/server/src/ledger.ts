/** The ledger as the rules see it: what was answered about each operation, kept for ever. */
import {
  isRecord,
  parseFinalOutcome,
  parseOperationId,
  type Applied,
  type Duplicate,
  type FinalOutcome,
  type OperationId,
  type Outcome,
} from '@holdfast/core'
import { ServerError } from './error.ts'

/** What the ledger keeps of an operation: its final outcome, or that an operation it was to replace had been applied. */
export type RecordedOutcome = FinalOutcome | Duplicate

/** A row of the ledger. */
export interface LedgerRow {
  readonly user: string
  /** `null` for a tombstone whose operation never came: any content of that id is then the same operation. */
  readonly hash: string | null
  readonly outcome: RecordedOutcome
  /** The operation that took this one's place: superseded it, or settled its conflict. Itself when it was taken back. */
  readonly successor?: OperationId
}

/** Rows by operation id. */
export type LedgerRows = ReadonlyMap<OperationId, LedgerRow>

/** The final outcome in a recorded one. */
export function finalOf(outcome: RecordedOutcome): FinalOutcome {
  return outcome.outcome === 'duplicate' ? outcome.first : outcome
}

/** True when a recorded outcome says more than its code, version and ids: what retention trims (see retention/). */
export function hasDetail(outcome: RecordedOutcome): boolean {
  const final = finalOf(outcome)
  switch (final.outcome) {
    case 'applied':
      return final.result !== undefined
    case 'conflict':
      return true
    case 'rejected':
      return final.problem.detail !== undefined || final.problem.pointer !== undefined
  }
}

/** The applied outcome in any outcome, or `undefined` when the effect did not happen. */
export function appliedOf(outcome: Outcome): Applied | undefined {
  const final = outcome.outcome === 'duplicate' ? outcome.first : outcome
  return final.outcome === 'applied' ? final : undefined
}

/**
 * The row that speaks for an operation now: its own when it was applied, else that of the last operation that took its
 * place. So what waits for an operation goes on when its edited successor has been applied.
 */
export function currentRowOf(id: OperationId, rows: LedgerRows): LedgerRow | undefined {
  let row = rows.get(id)
  const seen = new Set<OperationId>([id])
  while (row?.successor !== undefined && appliedOf(row.outcome) === undefined && !seen.has(row.successor)) {
    seen.add(row.successor)
    const next = rows.get(row.successor)
    if (next === undefined) return row
    row = next
  }
  return row
}

/**
 * Reads an outcome as it was stored.
 *
 * @throws ServerError `corrupt-row` when it is none
 */
export function parseRecordedOutcome(value: unknown): RecordedOutcome {
  const final = parseFinalOutcome(value)
  if (final !== undefined) return final
  if (isRecord(value) && value['outcome'] === 'duplicate') {
    const first = parseFinalOutcome(value['first'])
    const of = parseOperationId(value['of'])
    if (first !== undefined) return { outcome: 'duplicate', first, ...(of !== undefined && { of }) }
  }
  throw new ServerError('corrupt-row', 'The ledger holds an outcome that this release does not know.')
}
