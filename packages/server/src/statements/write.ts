/**
 * Last statement of a batch: writes entities, outcomes, losing sides, feed head and feed at once, and gives up the
 * claims that came to nothing.
 *
 * An entity is only written over the version that was read (`loaded`), or inserted where there was none. Both counts
 * come back; when either is short, another transaction was faster and the whole transaction must be run again.
 * (A check against `excluded.version - 1` was tried: it loops on chains, and lets a racing create be overwritten.)
 */
import type { OperationId } from '@holdfast/core'
import type { Query } from '../database/database.ts'
import type { BatchResult } from '../decide-batch.ts'
import { ServerError } from '../error.ts'
import { feedSql } from '../feed.ts'
import { hasDetail } from '../ledger.ts'

// Uses the primary keys of ledger, entities, feed_head and feed. Rows that change are looked up by key one by one (the
// `offset 0` keeps the planner from turning that round) and then taken by their place, which cannot change: the claim
// has locked or made each of them.
const writeSql = `
with outcomes as (
  select o.id, o.code, o.outcome, o.successor, o.detail
  from json_to_recordset($3::text::json) as o (id text, code text, outcome jsonb, successor text, detail boolean)
),
settled as (
  update holdfast.ledger l set code = o.code, outcome = o.outcome, successor = o.successor, has_detail = o.detail
  from outcomes o cross join lateral (
    select l.ctid as place from holdfast.ledger l where l.tenant = $1 and l.id = o.id and l.outcome is null offset 0
  ) at_place
  where l.tenant = $1 and l.ctid = at_place.place
  returning 1
),
succeeded as (
  update holdfast.ledger l set successor = s.successor
  from json_to_recordset($4::text::json) as s (id text, successor text) cross join lateral (
    select l.ctid as place from holdfast.ledger l where l.tenant = $1 and l.id = s.id and l.outcome is not null offset 0
  ) at_place
  where l.tenant = $1 and l.ctid = at_place.place
  returning 1
),
released as (
  delete from holdfast.ledger l
  using json_array_elements_text($5::text::json) as r (id) cross join lateral (
    select l.ctid as place from holdfast.ledger l where l.tenant = $1 and l.id = r.id and l.outcome is null offset 0
  ) at_place
  where l.tenant = $1 and l.ctid = at_place.place
  returning 1
),
writes as (
  select w.kind, w.id, w.loaded, w.version, nullif(w.state, 'null'::jsonb) as state
  from json_to_recordset($6::text::json) as w (kind text, id text, loaded integer, version integer, state jsonb)
),
updated as (
  update holdfast.entities e set version = w.version, state = w.state, last_modified = $2::text::timestamptz
  from writes w cross join lateral (
    select e.ctid as place from holdfast.entities e
    where e.tenant = $1 and e.kind = w.kind and e.id = w.id and e.version = w.loaded
    offset 0
  ) at_place
  where w.loaded > 0 and e.tenant = $1 and e.ctid = at_place.place
  returning 1
),
inserted as (
  insert into holdfast.entities (tenant, kind, id, version, state, last_modified)
  select $1, w.kind, w.id, w.version, w.state, $2::text::timestamptz
  from writes w where w.loaded = 0
  order by w.kind collate "C", w.id collate "C"
  on conflict (tenant, kind, id) do nothing
  returning 1
),
lost as (
  -- A record's JSON null arrives as an SQL null; here it is data like any other (of a removed entity nothing is left).
  insert into holdfast.losing_sides (tenant, operation, kind, id, version, side, data, at)
  select $1, s.operation, s.kind, s.id, s.version, s.side, coalesce(s.data, 'null'::jsonb), $2::text::timestamptz
  from json_to_recordset($7::text::json)
    as s (operation text, kind text, id text, version integer, side text, data jsonb)
),
changes as (select kind, id, version, state is null as deleted from writes),
${feedSql}
select
  (select count(*)::integer from settled) as settled,
  (select count(*)::integer from released) as released,
  (select count(*)::integer from updated) as updated,
  (select count(*)::integer from inserted) as inserted,
  (select count(*)::integer from fed) as fed`

/** Writes what a batch came to; false when another transaction changed or created one of its entities meanwhile. */
export async function write(
  query: Query,
  tenant: string,
  at: string,
  result: BatchResult,
  claimedIds: ReadonlySet<string>,
): Promise<boolean> {
  const outcomes = [...result.ledger].map(([id, { outcome, successor }]) => ({
    id,
    code: outcome.outcome,
    outcome,
    successor: successor ?? null,
    detail: hasDetail(outcome),
  }))
  const successors = [...result.successors].map(([id, successor]) => ({ id, successor }))
  const released = [...claimedIds].filter((id) => !hasRow(result.ledger, id))
  const writes = result.entities.map(({ ref, loaded, version, state }) => ({ ...ref, loaded, version, state }))
  const losing = result.losingSides.map(({ operation, entity, version, side, data }) => ({
    operation,
    kind: entity.kind,
    id: entity.id,
    version,
    side,
    data,
  }))
  const [row] = await query('holdfast-write', writeSql, [
    tenant,
    at,
    JSON.stringify(outcomes),
    JSON.stringify(successors),
    JSON.stringify(released),
    JSON.stringify(writes),
    JSON.stringify(losing),
  ])
  if (row?.['settled'] !== outcomes.length || row['released'] !== released.length) {
    throw new ServerError('corrupt-row', 'The ledger lost a claim within its own transaction.')
  }
  const inserts = writes.filter(({ loaded }) => loaded === 0).length
  return row['inserted'] === inserts && row['updated'] === writes.length - inserts
}

function hasRow(rows: ReadonlyMap<OperationId, unknown>, id: string): boolean {
  const lookup: ReadonlyMap<string, unknown> = rows
  return lookup.has(id)
}
