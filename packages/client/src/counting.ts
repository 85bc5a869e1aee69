/**
 * Counting: keeps the counts that people see true, in every context.
 *
 * What is stored is added at once; what the leader settles is taken off at once. But messages get lost, contexts sleep,
 * and a sum goes wrong where one was missed. So sums only ever say how many are left; that nothing is left, only the
 * store says, and only when nothing happened while it was asked.
 *
 *   stored here or elsewhere ──▶ + n
 *   settled by this leader ──▶ − n ──┐
 *   what another leader says ────────┴─ zero? ──▶ at least one, and the store is asked ──▶ what the store says
 */
import type { SharedStatus } from './coordination/messages.ts'
import type { Clock } from './environment.ts'
import type { StatusBoard } from './status.ts'
import { isLive, type Store, type StoreCounts, type StoredEntry } from './store/store.ts'

/** The store is asked this long after something has changed, ms. */
const recountAfterMs = 150

/** How long a store is left alone that failed, or that was asked while counts were changing, ms. */
const recountAgainMs = 1000

/** What became of an entry in a write. */
export interface Step {
  readonly before: StoredEntry
  readonly after: StoredEntry
}

/** Keeps the counts on the board. */
export class Counting {
  readonly #clock: Clock
  readonly #store: Store
  readonly #board: StatusBoard
  #cancelRecount: (() => void) | undefined
  #isClosed = false
  /** Rises with each change of a count: what the store has said before is not the last word then. */
  #changes = 0
  /** By the sums nothing is left to send, and the store has not been asked yet. */
  #isZeroDoubted = false

  constructor(clock: Clock, store: Store, board: StatusBoard) {
    this.#clock = clock
    this.#store = store
    this.#board = board
  }

  /** True when the store should be asked before anybody goes to sleep. */
  get isInDoubt(): boolean {
    return this.#isZeroDoubted || this.#board.snapshot.pending === 0
  }

  /** So many entries were stored, here or elsewhere. */
  noteStored(count: number): void {
    const { counts } = this.#board.snapshot
    this.#changes += 1
    this.#show({ ...counts, queued: counts.queued + count }, 0)
  }

  /** An entry was found that may not have been counted. */
  noteSeen({ state: { kind } }: StoredEntry): void {
    if (kind === 'applied' || kind === 'discarded') return
    const { counts } = this.#board.snapshot
    this.#changes += 1
    this.#show({ ...counts, [kind]: Math.max(1, counts[kind]) }, 0)
    this.recountSoon()
  }

  /** This leader has written what became of entries. */
  noteSteps(steps: readonly Step[]): void {
    if (steps.length === 0) return
    this.#changes += 1
    const { counts: shown, pending } = this.#board.snapshot
    const counts = { ...shown }
    for (const { before, after } of steps) {
      if (isLive(before)) counts[before.state.kind] = Math.max(0, counts[before.state.kind] - 1)
      if (isLive(after)) counts[after.state.kind] += 1
    }
    if (pending > 0 && counts.queued + counts.waiting === 0) {
      // What was stored elsewhere may not have been heard of.
      counts.queued = 1
      this.#isZeroDoubted = true
      this.recountSoon()
    }
    this.#show(counts, steps.filter(({ before, after }) => isLive(before) && !isLive(after)).length)
  }

  /** Shows what another leader says, except that nothing is left where something was: it may have slept, or missed a message. */
  noteLeader(status: SharedStatus): void {
    const { counts, progress: _, ...rest } = status
    const { pending, needsYou } = this.#board.snapshot
    const isLessThanKnown =
      (pending > 0 && counts.queued + counts.waiting === 0) || (needsYou > 0 && counts.conflicted + counts.dead === 0)
    if (isLessThanKnown) {
      this.#board.set(rest)
      this.recountSoon()
      return
    }
    this.#changes += 1
    this.#board.set(status)
  }

  /** Something has changed, or may have: the store will be asked. */
  recountSoon(delayMs: number = recountAfterMs): void {
    if (this.#isClosed) return
    this.#cancelRecount ??= this.#clock.timer(delayMs, () => {
      this.recountNow()
    })
  }

  /** Asks the store at once: the timer of a page that was hidden or frozen may be far away. */
  recountNow(): void {
    this.#cancelRecount?.()
    this.#cancelRecount = undefined
    this.recount().catch(() => {
      this.recountSoon(recountAgainMs)
    })
  }

  /** Asks the store, shows what it says, and gives it. Rejects when it cannot be read. */
  async recount(): Promise<StoreCounts> {
    const changes = this.#changes
    const counts = await this.#store.counts()
    if (this.#isClosed) return counts
    if (changes !== this.#changes) {
      this.recountSoon(recountAgainMs)
      if (counts.queued + counts.waiting === 0) return counts
    }
    this.#isZeroDoubted = false
    this.#show(counts, 0)
    return counts
  }

  /** Asks no more. */
  close(): void {
    this.#isClosed = true
    this.#cancelRecount?.()
  }

  #show(counts: StoreCounts, settled: number): void {
    const { pending, progress } = this.#board.snapshot
    const left = counts.queued + counts.waiting
    // What is stored after everything was done is counted from the start.
    const done = pending === 0 && left > 0 ? 0 : progress.done + settled
    this.#board.set({ counts, progress: { done, total: done + left } })
  }
}
