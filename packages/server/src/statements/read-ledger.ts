/**
 * The third statement, only needed when ids were not free or operations need others: reads stored outcomes.
 *
 * It is a statement of its own because it needs a younger snapshot than the claim, which may have waited for the very
 * transaction whose outcome is read here. It locks the rows, because what replaces an operation is written to its row.
 */
import { parseOperationId, type OperationId } from '@holdfast/core'
import type { Query } from '../database/database.ts'
import { ServerError } from '../error.ts'
import { parseRecordedOutcome, type LedgerRow } from '../ledger.ts'

/** How many generations of operations that took each other's place are followed. */
const successorsMax = 16

// Uses the primary key of ledger, one look-up per id. Rows without an outcome are this transaction's own claims.
const readSql = `
select l.id, l.user_id, l.hash, l.outcome, l.successor
from (
  select w.id from json_array_elements_text($2::text::json) as w (id) order by w.id collate "C"
) wanted
cross join lateral (
  select l.id, l.user_id, l.hash, l.outcome, l.successor
  from holdfast.ledger l where l.tenant = $1 and l.id = wanted.id and l.outcome is not null
  for update
) l`

/** Reads the ledger's rows of these ids, and of the operations that took their place. */
export async function readLedger(
  query: Query,
  tenant: string,
  ids: readonly OperationId[],
): Promise<ReadonlyMap<OperationId, LedgerRow>> {
  const found = new Map<OperationId, LedgerRow>()
  let wanted = ids
  for (let generation = 0; wanted.length > 0 && generation <= successorsMax; generation += 1) {
    const rows = await query('holdfast-read-ledger', readSql, [tenant, JSON.stringify(wanted)])
    const next = new Set<OperationId>()
    for (const { id: rawId, user_id: user, hash, outcome, successor: rawSuccessor } of rows) {
      const id = parseOperationId(rawId)
      const successor = parseOperationId(rawSuccessor)
      if (id === undefined || typeof user !== 'string' || (hash !== null && typeof hash !== 'string')) {
        throw new ServerError('corrupt-row', 'The database holds a ledger row that this release cannot read.')
      }
      found.set(id, {
        user,
        hash,
        outcome: parseRecordedOutcome(outcome),
        ...(successor !== undefined && { successor }),
      })
      if (successor !== undefined) next.add(successor)
    }
    wanted = [...next].filter((id) => !found.has(id))
  }
  return found
}
