/**
 * Under which epoch each context leads, as its disk has told it, and who writes answers after a later one has begun: an
 * overtaken leader must not touch what is another one's by now.
 */
import type { MemoryDisk } from '../../packages/client/src/store/memory-store.ts'
import type { Journal } from './journal.ts'
import type { SimContext } from './sim-context.ts'

/** Looks at leaderships. */
export class LeaseWatch {
  readonly #journal: Journal
  readonly #epochs = new WeakMap<SimContext, number>()
  /** Contexts that found no room to claim: they go on under the epoch that they read next. */
  readonly #roomless = new WeakSet<SimContext>()

  constructor(journal: Journal) {
    this.#journal = journal
  }

  /** A context has claimed an epoch. */
  noteClaimed(context: SimContext, { leadership }: MemoryDisk): void {
    this.#roomless.delete(context)
    if (leadership !== undefined) this.#epochs.set(context, leadership.epoch)
  }

  /** A context asks for an epoch, and may not get it. */
  noteClaiming(context: SimContext): void {
    this.#roomless.add(context)
  }

  /** A context has read who leads. */
  noteRead(context: SimContext, epoch: number): void {
    if (this.#roomless.delete(context)) this.#epochs.set(context, epoch)
  }

  /** A context has marked an entry as applied: only a leader has answers to write. */
  judgeMark(context: SimContext, name: number | string, { leadership }: MemoryDisk): void {
    const own = this.#epochs.get(context)
    if (own === undefined || leadership === undefined || leadership.epoch <= own) return
    this.#journal.violate(
      'I2',
      `${context.name} marked ${name} under epoch ${own}, and was overtaken by ${leadership.epoch}`,
    )
  }
}
