/**
 * The rules of applying a batch, pure: ledger rows and entities come in, outcomes and writes go out. The server's apply
 * path puts this between two statements; an in-memory server can put it between two maps.
 *
 * For each operation, in the batch's order:
 *
 *   lane stopped ──▶ deferred
 *   in the ledger ─▶ duplicate (or rejected: the id was used for something else)
 *   replaces one that was applied ─▶ duplicate of that one
 *   absorbs others ▶ decided like any other; what of them is not applied is tombstoned
 *   only cancels ──▶ applied, and the other is tombstoned
 *   not to be taken now ─▶ deferred        data or role not acceptable ─▶ rejected
 *   needs one that is unknown ─▶ deferred  needs one that was refused ─▶ rejected (so does what refers to its ids)
 *   else decided ──▶ applied, rejected or conflict
 *
 * Whatever is not applied stops its lane. A deferred operation leaves no trace. Effects are not run here: the rules ask
 * for each where it stands in the order, and go on with its decision.
 */
import {
  linksOf,
  problem,
  settledWith,
  type Attachment,
  type EntityRef,
  type FinalOutcome,
  type Json,
  type OperationId,
  type OperationOutcome,
  type Outcome,
} from '@holdfast/core'
import { isOutdated, type LosingSide } from './conflict.ts'
import {
  checkedDecision,
  type DecideContext,
  type Decision,
  type Entity,
  type Handler,
  type ReceivedOperation,
} from './handler.ts'
import { jobsToStore, type JobToStore } from './jobs/job.ts'
import { appliedOf, currentRowOf, finalOf, type LedgerRow, type LedgerRows } from './ledger.ts'
import { meet, type Met } from './meeting.ts'
import type { PreparedOperation, Readiness } from './prepare.ts'
import type { EffectCall } from './run-effect.ts'

/** An entity as it is stored; `state` is `null` when it has been removed. */
export interface StoredEntity {
  readonly version: number
  readonly state: Json
  readonly lastModifiedMs: number
}

/** What a batch is decided on. */
export interface BatchInput {
  readonly operations: readonly PreparedOperation[]
  /** Rows of all ids that {@link idsToClaim} and {@link idsToRead} name and that the ledger holds, successors included. */
  readonly ledger: LedgerRows
  /** The entities that {@link entitiesToLoad} names and that exist, by {@link entityKey}. */
  readonly entities: ReadonlyMap<string, StoredEntity>
  readonly context: DecideContext
  /** The user's whole uploads among those that the operations name: ids by SHA-256. */
  readonly uploads?: ReadonlyMap<string, string>
  /** Lanes that an earlier part of the same batch has stopped. */
  readonly stoppedLanes?: ReadonlySet<string>
  /** Told of a decider that threw; its operation is answered `deferred` with problem `internal`. */
  readonly onFault?: (type: string, error: unknown) => void
}

/** An entity to be written, with the version that it was read at (0: it did not exist). */
export interface EntityWrite extends StoredEntity {
  readonly ref: EntityRef
  readonly loaded: number
}

/** A side of a conflict to be kept, with the operation that met it. */
export interface LosingSideWrite extends LosingSide {
  readonly operation: OperationId
}

/** What a batch comes to. */
export interface BatchResult {
  /** One per operation, in the batch's order. */
  readonly outcomes: readonly OperationOutcome[]
  /** New rows of the ledger. Their ids were in none of the rows that came in. */
  readonly ledger: LedgerRows
  /** Old rows that got a successor. */
  readonly successors: ReadonlyMap<OperationId, OperationId>
  readonly entities: readonly EntityWrite[]
  readonly losingSides: readonly LosingSideWrite[]
  /** Work that applied operations ask for. */
  readonly jobs: readonly JobToStore[]
  readonly stoppedLanes: ReadonlySet<string>
}

/** How long a client is asked to wait with an operation that this release fails at. */
const faultRetryAfterMs = 60_000

/** How long it is asked to wait for an operation that is still on its way. */
const parentRetryAfterMs = 5_000

/** The map key of an entity. A kind cannot contain NUL. */
export function entityKey({ kind, id }: EntityRef): string {
  return `${kind}\u0000${id}`
}

/** The ids that a batch may write to the ledger: its own and those it replaces or cancels. */
export function idsToClaim(operations: readonly PreparedOperation[]): ReadonlySet<OperationId> {
  return new Set(operations.flatMap(({ wire }) => [wire.id, ...settledWith(wire)]))
}

/** The ids that a batch only asks the ledger about: those its operations need. */
export function idsToRead(operations: readonly PreparedOperation[]): ReadonlySet<OperationId> {
  const claimed = idsToClaim(operations)
  return new Set(operations.flatMap(({ wire }) => parentsOf(wire).filter((id) => !claimed.has(id))))
}

