/** Reading entities as they are now: one, or a page of a kind. */
import { type EntityRef } from '@holdfast/core'
import type { Database, Row } from './database/database.ts'
import { ServerError } from './error.ts'
import type { Entity } from './handler.ts'
import { parseStored } from './statements/claim.ts'

/** An entity with its id. */
export interface IdentifiedEntity extends Entity {
  readonly id: string
}

/** A page of entities, and where the next one starts. */
export interface EntityPage {
  readonly entities: readonly IdentifiedEntity[]
  /** The id to go on before; absent on the last page. */
  readonly nextBefore?: string
}

/** Most entities on a page. */
export const entityPageMax = 200

// Both use the primary key of entities.
const columns = 'e.id, e.version, e.state, (extract(epoch from e.last_modified) * 1000)::float8 as last_modified_ms'

const readSql = `
select e.id, e.version, e.state, e.last_modified_ms
from json_array_elements_text($3::text::json) as wanted (id)
cross join lateral (
  select ${columns} from holdfast.entities e
  where e.tenant = $1 and e.kind = $2 and e.id = wanted.id and e.state is not null
  offset 0
) e`

const pageSql = `
select ${columns} from holdfast.entities e
where e.tenant = $1 and e.kind = $2 and ($3::text is null or e.id < $3::text) and e.state is not null
order by e.id desc
limit $4::integer`

/** Reads entities of one kind by id; those that do not exist or were removed are left out. */
export async function readEntities(
  database: Database,
  tenant: string,
  kind: EntityRef['kind'],
  ids: readonly string[],
): Promise<ReadonlyMap<string, Entity>> {
  const rows = await database.tx(tenant, ({ query }) =>
    query('holdfast-read-entities', readSql, [tenant, kind, JSON.stringify(ids)]),
  )
  return new Map(rows.map(parseEntity).map((entity) => [entity.id, entity]))
}

/**
 * Reads a page of a tenant's entities of one kind, by descending id: where ids are UUIDv7, newest first. Removed ones
 * are left out. `limit` is clamped to 1 to {@link entityPageMax}.
 */
export async function listEntities(
  database: Database,
  tenant: string,
  kind: EntityRef['kind'],
  page: { readonly limit: number; readonly before?: string },
): Promise<EntityPage> {
  const limit = Math.min(Math.max(Math.trunc(page.limit), 1), entityPageMax)
  const rows = await database.tx(tenant, ({ query }) =>
    query('holdfast-list-entities', pageSql, [tenant, kind, page.before ?? null, limit + 1]),
  )
  const entities = rows.slice(0, limit).map(parseEntity)
  const last = entities.at(-1)
  return { entities, ...(rows.length > limit && last !== undefined && { nextBefore: last.id }) }
}

function parseEntity(row: Row): IdentifiedEntity {
  const { id } = row
  if (typeof id !== 'string') throw new ServerError('corrupt-row', 'The database holds an entity without an id.')
  return { id, ...parseStored(row) }
}
