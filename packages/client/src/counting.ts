/**
 * Counting: keeps the counts that people see true in a context that does not lead. What was stored is added at once;
 * soon after anything has changed, the store is asked. (Who leads counts in the drain, see drain.ts.)
 */
import type { Clock } from './environment.ts'
import type { StatusBoard } from './status.ts'
import type { Store } from './store/store.ts'

/** The store is asked at most this often, ms. */
const recountEveryMs = 150

/** Keeps the counts on the board. */
export class Counting {
  readonly #clock: Clock
  readonly #store: Store
  readonly #board: StatusBoard
  #cancelRecount: (() => void) | undefined
  #isClosed = false

  constructor(clock: Clock, store: Store, board: StatusBoard) {
    this.#clock = clock
    this.#store = store
    this.#board = board
  }

  /** So many entries were stored, here or elsewhere. */
  noteStored(count: number): void {
    const { counts, progress } = this.#board.snapshot
    this.#board.set({
      counts: { ...counts, queued: counts.queued + count },
      progress: { ...progress, total: progress.total + count },
    })
  }

  /** Something has changed, or may have: the store will be asked. */
  recountSoon(): void {
    if (this.#isClosed) return
    this.#cancelRecount ??= this.#clock.timer(recountEveryMs, () => {
      this.#cancelRecount = undefined
      void this.#recount()
    })
  }

  /** Asks no more. */
  close(): void {
    this.#isClosed = true
    this.#cancelRecount?.()
  }

  async #recount(): Promise<void> {
    const counts = await this.#store.counts().catch(() => undefined)
    if (counts === undefined || this.#isClosed) return
    const { progress } = this.#board.snapshot
    this.#board.set({ counts, progress: { ...progress, total: progress.done + counts.queued + counts.waiting } })
  }
}