/** The entities that a batch may change, each once. */
export function entitiesToLoad(operations: readonly PreparedOperation[]): readonly EntityRef[] {
  const refs = new Map<string, EntityRef>()
  for (const { readiness } of operations) {
    if (readiness.kind === 'ready' && readiness.entity !== undefined) {
      refs.set(entityKey(readiness.entity), readiness.entity)
    }
  }
  return [...refs.values()]
}

/** The state of a batch while it is being decided. */
interface Run {
  readonly context: DecideContext
  readonly known: Map<OperationId, LedgerRow>
  readonly fresh: Map<OperationId, LedgerRow>
  readonly successors: Map<OperationId, OperationId>
  readonly loaded: ReadonlyMap<string, StoredEntity>
  readonly entities: Map<string, StoredEntity>
  readonly touched: Map<string, EntityRef>
  readonly losing: LosingSideWrite[]
  readonly jobs: JobToStore[]
  readonly uploads: ReadonlyMap<string, string>
  readonly onFault: (type: string, error: unknown) => void
}

/** Decides a batch of operations that all have deciders. Pure, as long as those are; an effect fails, like a bug. */
export function decideBatch(input: BatchInput): BatchResult {
  const steps = decideSteps(input)
  let step = steps.next()
  while (step.done !== true) step = steps.throw(new TypeError('An effect needs a database.'))
  return step.value
}

/** Decides a batch, and asks for each effect on its way: to be given its decision, or the error that it threw. */
export function* decideSteps(input: BatchInput): Generator<EffectCall, BatchResult, Decision> {
  const run: Run = {
    context: input.context,
    known: new Map(input.ledger),
    fresh: new Map(),
    successors: new Map(),
    loaded: input.entities,
    entities: new Map(input.entities),
    touched: new Map(),
    losing: [],
    jobs: [],
    uploads: input.uploads ?? new Map(),
    onFault: input.onFault ?? (() => undefined),
  }
  const stoppedLanes = new Set(input.stoppedLanes)
  const outcomes: OperationOutcome[] = []
  for (const operation of input.operations) {
    const { id, lane } = operation.wire
    const outcome: Outcome = stoppedLanes.has(lane) ? { outcome: 'deferred' } : yield* outcomeOf(operation, run)
    if (appliedOf(outcome) === undefined) stoppedLanes.add(lane)
    outcomes.push({ id, ...outcome })
  }
  return {
    outcomes,
    ledger: run.fresh,
    successors: run.successors,
    entities: [...run.touched].flatMap(([key, ref]) => {
      const entity = run.entities.get(key)
      return entity === undefined ? [] : [{ ref, loaded: run.loaded.get(key)?.version ?? 0, ...entity }]
    }),
    losingSides: run.losing,
    jobs: run.jobs,
    stoppedLanes,
  }
}

/** The steps of one operation, or of a part of it. */
type Steps<Result> = Generator<EffectCall, Result, Decision>

function* outcomeOf(operation: PreparedOperation, run: Run): Steps<Outcome> {
  const { wire, hash } = operation
  const row = run.known.get(wire.id)
  if (row !== undefined) {
    if (row.user !== run.context.user || (row.hash !== null && row.hash !== hash)) return idReused
    return row.outcome.outcome === 'duplicate' ? row.outcome : { outcome: 'duplicate', first: row.outcome }
  }
  const settledByOther = replacedOutcome(operation, run)
  const outcome = settledByOther ?? (yield* ownOutcome(operation, run))
  if (outcome.outcome === 'deferred') return outcome
  record(run, wire.id, { user: run.context.user, hash, outcome })
  if (settledByOther === undefined) retire(operation, run)
  return outcome
}

/** The outcome of an operation whose predecessor settles it: that one was applied, or is somebody else's. */
function replacedOutcome({ wire }: PreparedOperation, run: Run): Exclude<Outcome, { outcome: 'deferred' }> | undefined {
  for (const link of linksOf(wire)) {
    const own = run.known.get(link)
    if (own === undefined) continue
    if (own.user !== run.context.user) return foreignLink
    // A cancel asks about exactly what it names: a later replacement of that is another matter.
    const row = wire.cancel !== undefined ? own : (currentRowOf(link, run.known) ?? own)
    const first = appliedOf(row.outcome)
    if (first !== undefined) return { outcome: 'duplicate', first, of: link }
  }
  const isForeign = (id: OperationId): boolean => (run.known.get(id)?.user ?? run.context.user) !== run.context.user
  return wire.absorbs?.some(isForeign) === true ? foreignLink : undefined
}

