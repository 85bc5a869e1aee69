/**
 * News: what has happened in this context, and who has to hear of it: the counts, the drain, the other contexts, those
 * who wait for an entry, and the listeners of the application.
 *
 *   stored, met ─────────▶ counts, drain, whoever leads elsewhere
 *   acts of a person ────▶ counts, drain, every other context, listeners
 *   what the drain wrote ▶ who waits for it, every other context, listeners
 */
import { priorities } from '@holdfast/core'
import type { Message } from './coordination/messages.ts'
import type { Counting } from './counting.ts'
import type { Drain } from './drain.ts'
import { isFinal } from './entry.ts'
import type { Listeners } from './listeners.ts'
import type { SettledPromises } from './settled.ts'
import type { StatusBoard } from './status.ts'
import { idOf, isLive, type LiveEntry, type StoredEntry, type UpdateReport } from './store/store.ts'

/** Who hears of news. */
export interface NewsHost {
  readonly board: StatusBoard
  readonly counting: Counting
  readonly drain: Drain
  readonly settled: SettledPromises
  /** Those who want to know that something has changed. */
  readonly listeners: Listeners
  /** Tells every other context. */
  readonly tell: (message: Message) => void
}

/** Tells what has happened here. */
export class News {
  readonly #host: NewsHost

  constructor(host: NewsHost) {
    this.#host = host
  }

  /** A group was stored: count it, tell the leader, and tell the other contexts once. */
  stored(entries: readonly LiveEntry[]): void {
    const { board, counting, drain, tell } = this.#host
    counting.noteStored(entries.length)
    const touched = priorities.filter((priority) => entries.some((entry) => entry.priority === priority))
    drain.noteGrowth(touched)
    // The leader's status tells the others; only who does not lead has to tell the leader.
    if (!board.snapshot.isLeader) tell({ kind: 'stored', priorities: touched, count: entries.length })
  }

  /** An entry was there under the caller's id. Whoever stored it may have died before it told anybody. */
  met(entry: StoredEntry): void {
    const { board, counting, drain, tell } = this.#host
    counting.noteSeen(entry)
    if (!isLive(entry)) return
    drain.noteGrowth([entry.priority])
    if (!board.snapshot.isLeader) tell({ kind: 'stored', priorities: [entry.priority], count: 0 })
  }

  /** Entries were changed here, and not by the drain. */
  acted(): void {
    const { counting, drain, listeners, tell } = this.#host
    drain.noteActs()
    tell({ kind: 'acted' })
    counting.recountSoon()
    listeners.tell()
  }

  /** Something was paused or resumed here. */
  paused(): void {
    this.#host.drain.noteActs()
    this.#host.tell({ kind: 'paused' })
  }

  /** An update has changed entries. */
  changed(reports: readonly UpdateReport[]): void {
    const { listeners, settled } = this.#host
    for (const { entry, isChanged } of reports) if (isChanged) settled.announce(entry)
    this.#tellSettled(reports)
    if (reports.some(({ isChanged }) => isChanged)) listeners.tell()
  }

  /** What was known here alone is on the disk: the others, who have looked there in vain, look again. */
  writtenLate(reports: readonly UpdateReport[]): void {
    this.#tellSettled(reports)
    this.#host.drain.noteActs()
  }

  #tellSettled(reports: readonly UpdateReport[]): void {
    const settled = reports.filter(({ entry, isChanged }) => isChanged && isFinal(entry.state))
    if (settled.length > 0) this.#host.tell({ kind: 'settled', ids: settled.map(({ entry }) => idOf(entry)) })
  }
}
