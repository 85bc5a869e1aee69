/** Preparation: from a definition and a payload to an operation that can be stored, or a clear error. Nothing is stored here. */
import {
  describeIssues,
  findJsonFault,
  isJson,
  operationIdFrom,
  operationIdRandomBytes,
  SyncError,
  type AnyOperationDefinition,
  type Json,
  type Operation,
  type QueuedOperation,
  type SchemaResult,
} from '@holdfast/core'
import type { Environment } from './environment.ts'
import type { EnqueueOptions } from './outbox.ts'
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
  const result = definition.payload['~standard'].validate(payload)
  if (result instanceof Promise) return result.then((late) => build(definition, late, options, environment))
  return build(definition, result, options, environment)
}

function build(
  definition: AnyOperationDefinition,
  result: SchemaResult<unknown>,
  options: EnqueueOptions,
  { clock, random }: Environment,
): QueuedOperation {
  const { type, version } = definition
  if (result.issues !== undefined) {
    throw new SyncError('invalid-payload', `The payload of "${type}" is not valid: ${describeIssues(result.issues)}`)
  }
  const payload = jsonOf(result.value, type)
  const lane = definition.lane(result.value)
  const entity = definition.entity?.(result.value)
  const { id, base, after, traceparent } = options
  if (base !== undefined && 'state' in base) jsonOf(base.state, type)
  if (entity !== undefined && (!isShortText(entity.kind) || !isShortText(entity.id))) {
    throw new SyncError('invalid-payload', `The entity of "${type}" needs a kind and an id of 1 to 200 characters.`)
  }
  const nowMs = clock.now()
  const operation: Operation = {
    id: id ?? operationIdFrom(nowMs, random.bytes(operationIdRandomBytes)),
    type,
    version,
    lane: lane.key,
    payload,
    createdAtMs: nowMs,
    ...(entity !== undefined && { entity: { kind: entity.kind, id: entity.id } }),
    ...(base !== undefined && { base }),
    ...(after !== undefined && after.length > 0 && { after }),
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
