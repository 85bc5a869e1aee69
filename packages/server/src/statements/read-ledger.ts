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

/**
 * How often successors are asked for that came while rows were locked. Each time somebody else has committed one, so
 * this is never reached; a chain itself may be of any length, because one that is cut off would be applied again.
 */
const readsMax = 16

// Uses the primary key of ledger, one look-up per id. Rows without an outcome are this transaction's own claims. `union`
// keeps each id once, so the walk along successors ends also where one is its own.
const readSql = `
with recursive chain (id) as (
  select w.id collate "C" from json_array_elements_text($2::text::json) as w (id)
  union
  select s.successor
  from chain c
  cross join lateral (
    select l.successor from holdfast.ledger l
    where l.tenant = $1 and l.id = c.id and l.successor is not null
    offset 0
  ) s
)
select l.id, l.user_id, l.hash, l.outcome, l.successor
from (select c.id from chain c order by c.id) wanted
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
  for (let reads = 0; wanted.length > 0; reads += 1) {
    if (reads >= readsMax)
      throw new ServerError('unavailable', `Other transactions were faster ${readsMax} times in a row.`)
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
