/**
 * What pages show while they work (I12): a page never shows that nothing is left while an entry that it has acknowledged
 * itself is not settled. Looked at after every event of a run.
 *
 * Settled is what the disk says, or what our server has answered: a leader whose disk is full goes by the answer.
 */
import type { Outbox } from '@holdfast/client'
import { classify, type OperationId, type RawAnswer } from '@holdfast/core'
import type { Journal } from './journal.ts'
import type { SimContext } from './sim-context.ts'

/** A tab with what it shows. */
export interface Page {
  readonly context: SimContext
  readonly outbox: Outbox | undefined
}

/** Looks at pages. */
export class PageWatch {
  readonly #journal: Journal
  /** Entries that a page has acknowledged and that are not settled yet. */
  readonly #open = new Map<Page, Set<OperationId>>()
  /** Entries that the server is known to have applied. */
  readonly #answered = new Set<OperationId>()

  constructor(journal: Journal) {
    this.#journal = journal
  }

  /** A page has acknowledged an entry that is not settled on disk. */
  noteAcknowledged(page: Page, id: OperationId): void {
    if (this.#answered.has(id)) return
    const open = this.#open.get(page)
    if (open === undefined) this.#open.set(page, new Set([id]))
    else open.add(id)
  }

  /** An entry is settled on disk. */
  noteSettled(id: OperationId): void {
    for (const open of this.#open.values()) open.delete(id)
  }

  /** An answer has reached a context of the device. */
  noteAnswer(answer: RawAnswer, nowMs: number): void {
    const verdict = classify(answer, nowMs)
    if (verdict.kind !== 'answered') return
    for (const outcome of verdict.outcomes) {
      const final = outcome.outcome === 'duplicate' ? outcome.first : outcome
      if (final.outcome !== 'applied') continue
      this.#answered.add(outcome.id)
      this.noteSettled(outcome.id)
    }
  }

  /** Looks at what every page shows now. */
  judge(): void {
    for (const [page, open] of this.#open) {
      const { context, outbox } = page
      if (!context.isAlive || outbox === undefined) {
        if (context.isDead) this.#open.delete(page)
        continue
      }
      const [id] = open
      const { pending, needsYou } = outbox.status()
      if (id === undefined || pending > 0 || needsYou > 0) continue
      this.#journal.violate('I12', `${context.name} shows that nothing is left, and ${id} is not settled`)
      open.clear()
    }
  }
}
