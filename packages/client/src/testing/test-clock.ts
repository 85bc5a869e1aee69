/**
 * Time that is moved by hand. Nothing waits for real time: `advance` calls due timers in order and lets everything
 * happen in between that can happen without time passing.
 */
import type { Clock } from '../environment.ts'

interface Timer {
  readonly atMs: number
  /** On a clock of its own that no jump moves, as a browser's timers are. */
  readonly callback: () => void
}

/** Turns of the event loop that a chain of calls is given; each drains every microtask. */
const turnsOfSettling = 20

/** Where time starts: 2026-11-20, 00:00 UTC. */
const startMs: number = Date.UTC(2026, 10, 20)

/** The clock of a test device. */
export class TestClock {
  #elapsedMs = 0
  #skewMs = startMs
  readonly #timers = new Set<Timer>()

  /** What the device's clock shows, ms since 1970. */
  get nowMs(): number {
    return this.#elapsedMs + this.#skewMs
  }

  /** A clock for one tab; `isAlive` says whether its timers still fire. */
  forTab(isAlive: () => boolean): Clock {
    return {
      now: () => this.nowMs,
      timer: (delayMs, callback) => {
        const timer: Timer = {
          atMs: this.#elapsedMs + Math.max(0, delayMs),
          callback: () => {
            if (isAlive()) callback()
          },
        }
        this.#timers.add(timer)
        return () => {
          this.#timers.delete(timer)
        }
      },
    }
  }

  /** Sets the wall clock forward or back, as a person or a time server does. Timers do not notice. */
  jump(byMs: number): void {
    this.#skewMs += byMs
  }

  /** Lets time pass, timer by timer. */
  async advance(byMs: number): Promise<void> {
    const untilMs = this.#elapsedMs + byMs
    for (;;) {
      await settle()
      const next = this.#next()
      if (next === undefined || next.atMs > untilMs) break
      this.#timers.delete(next)
      this.#elapsedMs = Math.max(this.#elapsedMs, next.atMs)
      next.callback()
    }
    this.#elapsedMs = untilMs
    await settle()
  }

  #next(): Timer | undefined {
    let next: Timer | undefined
    for (const timer of this.#timers) if (next === undefined || timer.atMs < next.atMs) next = timer
    return next
  }
}

/** Lets everything happen that can happen without time passing. Not held up by a test runner's fake timers. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < turnsOfSettling; turn += 1) await nextTurn()
}

async function nextTurn(): Promise<void> {
  const { port1, port2 } = new MessageChannel()
  await new Promise<void>((resolve) => {
    port1.addEventListener('message', () => {
      resolve()
    })
    port1.start()
    port2.postMessage(undefined)
  })
  port1.close()
}
