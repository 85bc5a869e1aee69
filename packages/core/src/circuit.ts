/**
 * The circuit breaker of a way to a server: after a request that failed as a whole nothing is sent for a while, then one
 * request may try, and only an answer that decides something lets everything flow again.
 *
 *   closed ── failed, paused ──▶ open ── due, wished ──▶ half-open ── progress ──▶ closed
 *                                 ▲                         │
 *                                 └──── failed, paused ─────┘
 *
 * A pure state machine; {@link circuitTable} says which state each event leads to. A wait that the server has named is
 * not lifted by a person's wish.
 */

/** Everything flows. */
export interface CircuitClosed {
  readonly kind: 'closed'
}

/** Nothing is sent. */
export interface CircuitOpen {
  readonly kind: 'open'
  /** Requests that failed in a row. */
  readonly failures: number
  readonly notBeforeMs: number
  /** How long the wait was to be when it began: with more than that left, the clock was set back. */
  readonly delayMs: number
  /** True when the server named the time. */
  readonly isAsked: boolean
}

/** The next request is a trial. */
export interface CircuitHalfOpen {
  readonly kind: 'half-open'
  readonly failures: number
}

/** What is known of the way. */
export type Circuit = CircuitClosed | CircuitOpen | CircuitHalfOpen

/** What can happen to it. */
export type CircuitEvent =
  /** A request has failed as a whole. */
  | { readonly kind: 'failed'; readonly delayMs: number; readonly isAsked: boolean }
  /** A batch is cut and goes again soon: that says nothing about the way. */
  | { readonly kind: 'paused'; readonly delayMs: number }
  /** Time has passed. */
  | { readonly kind: 'passed' }
  /** A person wants it tried now. */
  | { readonly kind: 'wished' }
  /** An answer has decided something. */
  | { readonly kind: 'progress' }

/** The circuit before anything has failed. */
export const closedCircuit: CircuitClosed = { kind: 'closed' }

/** The whole machine: the states to which each event may lead. */
export const circuitTable: Readonly<
  Record<Circuit['kind'], Readonly<Record<CircuitEvent['kind'], readonly Circuit['kind'][]>>>
> = {
  closed: { failed: ['open'], paused: ['open'], passed: ['closed'], wished: ['closed'], progress: ['closed'] },
  open: {
    failed: ['open'],
    paused: ['open'],
    passed: ['open', 'half-open'],
    wished: ['open', 'half-open'],
    progress: ['closed'],
  },
  'half-open': {
    failed: ['open'],
    paused: ['open'],
    passed: ['half-open'],
    wished: ['half-open'],
    progress: ['closed'],
  },
}

/** How many requests have failed in a row. */
export function failuresOf(circuit: Circuit): number {
  return circuit.kind === 'closed' ? 0 : circuit.failures
}

/** The circuit after an event. */
export function advanceCircuit(circuit: Circuit, event: CircuitEvent, nowMs: number): Circuit {
  switch (event.kind) {
    case 'failed':
      return openFor(failuresOf(circuit) + 1, event.delayMs, event.isAsked, nowMs)
    case 'paused':
      return openFor(failuresOf(circuit), event.delayMs, false, nowMs)
    case 'passed':
      return circuit.kind === 'open' && isOver(circuit, nowMs) ? halfOpen(circuit) : circuit
    case 'wished':
      return circuit.kind === 'open' && !circuit.isAsked ? halfOpen(circuit) : circuit
    case 'progress':
      return closedCircuit
  }
}

function openFor(failures: number, delayMs: number, isAsked: boolean, nowMs: number): CircuitOpen {
  return { kind: 'open', failures, notBeforeMs: nowMs + delayMs, delayMs, isAsked }
}

function halfOpen({ failures }: CircuitOpen): CircuitHalfOpen {
  return { kind: 'half-open', failures }
}

/** A clock that was set back must not lengthen the wait. */
function isOver({ notBeforeMs, delayMs }: CircuitOpen, nowMs: number): boolean {
  return nowMs >= notBeforeMs || notBeforeMs - nowMs > delayMs
}
