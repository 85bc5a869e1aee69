/**
 * Delivery: the life of one entry, as a pure state machine.
 *
 *                 ┌────────────── applied ──────────────┐
 *   queued ───────┤   failed    ┌──────────┐            ▼
 *     │           ├───────────▶ │ waiting  │ ───────▶ applied
 *     │           │  conflict   ├──────────┤            ▲
 *     │           ├───────────▶ │conflicted│            │ overtaken: it had been applied after all
 *     │           │  rejected   ├──────────┤            │
 *     │           └───────────▶ │  dead    │            │
 *     │                         └──────────┘            │
 *     └── discard, supersede (from any of these) ──▶ discarded ──┐ undo: another
 *                                                     ▲          │ operation takes
 *                                                     └──────────┘ its place again
 *
 * waiting, conflicted and dead are together called held. Stale and overdue are ages, not states. In flight is not a
 * state either: nothing is written down when a request leaves, so a crash leads to a second send with the same id, and
 * the server's ledger answers it as a duplicate.
 *
 * Terminal wins: what the server says late never changes an applied entry, and a discarded one only changes when its
 * replacement has been answered, or when a person takes the discard back. {@link deliveryTable} says which state each event leads to; the tests walk all of it.
 */
import { retryDelayMs, type RetrySchedule } from './backoff.ts'
import type { OperationId } from './id.ts'
import type { Applied, Conflict } from './outcome.ts'
import { problemCodeOf, type Problem } from './problem.ts'

/** Stored; not answered yet. */
export interface Queued {
  readonly kind: 'queued'
}

/** Waits for its next attempt. */
export interface Waiting {
  readonly kind: 'waiting'
  /** Attempts that used up some of the schedule. */
  readonly attempts: number
  readonly notBeforeMs: number
  /**
   * How long the wait was to be when it began: with more than that left, the clock was set back. Absent in what an
   * earlier release has stored.
   */
  readonly delayMs?: number
  /** True when the server named the time: then not even an overdue entry or "try now" goes earlier. */
  readonly isAsked: boolean
  /** Why, for people. */
  readonly failure: Failure
  /** True for what took the place of a queued entry and was not tried yet: it stands in its lane as that one did. */
  readonly isInLine?: boolean
}

/** Waits for a person to settle it. */
export interface Conflicted {
  readonly kind: 'conflicted'
  readonly attempts: number
  readonly conflict: Conflict
}

/** A dead letter: waits for a person's act, for as long as it takes. */
export interface Dead {
  readonly kind: 'dead'
  readonly attempts: number
  readonly reason: DeadReason
}

/** On the server, once. */
export interface AppliedState {
  readonly kind: 'applied'
  readonly applied: Applied
}

/** A person took it back, or another operation took its place. */
export interface Discarded {
  readonly kind: 'discarded'
  readonly cause: 'person' | 'superseded'
  /** The operation that carries the news to the server: the cancel, or the replacement. */
  readonly by: OperationId
  /** False until the server has answered `by`: the entry may have been applied by then. True at once where its id was taken. */
  readonly isCertain: boolean
  /** What the person said, for the record. */
  readonly reason?: string
}

/** The state of an entry. */
export type DeliveryState = Queued | Waiting | Conflicted | Dead | AppliedState | Discarded

/** The states in which an entry needs individual attention. */
export type HeldState = Waiting | Conflicted | Dead

/** What went wrong in an attempt: by cause, with the HTTP status where there was one. */
export interface Failure {
  readonly cause: 'network' | 'timeout' | 'server-error' | 'busy' | 'proxy' | 'problem'
  readonly status?: number
  readonly problem?: Problem
}

/** Why a dead letter is dead. */
export type DeadReason =
  /** The server refused it and keeps that in its ledger: trying again takes a new id. */
  | { readonly kind: 'rejected'; readonly problem: Problem }
  /** The server refused the request that carried it alone; nothing is kept there. */
  | { readonly kind: 'refused'; readonly problem: Problem }
  /** The attempts are used up. */
  | { readonly kind: 'attempts'; readonly failure: Failure }
  /** It alone is larger than the server takes. */
  | { readonly kind: 'too-large' }

