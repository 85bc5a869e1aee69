/**
 * Reading the feed: a page of changes after a number, or where it stands. One statement each, so head, epoch and
 * changes come from one moment; and as every number up to the head is committed before the head is (feed.ts), nothing
 * below it can appear later.
 */
import { changesPageMax, type Change, type ChangesAnswer, type FeedHead, type Json } from '@holdfast/core'
import type { Database, Row } from '../database/database.ts'
import { ServerError } from '../error.ts'
import { jobKind, jobStateSql } from '../jobs/job.ts'

/** Where to go on. */
export interface FeedPlace {
  /** The last number that the reader has; 0 reads from the start. */
  readonly after: number
  /** The history that number belongs to; without it only a number beyond the head is known to be of another one. */
  readonly epoch?: string
  /** Clamped to 1 to `changesPageMax`. */
  readonly limit: number
}

/** States of a page stop before this many bytes of JSON; the first one always comes. */
const stateBytesMax = 1024 * 1024

// Uses the primary keys of feed_head, feed, entities and jobs. A change carries the state only where it is the latest
// of its entity or job: for the others a later change will.
const pageSql = `
select h.epoch, h.seq::float8 as head, s.start::float8 as start,
  p.seq::float8 as seq, p.kind, p.id, p.version, p.deleted, p.has_state, p.state
from holdfast.feed_head h
cross join lateral (
  select case when $2::bigint > h.seq or $3::text <> h.epoch then 0 else $2::bigint end as start
) s
left join lateral (
  select c.*, c.state is not null as has_state,
    sum(coalesce(octet_length(c.state::text), 0)) over (order by c.seq) - coalesce(octet_length(c.state::text), 0) as before
  from (
    select f.seq, f.kind, f.id, f.version, f.deleted, coalesce(e.state, j.state) as state
    from holdfast.feed f
    left join lateral (
      select e.state from holdfast.entities e
      where e.tenant = $1 and e.kind = f.kind and e.id = f.id and e.version = f.version offset 0
    ) e on true
    left join lateral (
      select ${jobStateSql} as state from holdfast.jobs j
      where f.kind = '${jobKind}' and j.tenant = $1 and j.id = f.id and j.version = f.version offset 0
    ) j on true
    where f.tenant = $1 and f.seq > s.start
    order by f.seq
    limit $4::integer
  ) c
) p on p.before < $5::integer
where h.tenant = $1
order by p.seq`

const headSql = 'select h.epoch, h.seq::float8 as head from holdfast.feed_head h where h.tenant = $1'

const nothingYet: FeedHead = { epoch: '', head: 0 }

/** Reads a page of a tenant's changes. */
export async function readChanges(database: Database, tenant: string, place: FeedPlace): Promise<ChangesAnswer> {
  const { after, epoch } = place
  const limit = Math.min(Math.max(Math.trunc(place.limit), 1), changesPageMax)
  const rows = await database.tx(tenant, ({ query }) =>
    query('holdfast-read-changes', pageSql, [tenant, after, epoch ?? null, limit, stateBytesMax]),
  )
  const [first] = rows
  if (first === undefined) return { ...nothingYet, from: 0, changes: [] }
  const from = first['start']
  if (typeof from !== 'number') throw corrupt()
  // A feed without a change after that place still has its one row: the head.
  return { ...headOf(first), from, changes: rows.filter(({ seq }) => seq !== null).map(changeOf) }
}

/** Reads where a tenant's feed stands. */
export async function readHead(database: Database, tenant: string): Promise<FeedHead> {
  const [row] = await database.tx(tenant, ({ query }) => query('holdfast-read-head', headSql, [tenant]))
  return row === undefined ? nothingYet : headOf(row)
}

function headOf({ epoch, head }: Row): FeedHead {
  if (typeof epoch !== 'string' || typeof head !== 'number') throw corrupt()
  return { epoch, head }
}

function changeOf(row: Row): Change {
  const { seq, kind, id, version, deleted, has_state: hasState, state } = row
  if (typeof seq !== 'number' || typeof version !== 'number' || typeof deleted !== 'boolean') throw corrupt()
  if (typeof kind !== 'string' || typeof id !== 'string') throw corrupt()
  return { seq, kind, id, version, deleted, ...(hasState === true && isStoredJson(state) && { state }) }
}

/** What comes out of a jsonb column is JSON: PostgreSQL has checked it. */
function isStoredJson(value: unknown): value is Json {
  return value !== undefined
}

function corrupt(): ServerError {
  return new ServerError('corrupt-row', 'The feed holds a row that this release cannot read.')
}