/** Makes sure that what this operation replaces or cancels is never applied, and says what took its place. */
function retire({ wire }: PreparedOperation, run: Run): void {
  for (const link of settledWith(wire)) {
    const old = run.known.get(link)
    if (old === undefined) {
      const successor = wire.cancel === undefined ? { successor: wire.id } : {}
      record(run, link, { user: run.context.user, hash: null, outcome: cancelled, ...successor })
    } else if (appliedOf(old.outcome) === undefined && (wire.cancel === undefined || old.successor === undefined)) {
      // Nothing takes the place of what was taken back, not even what that itself was to replace: it is its own successor.
      const successor = wire.cancel === undefined ? wire.id : link
      // Two copies of one device may have replaced it, each in its way: the last of the other line gives way as well.
      const last = wire.cancel === undefined ? lastOf(link, run.known) : link
      for (const id of new Set([link, last])) if (id !== wire.id) giveWay(id, successor, run)
    }
  }
}

/** The last of those that took an operation's place, one after the other. */
function lastOf(id: OperationId, rows: LedgerRows): OperationId {
  const seen = new Set<OperationId>()
  let last = id
  for (let next: OperationId | undefined = id; next !== undefined && !seen.has(next) && rows.has(next);) {
    seen.add(next)
    last = next
    next = rows.get(next)?.successor
  }
  return last
}

function giveWay(id: OperationId, successor: OperationId, run: Run): void {
  const row = run.known.get(id)
  if (row === undefined) return
  run.known.set(id, { ...row, successor })
  const fresh = run.fresh.get(id)
  if (fresh === undefined) run.successors.set(id, successor)
  else run.fresh.set(id, { ...fresh, successor })
}

function* ownOutcome(
  operation: PreparedOperation,
  run: Run,
): Steps<FinalOutcome | Extract<Outcome, { outcome: 'deferred' }>> {
  const { wire, readiness } = operation
  switch (readiness.kind) {
    case 'cancel':
      return { outcome: 'applied' }
    case 'invalid':
      return { outcome: 'rejected', problem: readiness.problem }
    case 'not-now':
      return { outcome: 'deferred', problem: readiness.problem, retryAfterMs: readiness.retryAfterMs }
    case 'waits':
    case 'ready':
      break
  }
  let baseVersion =
    wire.base !== undefined && 'version' in wire.base ? versionAfterAbsorbed(wire, wire.base, run) : undefined
  for (const parent of parentsOf(wire)) {
    const row = currentRowOf(parent, run.known)
    if (row === undefined || row.user !== run.context.user) return needs(parent)
    const final = finalOf(row.outcome)
    const isTakenBack = row.successor !== undefined && run.known.get(row.successor) === row
    if (final.outcome === 'conflict' && !isTakenBack) return needs(parent)
    if (final.outcome !== 'applied') return parentRefused
    if (wire.base !== undefined && 'after' in wire.base && wire.base.after === parent) baseVersion = final.version
  }
  // Applied since its rows were read: the ids are there the next time.
  if (readiness.kind === 'waits') return needs(readiness.parent)
  if (wire.attachments?.some(({ sha256 }) => !run.uploads.has(sha256)) === true) return attachmentMissing
  try {
    return yield* decided(operation, readiness, baseVersion, run)
  } catch (error) {
    run.onFault(wire.type, error)
    return internalFault
  }
}

/**
 * The version that a change was made on, moved by what it absorbs: an older change of the same person that was applied
 * after all, and on that very version, is no conflict with it.
 */
function versionAfterAbsorbed(
  { absorbs = [] }: PreparedOperation['wire'],
  { version: madeOn }: { readonly version: number },
  run: Run,
): number {
  let version = madeOn
  for (const id of absorbs.toReversed()) {
    const row = run.known.get(id)
    const applied = row === undefined ? undefined : appliedOf(row.outcome)
    if (applied?.version === version + 1 && applied.conflictResolved !== true) version += 1
  }
  return version
}

