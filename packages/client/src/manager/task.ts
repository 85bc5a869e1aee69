/** Tasks: plain requests under a name. The name is the queue that they travel in, so it is known of every entry. */
import type { DeadReason, DeliveryState, OperationId, Problem, Failure, Priority } from '@holdfast/core'
import type { EntryView } from '../entry.ts'
import { isPlainRequest, type WriteMethod } from '../requests/plain-request.ts'

/** Where a task stands. `pending` covers all that goes on by itself; `failed` and `conflict` wait for a person. */
export type TaskState = 'pending' | 'retrying' | 'completed' | 'failed' | 'conflict' | 'discarded'

/** One task, as it was when it was looked at. */
export interface SyncTask {
  /** The id of its operation, which is its `Idempotency-Key`. */
  readonly id: OperationId
  /** The name it was registered under; `undefined` for an operation of the outbox that is no task. */
  readonly name: string | undefined
  readonly type: string
  readonly state: TaskState
  /** Answers about this task alone so far. */
  readonly attempts: number
  /** Device clock, ms since 1970. */
  readonly createdAtMs: number
  /** What it sends, while it is not settled. */
  readonly url?: string
  readonly method?: WriteMethod
  readonly priority?: Priority
  /** Why it has not gone through, where it has not. */
  readonly error?: SyncTaskError
}

/** Why a task has not gone through. */
export class SyncTaskError extends Error {
  override readonly name = 'SyncTaskError'
  /** The HTTP status, where there was an answer. */
  readonly status: number | undefined

  constructor(message: string, status: number | undefined) {
    super(message)
    this.status = status
  }
}

const queuePrefix = 'task:'

/** The queue of a task. */
export function queueOf(name: string): string {
  return queuePrefix + name
}

/** The name of the task that an entry is; `undefined` when it is none. */
export function nameOf({ type, lane }: Pick<EntryView, 'type' | 'lane'>): string | undefined {
  if (!isPlainRequest(type)) return undefined
  const queue = lane.slice(lane.indexOf(':') + 1)
  return queue.startsWith(queuePrefix) ? queue.slice(queuePrefix.length) : undefined
}

/** An entry as a task. */
export function taskOf(entry: EntryView): SyncTask {
  const { id, type, state, createdAtMs, payload } = entry
  const request = typeof payload === 'object' && payload !== null && 'url' in payload ? payload : undefined
  const error = errorOf(entry)
  return {
    id,
    name: nameOf(entry),
    type,
    state: stateOf(state),
    attempts: 'attempts' in state ? state.attempts : entry.attempts.length,
    createdAtMs,
    ...(typeof request?.['url'] === 'string' && { url: request['url'] }),
    ...(isMethod(request?.['method']) && { method: request['method'] }),
    ...(isPriority(request?.['priority']) && { priority: request['priority'] }),
    ...(error !== undefined && { error }),
  }
}

function stateOf(state: DeliveryState): TaskState {
  switch (state.kind) {
    case 'queued':
      return 'pending'
    case 'waiting':
      return 'retrying'
    case 'conflicted':
      return 'conflict'
    case 'dead':
      return 'failed'
    case 'applied':
      return 'completed'
    case 'discarded':
      return 'discarded'
  }
}

function errorOf({ state }: EntryView): SyncTaskError | undefined {
  if (state.kind === 'waiting') return failed(state.failure)
  if (state.kind === 'dead') return errorOfReason(state.reason)
  return state.kind === 'conflicted'
    ? new SyncTaskError(wordsOf(state.conflict.problem) ?? 'Changed by somebody else', 409)
    : undefined
}

function errorOfReason(reason: DeadReason): SyncTaskError {
  switch (reason.kind) {
    case 'attempts':
      return failed(reason.failure)
    case 'too-large':
      return new SyncTaskError('HTTP 413', 413)
    case 'rejected':
    case 'refused':
      return new SyncTaskError(wordsOf(reason.problem) ?? 'Refused', reason.problem.status)
  }
}

function failed({ cause, status, problem }: Failure): SyncTaskError {
  const words = wordsOf(problem) ?? (status === undefined ? `No answer (${cause})` : `HTTP ${status}`)
  return new SyncTaskError(words, status)
}

function wordsOf(problem: Problem | undefined): string | undefined {
  return problem?.detail === undefined ? problem?.title : `${problem.title}: ${problem.detail}`
}

function isMethod(value: unknown): value is WriteMethod {
  return value === 'POST' || value === 'PUT' || value === 'PATCH' || value === 'DELETE'
}

function isPriority(value: unknown): value is Priority {
  return value === 'high' || value === 'medium' || value === 'low'
}
