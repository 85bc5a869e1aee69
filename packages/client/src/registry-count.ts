/**
 * The registry's count: how many entries a leader leaves if it is killed now. Whoever signs in next on this device sees
 * it, because a queue that is sealed is not opened to count.
 */
import type { Clock } from './environment.ts'
import type { StatusBoard } from './status.ts'
import type { Registry, Session } from './store/registry.ts'

/** The registry hears of a count at most this often, ms: it is a strict write. */
const rememberEveryMs = 1000

/** Keeps the count of one identity in the registry. */
export class RegistryCount {
  readonly #clock: Clock
  readonly #registry: Registry
  readonly #session: Session
  readonly #board: StatusBoard
  #cancelRemember: (() => void) | undefined
  /** The count that this context has last told the registry. */
  #remembered: number | undefined

  constructor(clock: Clock, registry: Registry, session: Session, board: StatusBoard) {
    this.#clock = clock
    this.#registry = registry
    this.#session = session
    this.#board = board
  }

  /** The status has changed. */
  rememberSoon(): void {
    this.#cancelRemember ??= this.#clock.timer(rememberEveryMs, () => {
      this.#cancelRemember = undefined
      void this.#remember()
    })
  }

  /** Writes the last count; nothing is written after that. */
  async close(): Promise<void> {
    this.#cancelRemember?.()
    await this.#remember()
  }

  async #remember(): Promise<void> {
    const { pending, needsYou } = this.#board.snapshot
    if (this.#remembered === pending + needsYou) return
    const count = pending + needsYou
    try {
      await this.#registry.remember({ ...this.#session, pending: count, usedAtMs: this.#clock.now() })
      this.#remembered = count
    } catch {
      // Not told: the next change of the status, or the end of the outbox, tries again.
    }
  }
}
