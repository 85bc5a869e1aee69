/**
 * Retention of the ledger. Id, owner, hash and outcome code stay for ever: a queue may be sealed for months, and its
 * operations must then be known. What an outcome says beside its code (result, the state that a conflict met, the words
 * of a refusal) goes after a time. Version and assigned ids stay, because later operations may be based on them.
 *
 *   every tenant, the oldest first ─▶ up to 500 rows a statement ─▶ up to 20 statements a tenant ─▶ again later
 */
import type { Database } from '../database/database.ts'
import { listTenants } from '../tenants.ts'

/** How long results are kept by default, ms: 30 days. */
export const keepResultsMsDefault: number = 30 * 24 * 3_600_000

/** What may be asked of a run. */
export interface TrimOptions {
  /** The server's clock, ms since 1970. */
  readonly nowMs: number
  /** Default {@link keepResultsMsDefault}. */
  readonly keepResultsMs?: number
  /** Ends the run between two statements. */
  readonly signal?: AbortSignal
}

const rowsPerStatement = 500
const statementsPerTenantMax = 20

// Uses the index ledger_detail, and then the place of each row, which its lock keeps. Several processes may trim at once:
// each takes rows that no other one has locked.
const trimSql = `
with old as (
  select l.ctid as place from holdfast.ledger l
  where l.tenant = $1 and l.has_detail and l.at < $2::text::timestamptz
  order by l.at limit $3::integer
  for update skip locked
),
trimmed as (
  update holdfast.ledger l set has_detail = false, outcome = l.outcome
    - array['result', 'current', 'conflictFields'] #- '{problem,detail}' #- '{problem,pointer}'
    #- '{first,result}' #- '{first,current}' #- '{first,conflictFields}'
    #- '{first,problem,detail}' #- '{first,problem,pointer}'
  from old where l.tenant = $1 and l.ctid = old.place
  returning 1
)
select count(*)::integer as trimmed from trimmed`

/** Trims results that are older than they are kept, and returns how many rows that were; bounded for each tenant. */
export async function trimResults(database: Database, options: TrimOptions): Promise<number> {
  const { nowMs, keepResultsMs = keepResultsMsDefault, signal } = options
  const before = new Date(nowMs - keepResultsMs).toISOString()
  let total = 0
  for await (const tenant of listTenants(database)) {
    for (let statement = 0; statement < statementsPerTenantMax && signal?.aborted !== true; statement += 1) {
      const trimmed = await trimSome(database, tenant, before)
      total += trimmed
      if (trimmed < rowsPerStatement) break
    }
    if (signal?.aborted === true) break
  }
  return total
}

async function trimSome(database: Database, tenant: string, before: string): Promise<number> {
  const [row] = await database.tx(tenant, ({ query }) =>
    query('holdfast-trim-results', trimSql, [tenant, before, rowsPerStatement]),
  )
  return typeof row?.['trimmed'] === 'number' ? row['trimmed'] : 0
}
