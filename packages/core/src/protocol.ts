/**
 * The wire: what a client sends to the batch door and what comes back. The one place where client and server meet.
 *
 * Both sides parse what they receive with the functions here; nothing else reads a raw body.
 */
import { parseOperationId, type OperationId } from './id.ts'
import { findJsonFault, isRecord, type Json, type JsonFault } from './json.ts'
import { laneKeyMax } from './lane.ts'
import { attachmentsMax, earlierMax, parentsMax, type Attachment, type Base, type EntityRef } from './operation.ts'
import { parseOperationOutcome, type OperationOutcome } from './outcome.ts'
import { batchOperationsMax } from './policy.ts'

/** The version of the protocol that this release speaks. */
export const protocolVersion = 1

/** The media type of an answer of the batch door and of the health door: nobody else's 200 can be taken for ours. */
export const answerMediaType = 'application/vnd.holdfast+json'

/** The path of the batch door. */
export const batchPath = '/api/sync/offline-operations'

/** The path of the health door, which is what a client probes. */
export const healthPath = '/api/sync/health'

/** One operation as it travels. It carries its age, not its time: the receiver needs no clock of the sender's. */
export interface WireOperation {
  readonly id: OperationId
  readonly type: string
  readonly version: number
  readonly lane: string
  readonly payload: Json
  readonly ageMs: number
  readonly entity?: EntityRef
  readonly base?: Base
  readonly after?: readonly OperationId[]
  readonly supersedes?: OperationId
  readonly resolves?: OperationId
  readonly cancel?: OperationId
  readonly earlier?: readonly OperationId[]
  readonly absorbs?: readonly OperationId[]
  readonly attachments?: readonly Attachment[]
  readonly traceparent?: string
}

/** What a client sends. `tenant` and `user` are asserted, never believed: the session decides. */
export interface BatchRequest {
  readonly protocol: typeof protocolVersion
  readonly tenant: string
  readonly user: string
  readonly device: string
  /** Counts the device's batches. A number that falls or leaps shows a cloned or cleared device. */
  readonly sequence: number
  /** How many entries the device still holds, this batch included. */
  readonly pending: number
  /** The age of the oldest of them, ms. */
  readonly oldestAgeMs: number
  readonly operations: readonly WireOperation[]
}

/** What comes back: an outcome for each operation, in any order. One that is missing is unknown and is sent again. */
export interface BatchAnswer {
  readonly outcomes: readonly OperationOutcome[]
}

/** What the health door answers: that it is us, and whose session this is. */
export interface HealthAnswer {
  readonly holdfast: typeof protocolVersion
  readonly session: { readonly tenant: string; readonly user: string } | null
}

/** Why a request was not understood, for a problem document. */
export interface WireFault {
  readonly pointer: string
  readonly reason: string
}

/** A parsed value, or why there is none. */
export type Parsed<Value> = { readonly value: Value; readonly fault?: undefined } | { readonly fault: WireFault }

/**
 * Reads a batch answer. Any deviation gives `undefined`: then nothing is acknowledged. Outcomes that are not
 * well-formed are left out, and so are all outcomes of an operation of which the answer says two different things.
 */
export function parseBatchAnswer(value: unknown): BatchAnswer | undefined {
  if (!isRecord(value) || !Array.isArray(value['outcomes'])) return undefined
  const outcomes = new Map<OperationId, OperationOutcome>()
  const contradicted = new Set<OperationId>()
  for (const item of value['outcomes']) {
    const outcome = parseOperationOutcome(item)
    if (outcome === undefined) continue
    const earlier = outcomes.get(outcome.id)
    if (earlier === undefined) outcomes.set(outcome.id, outcome)
    else if (JSON.stringify(earlier) !== JSON.stringify(outcome)) contradicted.add(outcome.id)
  }
  return { outcomes: [...outcomes.values()].filter(({ id }) => !contradicted.has(id)) }
}

/** Reads a health answer; `undefined` when it is not one. */
export function parseHealthAnswer(value: unknown): HealthAnswer | undefined {
  if (!isRecord(value) || value['holdfast'] !== protocolVersion) return undefined
  const session = value['session']
  if (session === null) return { holdfast: protocolVersion, session: null }
  if (!isRecord(session)) return undefined
  const { tenant, user } = session
  if (typeof tenant !== 'string' || typeof user !== 'string') return undefined
  return { holdfast: protocolVersion, session: { tenant, user } }
}