function* decided(
  { wire }: PreparedOperation,
  { handler, payload, entity: ref }: Extract<Readiness, { kind: 'ready' }>,
  baseVersion: number | undefined,
  run: Run,
): Steps<FinalOutcome> {
  const { definition } = handler
  const received: ReceivedOperation<unknown> = {
    id: wire.id,
    type: wire.type,
    payload,
    ageMs: wire.ageMs,
    ...(ref !== undefined && { entity: ref }),
    ...(wire.attachments !== undefined && { attachments: uploadsOf(wire.attachments, run) }),
    ...(wire.base !== undefined && { base: wire.base }),
  }
  const key = ref === undefined ? undefined : entityKey(ref)
  const stored = key === undefined ? undefined : run.entities.get(key)
  const entity: Entity | undefined = stored === undefined || stored.state === null ? undefined : stored
  // What an effect would make of an entity is not tried: its SQL is not for comparing.
  const tried =
    handler.kind === 'effect'
      ? {}
      : { decide: (as: Entity | undefined) => checkedDecision(handler.run(received, as, run.context)) }
  const current = stored ?? { version: 0, state: null, lastModifiedMs: 0 }
  const met: Met =
    ref !== undefined && isOutdated(current, wire.base, baseVersion)
      ? meet({
          definition,
          ref,
          current,
          base: wire.base,
          wirePayload: wire.payload,
          payload,
          madeAtMs: run.context.nowMs - wire.ageMs,
          ...tried,
        })
      : { kind: 'none' }
  if (met.kind === 'settled') {
    run.losing.push({ operation: wire.id, ...met.losing })
    return met.outcome
  }
  const own = yield* decisionOf(handler, received, entity, run.context)
  if (own.kind === 'refused') {
    return { outcome: 'rejected', problem: problem('refused', 'Refused', { detail: own.detail }) }
  }
  const conflictResolved = met.kind === 'apply'
  const merged = met.kind === 'apply' ? met.state : undefined
  const decision = merged === undefined ? own : { ...own, state: merged, result: merged }
  if (met.kind === 'apply') run.losing.push({ operation: wire.id, ...met.losing })
  run.jobs.push(...jobsToStore(wire.id, decision.jobs))
  let version: number | undefined
  if (key !== undefined && ref !== undefined) {
    version = stored?.version ?? 0
    if (decision.state !== undefined) {
      version += 1
      run.entities.set(key, { version, state: decision.state, lastModifiedMs: run.context.nowMs })
      run.touched.set(key, ref)
    }
  }
  return {
    outcome: 'applied',
    ...(version !== undefined && { version }),
    ...(decision.ids !== undefined && { ids: decision.ids }),
    ...(decision.result !== undefined && { result: decision.result }),
    ...(conflictResolved && { conflictResolved }),
  }
}

function* decisionOf(
  handler: Handler,
  operation: ReceivedOperation<unknown>,
  entity: Entity | undefined,
  context: DecideContext,
): Steps<Decision> {
  if (handler.kind === 'effect') return yield { handler, operation, entity, context }
  return checkedDecision(handler.run(operation, entity, context))
}

function record(run: Run, id: OperationId, row: LedgerRow): void {
  run.known.set(id, row)
  run.fresh.set(id, row)
}

function parentsOf(wire: PreparedOperation['wire']): readonly OperationId[] {
  const base = wire.base !== undefined && 'after' in wire.base ? [wire.base.after] : []
  return [...(wire.after ?? []), ...base]
}

function needs(parent: OperationId): Extract<Outcome, { outcome: 'deferred' }> {
  return {
    outcome: 'deferred',
    problem: problem('in-progress', 'Waits for another operation', {
      detail: `It needs ${parent}, which is not applied.`,
    }),
    retryAfterMs: parentRetryAfterMs,
  }
}

function uploadsOf(attachments: readonly Attachment[], run: Run): Readonly<Record<string, string>> {
  return Object.fromEntries(attachments.map(({ name, sha256 }) => [name, run.uploads.get(sha256) ?? '']))
}

/** Retryable: the client keeps the bytes until the operation is applied, and sends them again. */
const attachmentMissing: Extract<Outcome, { outcome: 'deferred' }> = {
  outcome: 'deferred',
  problem: problem('attachment-missing', 'A file that it names has not arrived', {
    detail: 'Send the file, then the operation again.',
  }),
  retryAfterMs: parentRetryAfterMs,
}

const idReused: FinalOutcome = {
  outcome: 'rejected',
  problem: problem('id-reused', 'The id has been used before', {
    detail: 'An operation with this id and other content has come before. A new operation needs a new id.',
  }),
}

const foreignLink: FinalOutcome = {
  outcome: 'rejected',
  problem: problem('forbidden', 'Not your operation', {
    detail: 'Only who made an operation may replace or cancel it.',
  }),
}

const cancelled: FinalOutcome = {
  outcome: 'rejected',
  problem: problem('cancelled', 'Cancelled', { detail: 'It was taken back or replaced before it was applied.' }),
}

const parentRefused: FinalOutcome = {
  outcome: 'rejected',
  problem: problem('parent-refused', 'Needs what was refused', {
    detail: 'An operation that this one needs was refused.',
  }),
}

const internalFault: Outcome & { readonly outcome: 'deferred' } = {
  outcome: 'deferred',
  problem: problem('internal', 'The server failed at this operation', { detail: 'Nothing was changed.' }),
  retryAfterMs: faultRetryAfterMs,
}
