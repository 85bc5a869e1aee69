/**
 * A tab or worker: an environment that can be hidden, frozen, thawed and killed.
 *
 * Everything that reaches the engine from outside comes through `deliver`: now, after the thaw, or never again. A kill
 * is therefore nothing but a context whose promises stay pending and whose timers stay silent for ever.
 */
import type { Channel, Environment } from '@holdfast/client'
import type { SimChannels } from './sim-channels.ts'
import type { SimClock } from './sim-clock.ts'
import type { SimLocks } from './sim-locks.ts'
import type { SimRandom } from './random.ts'

/** What a context shares with the others of its device. */
export interface ContextHost {
  readonly clock: SimClock
  readonly locks: SimLocks
  readonly channels: SimChannels
  /** The device's wall clock, ms since 1970. */
  wallMs(): number
  isOnlineHint(): boolean
}

/** Hidden pages are woken once a minute, ms. */
const hiddenWakeMs = 60_000

/** A tab or worker. */
export class SimContext {
  readonly name: string
  readonly environment: Environment
  isHidden = false
  /** Timers of this context that have gone off. */
  wakeUps = 0
  readonly #host: ContextHost
  readonly #wakers = new Set<() => void>()
  readonly #freezers = new Set<() => void>()
  readonly #parked: (() => void)[] = []
  #state: 'alive' | 'frozen' | 'dead' = 'alive'

  constructor(name: string, host: ContextHost, random: SimRandom) {
    this.name = name
    this.#host = host
    this.environment = {
      clock: { now: () => Math.floor(host.wallMs()), timer: (delayMs, callback) => this.#timer(delayMs, callback) },
      random: { fraction: () => random.fraction(), bytes: (count) => random.bytes(count) },
      locks: { acquire: (lock, options) => host.locks.acquire(this, lock, options) },
      openChannel: (channel, listener): Channel => host.channels.open(this, channel, listener),
      isOnlineHint: () => host.isOnlineHint(),
      onWakeHint: (callback) => listen(this.#wakers, callback),
      onFreeze: (callback) => listen(this.#freezers, callback),
    }
  }

  get isAlive(): boolean {
    return this.#state === 'alive'
  }

  get isDead(): boolean {
    return this.#state === 'dead'
  }

  /** Runs something in this context: now, after the thaw, or never. */
  deliver(run: () => void): void {
    if (this.#state === 'alive') run()
    else if (this.#state === 'frozen') this.#parked.push(run)
  }

  /** Runs something in this context after a time that the outside world needs. Returns a function that cancels. */
  after(delayMs: number, run: () => void): () => void {
    return this.#host.clock.after(delayMs, () => {
      this.deliver(run)
    })
  }

  /** Waits as {@link after} does. */
  wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(delayMs, resolve)
    })
  }

  /** What a browser says when the network comes back or the page is shown. */
  hint(): void {
    for (const waker of this.#wakers) this.deliver(waker)
  }

  /** Stops everything in here until the thaw. A `warned` page hears of it first, as pages do before they are put away. */
  freeze(isWarned: boolean): void {
    if (this.#state !== 'alive') return
    if (isWarned) for (const freezer of this.#freezers) freezer()
    // What the page does on hearing it is still done; only then it stops.
    this.#host.clock.after(0, () => {
      if (this.#state === 'alive') this.#state = 'frozen'
    })
  }

  thaw(): void {
    if (this.#state !== 'frozen') return
    this.#state = 'alive'
    for (const run of this.#parked.splice(0)) this.after(0, run)
    this.hint()
  }

  /** Ends it at once; nothing in here ever goes on. */
  kill(): void {
    this.#state = 'dead'
    this.#parked.length = 0
    this.#host.locks.forget(this)
    this.#host.channels.forget(this)
  }

  #timer(delayMs: number, callback: () => void): () => void {
    const waitMs = Math.max(0, delayMs)
    const wake = (): void => {
      this.wakeUps += 1
      callback()
    }
    if (!this.isHidden) return this.after(waitMs, wake)
    const dueMs = this.#host.clock.nowMs + waitMs
    return this.after(Math.ceil(dueMs / hiddenWakeMs) * hiddenWakeMs - this.#host.clock.nowMs, wake)
  }
}

function listen(callbacks: Set<() => void>, callback: () => void): () => void {
  const own = (): void => {
    callback()
  }
  callbacks.add(own)
  return () => {
    callbacks.delete(own)
  }
}
