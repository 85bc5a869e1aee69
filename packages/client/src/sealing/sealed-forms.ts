/**
 * The sealed forms of operations, states and entries. They are valid operations, states and entries themselves, so that
 * any store keeps them without knowing: only what tells something is replaced by a sealed text. Ids, times, counts,
 * positions, priorities and kinds of states stay plain, because stores decide by them.
 *
 * Pure and synchronous: sealing and opening themselves are the caller's, who has their results at hand.
 */
import {
  isRecord,
  parseProblem,
  type Applied,
  type Conflict,
  type DeadReason,
  type DeliveryState,
  type Failure,
  type HeldState,
  type Operation,
  type OperationId,
  type Problem,
} from '@holdfast/core'
import { textOf } from '../store/operation-text.ts'
import { parseJson, parseStoredOperation } from '../store/segment.ts'
import {
  isLive,
  type AttemptRecord,
  type KeptBody,
  type LiveEntry,
  type SettledEntry,
  type StoredEntry,
} from '../store/store.ts'
import { sealedPrefix, type SealedPart } from './cipher.ts'

/** Gives the sealed text of a plain one, or the plain text of a sealed one. */
export type Exchange = (part: SealedPart, id: OperationId, text: string) => string

/** Thrown for what was opened and is not what was sealed. Such a record counts as damaged. */
export class UnreadableError extends Error {
  override readonly name = 'UnreadableError'
}

/** The type that a sealed operation or problem shows. */
const sealedType = 'holdfast.sealed'

/** True for an operation in its sealed form. */
export function isSealed({ type }: Pick<Operation, 'type'>): boolean {
  return type === sealedType
}

/** The sealed form of an operation: what a store needs of it, and the rest as two texts. */
export function sealOperation(operation: Operation, seal: Exchange): Operation {
  const { id, type, lane, createdAtMs, cancel } = operation
  return {
    id,
    type: sealedType,
    version: 1,
    // A settled entry keeps its type and lane without the rest of it.
    lane: seal('head', id, JSON.stringify({ type, lane })),
    payload: seal('body', id, textOf(operation)),
    createdAtMs,
    ...(cancel !== undefined && { cancel }),
  }
}

/** The sealed form of any state. */
export function sealState(state: HeldState, id: OperationId, seal: Exchange): HeldState
export function sealState(state: DeliveryState, id: OperationId, seal: Exchange): DeliveryState
export function sealState(state: DeliveryState, id: OperationId, seal: Exchange): DeliveryState {
  switch (state.kind) {
    case 'queued':
      return state
    case 'waiting':
      return { ...state, failure: sealFailure(state.failure, id, seal) }
    case 'conflicted': {
      const { kind, attempts, conflict } = state
      return { kind, attempts, conflict: { outcome: 'conflict', problem: carrierOf(conflict, id, seal) } }
    }
    case 'dead':
      return { ...state, reason: sealReason(state.reason, id, seal) }
    case 'applied': {
      const { result, ids } = state.applied
      if (result === undefined && ids === undefined) return state
      return {
        kind: 'applied',
        applied: { outcome: 'applied', result: seal('state', id, JSON.stringify(state.applied)) },
      }
    }
    case 'discarded': {
      const { reason } = state
      return reason === undefined ? state : { ...state, reason: seal('state', id, JSON.stringify(reason)) }
    }
  }
}

/** The sealed form of the record of an attempt. */
export function sealAttempt(attempt: AttemptRecord, id: OperationId, seal: Exchange): AttemptRecord {
  const { failure, problem } = attempt
  return {
    ...attempt,
    ...(failure !== undefined && { failure: sealFailure(failure, id, seal, 'attempt') }),
    ...(problem !== undefined && { problem: carrierOf(problem, id, seal, 'attempt') }),
  }
}

/** An entry as it was before it was sealed; what was never sealed stays as it is. */
export function openEntry(entry: StoredEntry, open: Exchange): StoredEntry {
  return isLive(entry) ? openLive(entry, open) : openSettled(entry, open)
}

/** A live entry as it was before it was sealed. */
export function openLive(entry: LiveEntry, open: Exchange): LiveEntry {
  const operation = openOperation(entry.operation, open)
  const { id } = operation
  return {
    ...entry,
    operation,
    size: operation === entry.operation ? entry.size : textOf(operation).length,
    state: openLiveState(entry.state, id, open),
    attempts: entry.attempts.map((attempt) => openAttempt(attempt, id, open)),
  }
}

/** A settled entry as it was before it was sealed. */
export function openSettled(entry: SettledEntry, open: Exchange): SettledEntry {
  const { id, state, kept } = entry
  const opened = { ...entry, ...openHead(entry, open), state: openSettledState(state, id, open) }
  return kept === undefined ? opened : { ...opened, kept: openKept(kept, open) }
}

