/** Reading the sides of conflicts that were not chosen: whatever a rule decided, both versions can be had again. */
import { isJson, parseOperationId, problem, type EntityRef, type Json, type OperationId } from '@holdfast/core'
import type { Database } from './database/database.ts'
import { ServerError } from './error.ts'
import { holdfastAnswer, problemAnswer } from './http/answer.ts'
import type { DoorRequest } from './http/door.ts'

/** A side that a conflict did not choose, with what it met. */
export interface KeptSide {
  readonly operation: OperationId
  readonly entity: EntityRef
  /** The entity's version when they met. */
  readonly version: number
  /** Which side it is; with `both`, `data` is `{ current, operation }`. */
  readonly side: 'current' | 'operation' | 'both'
  readonly data: Json
  /** When, ISO 8601. */
  readonly at: string
}

// By the primary key.
const readSql = `
select l.kind, l.id, l.version, l.side, l.data, to_char(l.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at
from holdfast.losing_sides l
where l.tenant = $1 and l.operation = $2`

/** Reads the side that lost when an operation met a conflict; `undefined` when it met none. */
export async function readLosingSide(
  database: Database,
  tenant: string,
  operation: OperationId,
): Promise<KeptSide | undefined> {
  const [row] = await database.tx(tenant, ({ query }) =>
    query('holdfast-read-losing-side', readSql, [tenant, operation]),
  )
  if (row === undefined) return undefined
  const { kind, id, version, side, data, at } = row
  if (
    typeof kind !== 'string' ||
    typeof id !== 'string' ||
    typeof version !== 'number' ||
    (side !== 'current' && side !== 'operation' && side !== 'both') ||
    !isJson(data) ||
    typeof at !== 'string'
  ) {
    throw new ServerError('corrupt-row', 'The database holds a losing side that cannot be read.')
  }
  return { operation, entity: { kind, id }, version, side, data, at }
}

/** Where the side that lost against, or was overwritten by, an operation is read; its id follows. */
export const losingSidePath = '/api/sync/losing-sides/'

/** Answers `GET /api/sync/losing-sides/ID`. Whoever may see the tenant's data may see this. */
export async function answerLosingSide(
  { session, request }: DoorRequest,
  read: (tenant: string, operation: OperationId) => Promise<KeptSide | undefined>,
): Promise<Response> {
  const id = parseOperationId(new URL(request.url).pathname.slice(losingSidePath.length))
  const kept = id === undefined ? undefined : await read(session.tenant, id)
  return kept === undefined
    ? problemAnswer(problem('not-found', 'This operation met no conflict'))
    : holdfastAnswer(kept)
}
