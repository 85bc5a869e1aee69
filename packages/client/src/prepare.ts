/** Preparation: from a definition and a payload to an operation that can be stored, or a clear error. Nothing is stored here. */
import {
  describeIssues,
  findJsonFault,
  isJson,
  parentsMax,
  SyncError,
  type AnyOperationDefinition,
  type EntityRef,
  type Json,
  type Operation,
  type OperationId,
  type QueuedOperation,
  type SchemaResult,
} from '@holdfast/core'
import type { Environment } from './environment.ts'
import { newId } from './new-id.ts'
import type { EnqueueOptions } from './outbox.ts'
import { standIn, type StandIns } from './stand-ins.ts'
import { textOf } from './store/operation-text.ts'

/** The largest operation, in UTF-16 code units of its JSON: half of what a request may carry. */
const operationSizeMax: number = 256 * 1024

/** Checks the payload and makes the operation. Synchronous when the schema is. */
export function prepare(
  definition: AnyOperationDefinition,
  payload: unknown,
  options: EnqueueOptions,
  environment: Environment,
): QueuedOperation | Promise<QueuedOperation> {
  const standIns = standIn(payload, definition.type, () => newId(environment))
  const result = definition.payload['~standard'].validate(standIns === undefined ? payload : standIns.payload)
  if (result instanceof Promise) return result.then((late) => build(definition, late, standIns, options, environment))
  return build(definition, result, standIns, options, environment)
}

function build(
  definition: AnyOperationDefinition,
  result: SchemaResult<unknown>,
  standIns: StandIns | undefined,
  options: EnqueueOptions,
  environment: Environment,
): QueuedOperation {
  const { type, version } = definition
  if (result.issues !== undefined) {
    throw new SyncError('invalid-payload', `The payload of "${type}" is not valid: ${describeIssues(result.issues)}`)
  }
  const checked = jsonOf(result.value, type)
  const payload = standIns === undefined ? checked : standIns.restore(checked)
  const lane = definition.lane(result.value)
  if (standIns?.isIn(lane.key) === true) {
    throw new SyncError(
      'invalid-payload',
      `The lane of "${type}" depends on a reference. Order needs a key that the device knows: use an id of its own there.`,
    )
  }
  const entity = entityOf(definition, result.value, standIns)
  const { base, traceparent } = options
  const id = options.id ?? newId(environment)
  const after = parentsOf(id, type, options.after, standIns)
  if (base !== undefined && 'state' in base) jsonOf(base.state, type)
  if (entity !== undefined && (!isShortText(entity.kind) || !isShortText(entity.id))) {
    throw new SyncError('invalid-payload', `The entity of "${type}" needs a kind and an id of 1 to 200 characters.`)
  }
  const operation: Operation = {
    id,
    type,
    version,
    lane: lane.key,
    payload,
    createdAtMs: environment.clock.now(),
    ...(entity !== undefined && { entity: { kind: entity.kind, id: entity.id } }),
    ...(base !== undefined && { base }),
    ...(after.length > 0 && { after }),
    ...(traceparent !== undefined && { traceparent }),
  }
  const size = textOf(operation).length
  if (size > operationSizeMax) {
    throw new SyncError(
      'too-large',
      `An operation has at most ${operationSizeMax} characters of JSON; this "${type}" has ${size}. Send large data as an attachment.`,
    )
  }
  return { operation, priority: lane.priority, onDead: lane.onDead }
}

/** The entity, unless it depends on an id that only the server will know: then the server alone says which it is. */
function entityOf(
  definition: AnyOperationDefinition,
  value: unknown,
  standIns: StandIns | undefined,
): EntityRef | undefined {
  const entity = definition.entity?.(value)
  return entity === undefined || standIns?.isIn(entity.id) === true ? undefined : entity
}

/** The operations that must be applied first: those that the caller names, and those whose ids the payload needs. */
function parentsOf(
  id: OperationId,
  type: string,
  named: readonly OperationId[] = [],
  standIns: StandIns | undefined,
): readonly OperationId[] {
  if (named.length === 0 && standIns === undefined) return []
  const parents = [...new Set([...named, ...(standIns?.parents ?? [])])]
  if (parents.length > parentsMax || parents.includes(id)) {
    throw new SyncError(
      'invalid-payload',
      `"${type}" may come after at most ${parentsMax} other operations; got ${parents.length}${parents.includes(id) ? ', itself among them' : ''}.`,
    )
  }
  return parents
}

function jsonOf(value: unknown, type: string): Json {
  if (isJson(value)) return value
  const fault = findJsonFault(value)
  const where = fault === undefined || fault.path === '' ? 'it' : fault.path
  throw new SyncError(
    'invalid-payload',
    `The payload of "${type}" cannot be stored as JSON: at ${where}, ${fault?.reason ?? ''}.`,
  )
}

function isShortText(text: string): boolean {
  return text.length > 0 && text.length <= 200 && findJsonFault(text) === undefined
}
