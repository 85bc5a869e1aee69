/**
 * First statement of a batch: claims the ids in the ledger, locks and reads the entities.
 *
 * A claim of an id that another transaction is just writing waits for that one's end. Ids and keys are taken in byte
 * order, ids first, so that two batches never wait for each other in a circle. An entity that another transaction
 * created meanwhile may not be seen here; the write then notices (see write.ts).
 */
import { isJson, isRecord, type EntityRef, type Json, type OperationId } from '@holdfast/core'
import type { Query, Row } from '../database/database.ts'
import { entityKey, type StoredEntity } from '../decide-batch.ts'
import { ServerError } from '../error.ts'

/** An id to be claimed, with what the ledger keeps of its operation. */
export interface Claim {
  readonly id: OperationId
  readonly type: string
  readonly hash: string | null
}

/** What the claim found. */
export interface Claimed {
  /** The ids that were free. */
  readonly ids: ReadonlySet<string>
  readonly entities: ReadonlyMap<string, StoredEntity>
}

// Uses the primary keys of ledger and entities. The lateral join makes it one look-up per key whatever the planner believes
// about the size of the table: a plain join, planned while the table is small, walks all rows of the tenant.
const claimSql = `
with claimed as (
  insert into holdfast.ledger (tenant, id, user_id, device, type, hash, at)
  select $1, c.id, $2, $3, c.type, c.hash, $4::text::timestamptz
  from json_to_recordset($5::text::json) as c (id text, type text, hash text)
  order by c.id collate "C"
  on conflict (tenant, id) do nothing
  returning id
),
locked as (
  select e.kind, e.id, e.version, e.state, (extract(epoch from e.last_modified) * 1000)::float8 as last_modified_ms
  from (
    select k.kind, k.id from json_to_recordset($6::text::json) as k (kind text, id text)
    order by k.kind collate "C", k.id collate "C"
  ) k
  cross join lateral (
    select e.kind, e.id, e.version, e.state, e.last_modified
    from holdfast.entities e where e.tenant = $1 and e.kind = k.kind and e.id = k.id
    for update
  ) e
)
select null as kind, id, null::integer as version, null::jsonb as state, null::float8 as last_modified_ms from claimed
union all
select kind, id, version, state, last_modified_ms from locked`

/** Claims ids and reads entities for a tenant's batch. */
export async function claim(
  query: Query,
  owner: { readonly tenant: string; readonly user: string; readonly device: string; readonly at: string },
  claims: readonly Claim[],
  entities: readonly EntityRef[],
): Promise<Claimed> {
  const keys = entities.map(({ kind, id }) => ({ kind, id }))
  const rows = await query('holdfast-claim', claimSql, [
    owner.tenant,
    owner.user,
    owner.device,
    owner.at,
    JSON.stringify(claims),
    JSON.stringify(keys),
  ])
  const ids = new Set<string>()
  const found = new Map<string, StoredEntity>()
  for (const row of rows) {
    if (typeof row['id'] !== 'string') throw corrupt()
    if (typeof row['kind'] === 'string') found.set(entityKey({ kind: row['kind'], id: row['id'] }), parseStored(row))
    else ids.add(row['id'])
  }
  return { ids, entities: found }
}

/** Reads the columns version, state and last_modified_ms. */
export function parseStored(row: Row): StoredEntity {
  const { version, state, last_modified_ms: lastModifiedMs } = row
  if (typeof version !== 'number' || typeof lastModifiedMs !== 'number' || !isStoredJson(state)) throw corrupt()
  return { version, state, lastModifiedMs }
}

/** What comes out of a jsonb column is JSON: PostgreSQL has checked it, so only its outermost level is looked at. */
function isStoredJson(value: unknown): value is Json {
  return isRecord(value) || Array.isArray(value) || isJson(value)
}

function corrupt(): ServerError {
  return new ServerError('corrupt-row', 'The database holds an entity that this release cannot read.')
}
