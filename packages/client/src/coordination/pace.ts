/**
 * The pace: how fast and how much at once may be sent after failures, and the search for an operation that makes its
 * requests fail. Each failed batch is halved until the guilty operation stands alone; the search goes on over answers
 * that have nothing to do with it.
 */
import { askedDelayMs, batchOperationsMax, transportDelayMs, type OperationId } from '@holdfast/core'
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
  /** Not before this time, `delayMs` away when it was set; `isAsked` when the server named it. */
  #gate: { readonly notBeforeMs: number; readonly delayMs: number; readonly isAsked: boolean } | undefined
  #failures = 0
  #operationsMax = batchOperationsMax
  #suspects = new Set<OperationId>()
  /** Answers in a row that had no suspect in them. */
  #strangers = 0
  readonly #loneFailures = new Set<OperationId>()

  constructor(environment: Environment) {
    this.#environment = environment
  }

  /** Most operations in the next request. */
  get operationsMax(): number {
    return this.#operationsMax
  }

  /** True while a wait is set, over or not. */
  get isWaiting(): boolean {
    return this.#gate !== undefined
  }

  /** Until when nothing may be sent, ms since 1970; `undefined` when the gate is open. A person who asks opens it, unless the server has named the time. */
  closedUntil(isAsking: boolean): number | undefined {
    if (this.#gate === undefined) return undefined
    const { notBeforeMs, delayMs, isAsked } = this.#gate
    const nowMs = this.#environment.clock.now()
    // A clock that was set back must not lengthen the wait.
    const isDue = nowMs >= notBeforeMs || notBeforeMs - nowMs > delayMs
    if (!isDue && (isAsked || !isAsking)) return notBeforeMs
    this.#gate = undefined
    return undefined
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
    this.#failures = 0
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
    this.#close(transportDelayMs(1, this.#environment.random.fraction()), false)
  }

  /** Waits before the next request: at least as long as the server asked, else longer after each failure in a row. */
  backOff(askedMs: number | undefined): void {
    this.#failures += 1
    const random = this.#environment.random.fraction()
    const delayMs = askedMs === undefined ? transportDelayMs(this.#failures, random) : askedDelayMs(askedMs, random)
    this.#close(delayMs, askedMs !== undefined)
  }

  #close(delayMs: number, isAsked: boolean): void {
    this.#gate = { notBeforeMs: this.#environment.clock.now() + delayMs, delayMs, isAsked }
  }
}
