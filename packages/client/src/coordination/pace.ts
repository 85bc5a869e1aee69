/**
 * The pace: when and how much at once may be sent after failures (the circuit of core keeps the waits), and the search for an operation that makes its
 * requests fail. Each failed batch is halved until the guilty operation stands alone; the search goes on over answers
 * that have nothing to do with it.
 */
import {
  advanceCircuit,
  askedDelayMs,
  batchOperationsMax,
  closedCircuit,
  failuresOf,
  transportDelayMs,
  type Circuit,
  type CircuitEvent,
  type OperationId,
} from '@holdfast/core'
import type { Environment } from '../environment.ts'

/** As many different operations failing alone, with nothing in between that works, are no coincidence: it is the way. */
const loneFailuresMax = 3

/**
 * Answers without a suspect in them after which the search for the guilty one is given up: the suspects may have left
 * the window. Many, because urgent entries that come in between must not start the search anew each time.
 */
const strangersMax = 100

interface Identified {
  readonly id: OperationId
}

/** How fast and how much may be sent. */
export class Pace {
  readonly #environment: Environment
  readonly #onCircuit: (kind: Circuit['kind']) => void
  #circuit: Circuit = closedCircuit
  #operationsMax = batchOperationsMax
  #suspects = new Set<OperationId>()
  /** Answers in a row that had no suspect in them. */
  #strangers = 0
  readonly #loneFailures = new Set<OperationId>()

  constructor(environment: Environment, onCircuit: (kind: Circuit['kind']) => void) {
    this.#environment = environment
    this.#onCircuit = onCircuit
  }

  /** Most operations in the next request. */
  get operationsMax(): number {
    return this.#operationsMax
  }

  /** True while nothing may be sent, or the wait for that has just passed. */
  get isWaiting(): boolean {
    return this.#circuit.kind === 'open'
  }

  /** Until when nothing may be sent, ms since 1970; `undefined` when something may. A person who asks shortens the wait, unless the server has named it. */
  closedUntil(isAsking: boolean): number | undefined {
    this.#advance({ kind: 'passed' })
    if (isAsking) this.#advance({ kind: 'wished' })
    return this.#circuit.kind === 'open' ? this.#circuit.notBeforeMs : undefined
  }

  /** Our server has answered a batch. */
  noteAnswer(batch: readonly Identified[]): void {
    this.#loneFailures.clear()
    const cleared = batch.filter(({ id }) => this.#suspects.delete(id))
    this.#strangers = cleared.length === 0 ? this.#strangers + 1 : 0
    if (this.#suspects.size > 0 && this.#strangers < strangersMax) return
    this.#suspects.clear()
    this.#operationsMax = batchOperationsMax
  }

  /** An answer has decided something. */
  noteProgress(): void {
    this.#advance({ kind: 'progress' })
  }

  /** One operation alone has failed while the probe is green: tells whether it is to blame, or the way is after all. */
  noteLoneFailure(id: OperationId): 'operation' | 'way' {
    this.#loneFailures.add(id)
    if (this.#loneFailures.size >= loneFailuresMax) {
      this.backOff(undefined)
      return 'way'
    }
    this.#suspects.delete(id)
    return 'operation'
  }

  /** Halves the next batches until the guilty operation stands alone. */
  narrow(batch: readonly Identified[]): void {
    this.#operationsMax = Math.ceil(batch.length / 2)
    this.#suspects = new Set(batch.map(({ id }) => id))
    this.#strangers = 0
    this.#advance({ kind: 'paused', delayMs: transportDelayMs(1, this.#environment.random.fraction()) })
  }

  /** Waits before the next request: at least as long as the server asked, else longer after each failure in a row. */
  backOff(askedMs: number | undefined): void {
    const random = this.#environment.random.fraction()
    const failures = failuresOf(this.#circuit) + 1
    const delayMs = askedMs === undefined ? transportDelayMs(failures, random) : askedDelayMs(askedMs, random)
    this.#advance({ kind: 'failed', delayMs, isAsked: askedMs !== undefined })
  }

  #advance(event: CircuitEvent): void {
    this.#circuit = advanceCircuit(this.#circuit, event, this.#environment.clock.now())
    this.#onCircuit(this.#circuit.kind)
  }
}