/** What can happen to an entry. */
export type DeliveryEvent =
  | { readonly kind: 'applied'; readonly applied: Applied }
  | { readonly kind: 'conflict'; readonly conflict: Conflict }
  | { readonly kind: 'rejected'; readonly problem: Problem }
  /** The request that carried it alone was refused or was too large. */
  | { readonly kind: 'refused'; readonly reason: DeadReason }
  /** An attempt failed and counts. */
  | { readonly kind: 'failed'; readonly failure: Failure; readonly retryAfterMs?: number }
  /** The server cannot take it now and says until when; does not count. */
  | { readonly kind: 'postponed'; readonly failure: Failure; readonly delayMs: number }
  /** A person says: try now. */
  | { readonly kind: 'retry' }
  /** A person takes it back; `by` is the cancel operation. */
  | { readonly kind: 'discard'; readonly by: OperationId; readonly reason?: string }
  /** `by` takes its place: an edit, a resolution, or a retry under a new id. */
  | { readonly kind: 'supersede'; readonly by: OperationId }
  /** A person says: go on in its lane without it. It stays as it is. */
  | { readonly kind: 'skip' }
  /** A person takes the discard back; `by` carries the content on, under a new id. */
  | { readonly kind: 'undo'; readonly by: OperationId }
  /** The server has answered `by`: this entry was never applied and never will be. */
  | { readonly kind: 'replaced' }
  /** The server has answered `by`: this entry had been applied before. */
  | { readonly kind: 'overtaken'; readonly applied: Applied }

/** The longest wait (ms) to which repeated postponements grow by themselves; a server may ask for more. */
const postponedMaxMs = 300_000

/** What a transition needs from outside. */
export interface DeliveryContext {
  readonly nowMs: number
  /** In [0, 1), for jitter. */
  readonly random: number
  readonly schedule: RetrySchedule
}

/**
 * Where an event leads: one of the listed states; `ignored`, when the news comes too late to matter; `refused`, when
 * it is a person's act that makes no sense in this state.
 */
export type DeliveryExpectation = readonly DeliveryState['kind'][] | 'ignored' | 'refused'

/** The whole machine. The compiler proves that no cell is missing. */
export const deliveryTable: Readonly<
  Record<DeliveryState['kind'], Readonly<Record<DeliveryEvent['kind'], DeliveryExpectation>>>
> = {
  queued: {
    applied: ['applied'],
    conflict: ['conflicted'],
    rejected: ['dead'],
    refused: ['dead'],
    failed: ['waiting', 'dead'],
    postponed: ['waiting'],
    retry: 'ignored',
    discard: ['discarded'],
    supersede: ['discarded'],
    skip: 'refused',
    undo: 'refused',
    replaced: 'ignored',
    overtaken: ['applied'],
  },
  waiting: {
    applied: ['applied'],
    conflict: ['conflicted'],
    rejected: ['dead'],
    refused: ['dead'],
    failed: ['waiting', 'dead'],
    postponed: ['waiting'],
    retry: ['waiting'],
    discard: ['discarded'],
    supersede: ['discarded'],
    skip: 'refused',
    undo: 'refused',
    replaced: 'ignored',
    overtaken: ['applied'],
  },
  conflicted: {
    applied: ['applied'],
    conflict: ['conflicted'],
    rejected: 'ignored',
    refused: 'ignored',
    failed: 'ignored',
    postponed: 'ignored',
    retry: 'refused',
    discard: ['discarded'],
    supersede: ['discarded'],
    skip: ['conflicted'],
    undo: 'refused',
    replaced: 'ignored',
    overtaken: ['applied'],
  },
  dead: {
    applied: ['applied'],
    conflict: ['conflicted'],
    rejected: ['dead'],
    refused: 'ignored',
    failed: 'ignored',
    postponed: 'ignored',
    retry: ['waiting', 'dead'],
    discard: ['discarded'],
    supersede: ['discarded'],
    skip: ['dead'],
    undo: 'refused',
    replaced: 'ignored',
    overtaken: ['applied'],
  },
  applied: {
    applied: 'ignored',
    conflict: 'ignored',
    rejected: 'ignored',
    refused: 'ignored',
    failed: 'ignored',
    postponed: 'ignored',
    retry: 'refused',
    discard: 'refused',
    supersede: 'refused',
    skip: 'refused',
    undo: 'refused',
    replaced: 'ignored',
    overtaken: 'ignored',
  },
  discarded: {
    applied: 'ignored',
    conflict: 'ignored',
    rejected: 'ignored',
    refused: 'ignored',
    failed: 'ignored',
    postponed: 'ignored',
    retry: 'refused',
    discard: 'refused',
    supersede: 'refused',
    skip: 'refused',
    undo: ['discarded'],
    replaced: ['discarded'],
    overtaken: ['applied'],
  },
}

/** What a transition came to. */
export type Transition =
  | { readonly kind: 'changed'; readonly state: DeliveryState }
  | { readonly kind: 'ignored' }
  | { readonly kind: 'refused' }

/** The state after an event, as {@link deliveryTable} promises. */
export function deliver(state: DeliveryState, event: DeliveryEvent, context: DeliveryContext): Transition {
  const expected = deliveryTable[state.kind][event.kind]
  if (expected === 'ignored' || expected === 'refused') return { kind: expected }
  const next = nextState(state, event, context)
  return next === undefined ? { kind: 'ignored' } : { kind: 'changed', state: next }
}

/** True when the entry is settled: nothing will be sent for it any more under its own id. */
export function isSettled(state: DeliveryState): state is AppliedState | Discarded {
  return state.kind === 'applied' || state.kind === 'discarded'
}

