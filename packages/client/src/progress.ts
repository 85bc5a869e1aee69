/** Progress: how many entries there are and how many of them are done, as the drain has written them. */
import type { DeliveryState } from '@holdfast/core'
import type { StatusBoard } from './status.ts'
import { isLive, type Store, type StoreCounts, type StoredEntry } from './store/store.ts'

/** What became of an entry in a write. */
export interface Step {
  readonly before: StoredEntry
  readonly after: StoredEntry
}

/** Keeps the counts on the board true to what was written. */
export class Progress {
  readonly #store: Store
  readonly #board: StatusBoard
  /** Entries settled since the outbox last stood at zero. */
  #done = 0

  constructor(store: Store, board: StatusBoard) {
    this.#store = store
    this.#board = board
  }

  /** Asks the store itself. */
  async recount(): Promise<void> {
    this.#set(await this.#store.counts())
  }

  /** Begins anew when nothing is left. */
  noteIdle(): void {
    if (this.#board.snapshot.pending === 0) this.#done = 0
  }

  /** Takes over what was written. */
  note(steps: readonly Step[]): void {
    const counts = { ...this.#board.snapshot.counts }
    for (const { before, after } of steps) {
      add(counts, before.state.kind, -1)
      add(counts, after.state.kind, 1)
      if (isLive(before) && !isLive(after)) this.#done += 1
    }
    this.#set(counts)
  }

  #set(counts: StoreCounts): void {
    const total = this.#done + counts.queued + counts.waiting
    this.#board.set({ counts, progress: { done: this.#done, total } })
  }
}

function add(counts: { -readonly [K in keyof StoreCounts]: number }, kind: DeliveryState['kind'], by: number): void {
  if (kind === 'applied' || kind === 'discarded') return
  counts[kind] = Math.max(0, counts[kind] + by)
}
