/** Outcomes: what the server says of one operation. */
import { clampRetryAfterMs } from './backoff.ts'
import { parseOperationId, type OperationId } from './id.ts'
import { isJson, isRecord, type Json } from './json.ts'
import { parseProblem, type Problem } from './problem.ts'

/** Ids that the server assigned, by the name the handler gave them. */
export type AssignedIds = { readonly [name: string]: string }

/** The effect has happened, once. */
export interface Applied {
  readonly outcome: 'applied'
  /** The entity's version after it. */
  readonly version?: number
  readonly ids?: AssignedIds
  /** What the handler answers, such as the entity as it is now. */
  readonly result?: Json
  /** True when the change was merged with somebody else's. */
  readonly conflictResolved?: boolean
}

/** Somebody else's change came first and no rule settles it: a person must. */
export interface Conflict {
  readonly outcome: 'conflict'
  /** The entity's version now. */
  readonly version?: number
  /** The entity's state now. */
  readonly current?: Json
  /** The fields in which the two differ. */
  readonly conflictFields?: readonly string[]
  readonly problem?: Problem
}

/** The effect will never happen. */
export interface Rejected {
  readonly outcome: 'rejected'
  readonly problem: Problem
}

/** Outcomes that the ledger keeps: they never change. */
export type FinalOutcome = Applied | Conflict | Rejected

/** The operation had come before; `first` is what was answered then and holds still. */
export interface Duplicate {
  readonly outcome: 'duplicate'
  readonly first: FinalOutcome
  /**
   * Set when `first` is the outcome of another operation: the one that this one was to supersede, resolve or cancel,
   * and which had already been applied. This one then has no effect of its own.
   */
  readonly of?: OperationId
}

/**
 * Not tried: an operation before it in its lane was not applied, or the server cannot take it now (`problem` says
 * why). Leaves no trace on the server and uses no attempt.
 */
export interface Deferred {
  readonly outcome: 'deferred'
  readonly problem?: Problem
  /** How long the server asks to wait, ms; clamped like `Retry-After`. */
  readonly retryAfterMs?: number
}

/** What the server says of one operation. */
export type Outcome = FinalOutcome | Duplicate | Deferred

/** An outcome with the operation it is about. */
export type OperationOutcome = { readonly id: OperationId } & Outcome

/** The final outcome inside an outcome: a duplicate's first one, or itself; `undefined` for a deferred operation. */
export function finalOutcomeOf(outcome: Outcome): FinalOutcome | undefined {
  if (outcome.outcome === 'duplicate') return outcome.first
  return outcome.outcome === 'deferred' ? undefined : outcome
}

/**
 * Reads one outcome with its id. Anything that is not one gives `undefined`, and is then no acknowledgement.
 *
 * A `result` or `current` that is not acceptable JSON (nested too deeply, say) is left out and the outcome stands: the
 * effect has happened all the same, and to refuse the acknowledgement would send the operation again for ever.
 */
export function parseOperationOutcome(value: unknown): OperationOutcome | undefined {
  if (!isRecord(value)) return undefined
  const id = parseOperationId(value['id'])
  const outcome = parseOutcome(value)
  return id === undefined || outcome === undefined ? undefined : { id, ...outcome }
}

/** Reads a final outcome, as the ledger stores it. */
export function parseFinalOutcome(value: unknown): FinalOutcome | undefined {
  if (!isRecord(value)) return undefined
  switch (value['outcome']) {
    case 'applied':
      return parseApplied(value)
    case 'conflict':
      return parseConflict(value)
    case 'rejected': {
      const problem = parseProblem(value['problem'])
      return problem === undefined ? undefined : { outcome: 'rejected', problem }
    }
    default:
      return undefined
  }
}

function parseOutcome(value: { readonly [key: string]: unknown }): Outcome | undefined {
  switch (value['outcome']) {
    case 'duplicate': {
      const first = parseFinalOutcome(value['first'])
      const of = parseOperationId(value['of'])
      // An `of` that cannot be read must not make another operation's outcome look like this one's.
      if (first === undefined || (of === undefined && value['of'] !== undefined)) return undefined
      return { outcome: 'duplicate', first, ...(of !== undefined && { of }) }
    }
    case 'deferred': {
      const problem = parseProblem(value['problem'])
      const wait = value['retryAfterMs']
      return {
        outcome: 'deferred',
        ...(problem !== undefined && { problem }),
        ...(typeof wait === 'number' && Number.isFinite(wait) && { retryAfterMs: clampRetryAfterMs(wait) }),
      }
    }
    default:
      return parseFinalOutcome(value)
  }
}

function parseApplied(value: { readonly [key: string]: unknown }): Applied | undefined {
  const { version, ids, result, conflictResolved } = value
  if (version !== undefined && !isVersion(version)) return undefined
  if (ids !== undefined && !isAssignedIds(ids)) return undefined
  return {
    outcome: 'applied',
    ...(version !== undefined && { version }),
    ...(ids !== undefined && { ids }),
    ...(isJson(result) && { result }),
    ...(conflictResolved === true && { conflictResolved }),
  }
}

function parseConflict(value: { readonly [key: string]: unknown }): Conflict | undefined {
  const { version, current, conflictFields } = value
  if (version !== undefined && !isVersion(version)) return undefined
  const problem = parseProblem(value['problem'])
  return {
    outcome: 'conflict',
    ...(version !== undefined && { version }),
    ...(isJson(current) && { current }),
    ...(isTextList(conflictFields) && { conflictFields }),
    ...(problem !== undefined && { problem }),
  }
}

function isVersion(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function isAssignedIds(value: unknown): value is AssignedIds {
  return isRecord(value) && isJson(value) && Object.values(value).every((id) => typeof id === 'string')
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}
