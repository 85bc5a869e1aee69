/** How the device's storage does: what people must know when it refuses, fails, or belongs to a newer release. */
import { SyncError } from '@holdfast/core'
import type { StatusBoard } from './status.ts'

/** How the device's storage does, as this context has met it. */
export interface StorageStatus {
  /**
   * - `full`: the last write was refused for want of room
   * - `failing`: the last write failed
   * - `outdated`: a newer release has taken over the database. Nothing can be stored here before the page is reloaded;
   *   every entry is intact
   */
  readonly kind: 'ok' | 'full' | 'failing' | 'outdated'
  /** Changes that the server has answered and the disk has not taken yet: in memory alone, and sent again if that goes. */
  readonly kept: number
  /** Damaged records that were met so far: each may hold a write that was not sent. `readDamagedRecords` lists them. */
  readonly damaged: number
}

/** A storage without trouble. */
export const healthyStorage: StorageStatus = Object.freeze({ kind: 'ok', kept: 0, damaged: 0 })

/** Puts on the board what is met of the storage. */
export class StorageWatch {
  readonly #board: StatusBoard
  readonly #outdated = new AbortController()

  constructor(board: StatusBoard) {
    this.#board = board
  }

  /** Aborted, with an error that says so, once a newer release has taken over the database: whoever leads has to make way. */
  get outdated(): AbortSignal {
    return this.#outdated.signal
  }

  /** A newer release has taken over the database, or is about to. */
  noteOutdated(): void {
    this.#set({ kind: 'outdated' })
    this.#outdated.abort(
      new SyncError(
        'newer-database',
        'A newer release of the app has the database. Reload the page; every entry is intact.',
      ),
    )
  }

  /** A write has ended, with an error or well. */
  noteWrite(error?: unknown): void {
    if (this.outdated.aborted) return
    if (error === undefined) this.#set({ kind: 'ok' })
    else if (error instanceof SyncError && error.code === 'newer-database') this.noteOutdated()
    else if (error instanceof SyncError && error.code === 'quota') this.#set({ kind: 'full' })
    else if (error instanceof SyncError && error.code === 'storage') this.#set({ kind: 'failing' })
  }

  /** So many changes are in memory alone. */
  noteKept(kept: number): void {
    this.#set({ kept })
  }

  /** A damaged record was met for the first time. */
  noteDamaged(): void {
    this.#set({ damaged: this.#board.snapshot.storage.damaged + 1 })
  }

  #set(change: Partial<StorageStatus>): void {
    this.#board.set({ storage: { ...this.#board.snapshot.storage, ...change } })
  }
}