/**
 * Reads a batch request. Payloads and base states are not judged here: one that cannot be stored is that operation's
 * own fault and must not take its batch down (see {@link findOperationFault}).
 */
export function parseBatchRequest(value: unknown): Parsed<BatchRequest> {
  if (!isRecord(value)) return fault('', 'the body must be a JSON object')
  if (value['protocol'] !== protocolVersion) return fault('/protocol', `the protocol must be ${protocolVersion}`)
  const { tenant, user, device, sequence, pending, oldestAgeMs, operations } = value
  for (const [name, text] of Object.entries({ tenant, user, device })) {
    if (!isShortText(text)) return fault(`/${name}`, 'must be text of 1 to 200 characters')
  }
  for (const [name, count] of Object.entries({ sequence, pending, oldestAgeMs })) {
    if (!isCount(count)) return fault(`/${name}`, 'must be a whole number, 0 or more')
  }
  if (!Array.isArray(operations)) return fault('/operations', 'must be an array')
  if (operations.length === 0 || operations.length > batchOperationsMax) {
    return fault('/operations', `must hold 1 to ${batchOperationsMax} operations; got ${operations.length}`)
  }
  const parsed: WireOperation[] = []
  const seen = new Set<OperationId>()
  for (const [index, item] of operations.entries()) {
    const operation = parseWireOperation(item, `/operations/${index}`)
    if (operation.fault !== undefined) return operation
    if (seen.has(operation.value.id)) return fault(`/operations/${index}/id`, 'must not stand twice in one batch')
    seen.add(operation.value.id)
    parsed.push(operation.value)
  }
  // The loops above have checked these; the assertions below are for the compiler and can not fail.
  if (!isShortText(tenant) || !isShortText(user) || !isShortText(device)) return fault('', 'identity')
  if (!isCount(sequence) || !isCount(pending) || !isCount(oldestAgeMs)) return fault('', 'counts')
  return {
    value: { protocol: protocolVersion, tenant, user, device, sequence, pending, oldestAgeMs, operations: parsed },
  }
}

/** Reads one operation; `pointer` is where it stands in the request. */
export function parseWireOperation(value: unknown, pointer: string): Parsed<WireOperation> {
  if (!isRecord(value)) return fault(pointer, 'an operation must be an object')
  const id = parseOperationId(value['id'])
  if (id === undefined) return fault(`${pointer}/id`, 'must be 1 to 128 characters of A-Z a-z 0-9 _ . : -')
  const { type, version, lane, ageMs, payload, traceparent } = value
  if (!isShortText(type)) return fault(`${pointer}/type`, 'must be text of 1 to 200 characters')
  if (!isCount(version) || version < 1) return fault(`${pointer}/version`, 'must be a whole number, 1 or more')
  if (!isShortText(lane) || lane.length > laneKeyMax)
    return fault(`${pointer}/lane`, 'must be text of 1 to 200 characters')
  if (!isCount(ageMs)) return fault(`${pointer}/ageMs`, 'must be a whole number, 0 or more')
  if (!isParsedJson(payload)) return fault(`${pointer}/payload`, 'must be present')
  const entity = parseEntity(value['entity'])
  if (entity === null) return fault(`${pointer}/entity`, 'must be { kind, id }, text of 1 to 200 characters each')
  const base = parseBase(value['base'])
  if (base === null)
    return fault(`${pointer}/base`, 'must be { version, state? }, { lastModifiedMs, state? } or { after: id }')
  if (base !== undefined && 'after' in base && base.after === id) {
    return fault(`${pointer}/base/after`, 'must be the id of another operation')
  }
  const after = parseIds(value['after'], parentsMax)
  if (after === null || after?.includes(id) === true) {
    return fault(`${pointer}/after`, `must be an array of at most ${parentsMax} ids of other operations`)
  }
  const earlier = parseIds(value['earlier'], earlierMax)
  if (earlier === null || earlier?.includes(id) === true) {
    return fault(`${pointer}/earlier`, `must be an array of at most ${earlierMax} ids of other operations`)
  }
  const absorbs = parseIds(value['absorbs'], earlierMax)
  if (absorbs === null || absorbs?.includes(id) === true) {
    return fault(`${pointer}/absorbs`, `must be an array of at most ${earlierMax} ids of other operations`)
  }
  const attachments = parseAttachments(value['attachments'])
  if (attachments === null) {
    return fault(`${pointer}/attachments`, `must be at most ${attachmentsMax} of { name, sha256 }, each name once`)
  }
  const links: { supersedes?: OperationId; resolves?: OperationId; cancel?: OperationId } = {}
  for (const name of ['supersedes', 'resolves', 'cancel'] as const) {
    if (value[name] === undefined) continue
    const link = parseOperationId(value[name])
    if (link === undefined || link === id) return fault(`${pointer}/${name}`, 'must be the id of another operation')
    links[name] = link
  }
  return {
    value: {
      id,
      type,
      version,
      lane,
      payload,
      ageMs,
      ...(entity !== undefined && { entity }),
      ...(base !== undefined && { base }),
      ...(after !== undefined && { after }),
      ...links,
      ...(earlier !== undefined && { earlier }),
      ...(absorbs !== undefined && { absorbs }),
      ...(attachments !== undefined && { attachments }),
      ...(isShortText(traceparent) && { traceparent }),
    },
  }
}