/** True when the entry is held: it needs individual attention. */
export function isHeld(state: DeliveryState): state is HeldState {
  return state.kind === 'waiting' || state.kind === 'conflicted' || state.kind === 'dead'
}

/** True when trying again needs a new id, because the server's ledger keeps the refusal of the old one. */
export function needsNewIdToRetry(state: DeliveryState): boolean {
  return state.kind === 'dead' && state.reason.kind === 'rejected'
}

/**
 * True when the server has refused an entry because another operation bears its id. What it knows under that id is then
 * not about this entry, which was never applied and never will be.
 */
export function isIdTaken(state: DeliveryState): boolean {
  return (
    state.kind === 'dead' && state.reason.kind === 'rejected' && problemCodeOf(state.reason.problem) === 'id-reused'
  )
}

/** Attempts that have counted so far. */
export function attemptsOf(state: DeliveryState): number {
  return isHeld(state) ? state.attempts : 0
}

function nextState(state: DeliveryState, event: DeliveryEvent, context: DeliveryContext): DeliveryState | undefined {
  const { nowMs } = context
  switch (event.kind) {
    case 'applied':
    case 'overtaken':
      return { kind: 'applied', applied: event.applied }
    case 'conflict':
      return { kind: 'conflicted', attempts: attemptsOf(state) + 1, conflict: event.conflict }
    case 'rejected':
      return { kind: 'dead', attempts: attemptsOf(state) + 1, reason: { kind: 'rejected', problem: event.problem } }
    case 'refused':
      return { kind: 'dead', attempts: attemptsOf(state) + 1, reason: event.reason }
    case 'failed':
      return afterFailure(attemptsOf(state) + 1, event.failure, event.retryAfterMs, context)
    case 'postponed':
      return {
        kind: 'waiting',
        attempts: attemptsOf(state),
        ...waitOf(state, event, context),
        isAsked: true,
        failure: event.failure,
      }
    case 'retry':
      return afterRetry(state, nowMs)
    case 'discard':
      return {
        kind: 'discarded',
        cause: 'person',
        by: event.by,
        isCertain: isIdTaken(state),
        ...(event.reason !== undefined && { reason: event.reason }),
      }
    case 'supersede':
      return { kind: 'discarded', cause: 'superseded', by: event.by, isCertain: isIdTaken(state) }
    case 'skip':
      return state
    case 'undo':
      // That it was never applied stays as certain as it was: the server may have answered the discard.
      return state.kind === 'discarded'
        ? { kind: 'discarded', cause: 'superseded', by: event.by, isCertain: state.isCertain }
        : undefined
    case 'replaced':
      return state.kind === 'discarded' ? { ...state, isCertain: true } : undefined
  }
}

/**
 * How long a postponed operation waits: as the server asked, and longer each time it asks anew for the same reason. A
 * server that says "in five seconds" of something that never comes would be asked for ever at that pace.
 */
function waitOf(
  state: DeliveryState,
  { failure, delayMs: askedMs }: Extract<DeliveryEvent, { kind: 'postponed' }>,
  { nowMs, random }: DeliveryContext,
): { readonly notBeforeMs: number; readonly delayMs: number } {
  const isAnew = state.kind === 'waiting' && state.isAsked && state.failure.problem?.type === failure.problem?.type
  const grownMs = isAnew ? Math.min((state.delayMs ?? 0) * (1.5 + random), postponedMaxMs) : 0
  const delayMs = Math.max(askedMs, Math.round(grownMs))
  return { notBeforeMs: nowMs + delayMs, delayMs }
}

function afterFailure(
  attempts: number,
  failure: Failure,
  retryAfterMs: number | undefined,
  { nowMs, random, schedule }: DeliveryContext,
): DeliveryState {
  const ownMs = retryDelayMs(schedule, attempts, random)
  if (ownMs === undefined) return { kind: 'dead', attempts, reason: { kind: 'attempts', failure } }
  const delayMs = retryAfterMs ?? ownMs
  return {
    kind: 'waiting',
    attempts,
    notBeforeMs: nowMs + delayMs,
    delayMs,
    isAsked: retryAfterMs !== undefined,
    failure,
  }
}

function afterRetry(state: DeliveryState, nowMs: number): DeliveryState | undefined {
  if (state.kind === 'waiting') return { ...state, notBeforeMs: state.isAsked ? state.notBeforeMs : nowMs }
  if (state.kind !== 'dead') return undefined
  // A recorded refusal would only be repeated: the caller supersedes instead (see needsNewIdToRetry).
  if (needsNewIdToRetry(state)) return state
  const failure: Failure = state.reason.kind === 'attempts' ? state.reason.failure : { cause: 'problem' }
  return { kind: 'waiting', attempts: 0, notBeforeMs: nowMs, isAsked: false, failure }
}
