/** A latch: one waiter, woken by an event or by time. Events that come while nobody waits are not lost. */
import type { Clock } from '../environment.ts'

/** The longest single timer, ms: after an hour the loop looks around anyway. */
const timerMaxMs = 3_600_000

/** Wakes one waiting loop. */
export class Latch {
  readonly #clock: Clock
  #isSet = false
  #wake: (() => void) | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Wakes the waiter, or lets the next wait return at once. */
  set(): void {
    this.#isSet = true
    this.#wake?.()
  }

  /** Waits for {@link set}, or until `untilMs` on the wall clock, or for the signal. Never rejects. */
  async wait(untilMs: number | undefined, signal: AbortSignal): Promise<void> {
    if (!this.#isSet && !signal.aborted) {
      const delayMs =
        untilMs === undefined ? timerMaxMs : Math.min(Math.max(untilMs - this.#clock.now(), 0), timerMaxMs)
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wake = resolve
      const cancel = this.#clock.timer(delayMs, resolve)
      signal.addEventListener('abort', this.#wake)
      await promise
      cancel()
      signal.removeEventListener('abort', this.#wake)
      this.#wake = undefined
    }
    this.#isSet = false
  }
}
