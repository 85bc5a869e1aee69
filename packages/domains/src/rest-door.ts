/**
 * REST doors, for those who know nothing of Holdfast. One request is one operation; it ends in the same handler and the
 * same ledger as the batch door. The request's `Idempotency-Key`, else the payload's own id, is the operation's id.
 */
import {
  describeIssues,
  isJson,
  isRecord,
  parseOperationId,
  problem,
  type Json,
  type JsonObject,
  type OperationDefinition,
  type OperationId,
  type OperationOutcome,
  type Problem,
  type WireOperation,
} from '@holdfast/core'
import {
  jsonAnswer,
  methodNotAllowed,
  problemAnswer,
  restFailureOf,
  wireOperationOf,
  type BatchOwner,
  type DoorRequest,
  type Session,
  type SyncServer,
} from '@holdfast/server'
import type { Hono } from 'hono'

/** What the ledger keeps as the device of an operation that came through a REST door. */
const restDevice = 'rest'

/** A door for one type of operation. */
export interface RestDoorOptions<Payload> {
  readonly method: 'POST' | 'PUT' | 'PATCH'
  readonly definition: OperationDefinition<Payload>
  /** The payload's own id, the operation's where no `Idempotency-Key` came. */
  readonly idOf: (payload: Payload) => string
  /** The payload that a body stands for. Default: the body. What it cannot read, it leaves for the schema to refuse. */
  readonly payloadOf?: (body: JsonObject, request: DoorRequest) => Json
  /** Goes on once the operation has been applied, now or before, and answers in place of the usual answer. */
  readonly respond?: (applied: AppliedRequest<Payload>) => Promise<Response>
}

/** A request whose operation has been applied, now or before. */
export interface AppliedRequest<Payload> {
  readonly session: Session
  readonly payload: Payload
  readonly outcome: OperationOutcome
}

/** A door of whichever payload. */
export interface RestDoor {
  readonly method: 'POST' | 'PUT' | 'PATCH'
  readonly answer: (request: DoorRequest, sync: SyncServer) => Promise<Response>
}

/** Makes a door. */
export function restDoor<Payload>(door: RestDoorOptions<Payload>): RestDoor {
  return { method: door.method, answer: (request, sync) => answerOne(request, sync, door) }
}

/** Adds the doors of one path, each with its own method, and the answer to all other methods. */
export function addDoors(routes: Hono, sync: SyncServer, path: string, doors: readonly RestDoor[]): void {
  for (const { method, answer } of doors) {
    const handler = sync.door('json', (request) => answer(request, sync))
    routes.on(method, path, handler)
  }
  routes.all(path, methodNotAllowed(...doors.map(({ method }) => method)))
}

async function answerOne<Payload>(
  request: DoorRequest,
  sync: SyncServer,
  door: RestDoorOptions<Payload>,
): Promise<Response> {
  const key = idempotencyKeyOf(request.request)
  if (key === null) return problemAnswer(unusableKey)
  const read = await readOperation(request, door, key)
  if (read.problem !== undefined) return problemAnswer(read.problem)
  const [outcome] = await sync.apply(restOwnerOf(request.session), [read.operation])
  if (outcome === undefined) return problemAnswer(problem('internal', 'The server failed'))
  const failure = restFailureOf(outcome)
  if (failure !== undefined) return problemAnswer(failure.problem, failure)
  if (door.respond !== undefined) return door.respond({ session: request.session, payload: read.payload, outcome })
  return usualAnswer(request.session, sync, read.operation, outcome)
}

/** 201, or 200 for what had come before: the thing as it is now, under the name of its kind. */
async function usualAnswer(
  { tenant }: Session,
  sync: SyncServer,
  { id, entity }: WireOperation,
  outcome: OperationOutcome,
): Promise<Response> {
  const duplicate = outcome.outcome === 'duplicate'
  const status = duplicate ? 200 : 201
  if (entity === undefined) return jsonAnswer({ success: true, id, duplicate }, status)
  const stored = (await sync.read(tenant, entity.kind, [entity.id])).get(entity.id)
  const body = { success: true, id: entity.id, version: stored?.version, [entity.kind]: stored?.state, duplicate }
  return jsonAnswer(body, status)
}

type ReadOperation<Payload> =
  | { readonly operation: WireOperation; readonly payload: Payload; readonly problem?: undefined }
  | { readonly problem: Problem }

async function readOperation<Payload>(
  request: DoorRequest,
  { definition, idOf, payloadOf }: RestDoorOptions<Payload>,
  key: OperationId | undefined,
): Promise<ReadOperation<Payload>> {
  const { body } = request
  if (!isJson(body) || !isObject(body)) return { problem: invalid('must be an object that can be stored') }
  const payload = payloadOf === undefined ? body : payloadOf(body, request)
  const checked = await definition.payload['~standard'].validate(payload)
  if (checked.issues !== undefined) return { problem: invalid(describeIssues(checked.issues)) }
  const id = key ?? parseOperationId(idOf(checked.value))
  if (id === undefined) return { problem: invalid('id: must be there, or an Idempotency-Key') }
  return { operation: wireOperationOf(definition, payload, checked.value, { id }), payload: checked.value }
}

function isObject(value: Json): value is JsonObject {
  return isRecord(value)
}

/** The header's key, also when it comes as a quoted string; `undefined` without the header, `null` when unusable. */
function idempotencyKeyOf(request: Request): OperationId | undefined | null {
  const header = request.headers.get('idempotency-key')
  if (header === null) return undefined
  const [, quoted] = /^"([^"]*)"$/.exec(header.trim()) ?? []
  return parseOperationId(quoted ?? header.trim()) ?? null
}

/** Whose operations come through a REST door. */
export function restOwnerOf({ tenant, user, roles }: Session): BatchOwner {
  return { tenant, user, roles, device: restDevice }
}

/** The problem of a payload that does not fit its type. */
export function invalid(detail: string): Problem {
  return problem('invalid-payload', 'The data does not fit its type', { detail })
}

/** The problem of an `Idempotency-Key` that is no operation's id. */
const unusableKey: Problem = problem('invalid-request', 'The Idempotency-Key cannot be used', {
  detail: 'It must be 1 to 128 characters of A-Z a-z 0-9 _ . : -',
})