function openKept(kept: KeptBody, open: Exchange): KeptBody {
  const operation = openOperation(kept.operation, open)
  return { ...kept, operation, attempts: kept.attempts.map((attempt) => openAttempt(attempt, operation.id, open)) }
}

function openOperation(operation: Operation, open: Exchange): Operation {
  if (!isSealed(operation)) return operation
  const { id, payload } = operation
  const opened = typeof payload === 'string' ? parseStoredOperation(open('body', id, payload)) : undefined
  if (opened === undefined) throw new UnreadableError('a sealed operation is not one')
  return opened
}

function openHead(entry: SettledEntry, open: Exchange): { readonly type: string; readonly lane: string } {
  if (!isSealed(entry)) return entry
  const head = parseJson(open('head', entry.id, entry.lane))
  const { type, lane } = isRecord(head) ? head : {}
  if (typeof type !== 'string' || typeof lane !== 'string') throw new UnreadableError('a sealed head is not one')
  return { type, lane }
}

function openLiveState(state: LiveEntry['state'], id: OperationId, open: Exchange): LiveEntry['state'] {
  switch (state.kind) {
    case 'queued':
      return state
    case 'waiting':
      return { ...state, failure: openFailure(state.failure, id, open) }
    case 'conflicted': {
      const sealed = state.conflict.problem
      if (sealed === undefined || !isSealed(sealed)) return state
      const conflict = parseJson(open('state', id, sealed.title))
      if (!isConflict(conflict)) throw new UnreadableError('a sealed conflict is not one')
      return { ...state, conflict }
    }
    case 'dead':
      return { ...state, reason: openReason(state.reason, id, open) }
  }
}

function openSettledState(state: SettledEntry['state'], id: OperationId, open: Exchange): SettledEntry['state'] {
  if (state.kind === 'applied') {
    const sealed = state.applied.result
    if (!isSealedText(sealed)) return state
    const applied = parseJson(open('state', id, sealed))
    if (!isApplied(applied)) throw new UnreadableError('a sealed result is not one')
    return { kind: 'applied', applied }
  }
  if (!isSealedText(state.reason)) return state
  const reason = parseJson(open('state', id, state.reason))
  if (typeof reason !== 'string') throw new UnreadableError('a sealed reason is not one')
  return { ...state, reason }
}

function openAttempt(attempt: AttemptRecord, id: OperationId, open: Exchange): AttemptRecord {
  const { failure, problem } = attempt
  return {
    ...attempt,
    ...(failure !== undefined && { failure: openFailure(failure, id, open, 'attempt') }),
    ...(problem !== undefined && { problem: openProblem(problem, id, open, 'attempt') }),
  }
}

function sealReason(reason: DeadReason, id: OperationId, seal: Exchange): DeadReason {
  switch (reason.kind) {
    case 'rejected':
    case 'refused':
      return { ...reason, problem: carrierOf(reason.problem, id, seal) }
    case 'attempts':
      return { ...reason, failure: sealFailure(reason.failure, id, seal) }
    case 'too-large':
      return reason
  }
}

function openReason(reason: DeadReason, id: OperationId, open: Exchange): DeadReason {
  switch (reason.kind) {
    case 'rejected':
    case 'refused':
      return { ...reason, problem: openProblem(reason.problem, id, open) }
    case 'attempts':
      return { ...reason, failure: openFailure(reason.failure, id, open) }
    case 'too-large':
      return reason
  }
}

/** The cause and the status are plain; what the server said is not. */
function sealFailure(failure: Failure, id: OperationId, seal: Exchange, part: SealedPart = 'state'): Failure {
  return failure.problem === undefined ? failure : { ...failure, problem: carrierOf(failure.problem, id, seal, part) }
}

function openFailure(failure: Failure, id: OperationId, open: Exchange, part: SealedPart = 'state'): Failure {
  return failure.problem === undefined ? failure : { ...failure, problem: openProblem(failure.problem, id, open, part) }
}

/** A problem that carries something sealed. */
function carrierOf(content: Problem | Conflict, id: OperationId, seal: Exchange, part: SealedPart = 'state'): Problem {
  return { type: sealedType, title: seal(part, id, JSON.stringify(content)), status: 0 }
}

function openProblem(problem: Problem, id: OperationId, open: Exchange, part: SealedPart = 'state'): Problem {
  if (!isSealed(problem)) return problem
  const opened = parseProblem(parseJson(open(part, id, problem.title)))
  if (opened === undefined) throw new UnreadableError('a sealed problem is not one')
  return opened
}

function isSealedText(value: unknown): value is string {
  return typeof value === 'string' && value.startsWith(sealedPrefix)
}

function isConflict(value: unknown): value is Conflict {
  return isRecord(value) && value['outcome'] === 'conflict'
}

function isApplied(value: unknown): value is Applied {
  return isRecord(value) && value['outcome'] === 'applied'
}