/**
 * Finds the first reason why the data of a parsed operation cannot be stored, or `undefined`. To be asked before
 * anything else reads or hashes its payload or its base state; `path` starts at the operation.
 */
export function findOperationFault(operation: WireOperation): JsonFault | undefined {
  const { payload, base } = operation
  const payloadFault = findJsonFault(payload)
  if (payloadFault !== undefined) return { ...payloadFault, path: `/payload${payloadFault.path}` }
  const stateFault = base !== undefined && 'state' in base ? findJsonFault(base.state) : undefined
  return stateFault === undefined ? undefined : { ...stateFault, path: `/base/state${stateFault.path}` }
}

/**
 * What makes an operation itself, for the hash that tells a repeated send from a reused id: all that was fixed at
 * enqueue, and nothing that changes between sends. Hash it by `canonicalText`, after {@link findOperationFault}.
 */
export function identityOfOperation(operation: WireOperation): { readonly [key: string]: Json | undefined } {
  const { type, version, lane, payload, entity, base, after, supersedes, resolves, cancel, earlier, absorbs } =
    operation
  const attachments = operation.attachments?.map(({ name, sha256 }) => ({ name, sha256 }))
  return {
    type,
    version,
    lane,
    payload,
    entity: entity === undefined ? undefined : { kind: entity.kind, id: entity.id },
    base: base === undefined ? undefined : baseAsJson(base),
    after,
    supersedes,
    resolves,
    cancel,
    earlier,
    absorbs,
    attachments,
  }
}

function baseAsJson(base: Base): Json {
  if ('after' in base) return { after: base.after }
  const made = 'version' in base ? { version: base.version } : { lastModifiedMs: base.lastModifiedMs }
  return base.state === undefined ? made : { ...made, state: base.state }
}

function parseEntity(value: unknown): EntityRef | undefined | null {
  if (value === undefined) return undefined
  if (!isRecord(value)) return null
  const { kind, id } = value
  return isShortText(kind) && isShortText(id) ? { kind, id } : null
}

function parseBase(value: unknown): Base | undefined | null {
  if (value === undefined) return undefined
  if (!isRecord(value)) return null
  const { version, lastModifiedMs, state, after } = value
  if (after !== undefined) {
    const id = parseOperationId(after)
    return id === undefined ? null : { after: id }
  }
  const kept = isParsedJson(state) ? { state } : {}
  if (version === undefined && isCount(lastModifiedMs)) return { lastModifiedMs, ...kept }
  return isCount(version) ? { version, ...kept } : null
}

function parseIds(value: unknown, most: number): readonly OperationId[] | undefined | null {
  if (value === undefined) return undefined
  if (!Array.isArray(value) || value.length > most) return null
  const ids = value.map(parseOperationId)
  return ids.every((id) => id !== undefined) ? ids : null
}

function parseAttachments(value: unknown): readonly Attachment[] | undefined | null {
  if (value === undefined) return undefined
  if (!Array.isArray(value) || value.length > attachmentsMax) return null
  const attachments = value.flatMap((item): readonly Attachment[] => {
    if (!isRecord(item)) return []
    const { name, sha256 } = item
    const isHash = typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256)
    return isShortText(name) && isHash ? [{ name, sha256 }] : []
  })
  const names = new Set(attachments.map(({ name }) => name))
  return names.size === value.length ? attachments : null
}

/** What came out of JSON.parse and is there at all is JSON; whether it can be stored is judged by findOperationFault. */
function isParsedJson(value: unknown): value is Json {
  return value !== undefined
}

function isShortText(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= 200 && findJsonFault(value) === undefined
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function fault(pointer: string, reason: string): { readonly fault: WireFault } {
  return { fault: { pointer, reason } }
}
