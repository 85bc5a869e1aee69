/** Who waits for which entry to be settled, in this context. */
import type { AppliedState, Discarded, OperationId } from '@holdfast/core'
import { isFinal } from './entry.ts'
import type { SettledEvent } from './outbox.ts'
import { idOf, isLive, type StoredEntry } from './store/store.ts'

type Settled = PromiseWithResolvers<AppliedState | Discarded>

/** Keeps the promises of `entry.settled`. Each resolves once, when the entry can no longer change. */
export class SettledPromises {
  /** One promise for an entry, however often it is read while it waits. */
  readonly #waiting = new Map<OperationId, Settled>()
  readonly #listeners = new Set<(event: SettledEvent) => void>()

  /** The ids that somebody waits for. */
  get awaited(): readonly OperationId[] {
    return [...this.#waiting.keys()]
  }

  get hasListeners(): boolean {
    return this.#listeners.size > 0
  }

  isAwaited(id: OperationId): boolean {
    return this.#waiting.has(id)
  }

  /** A promise for an entry as it was just read. */
  of(entry: StoredEntry): Promise<AppliedState | Discarded> {
    const { state } = entry
    if (isFinal(state)) return Promise.resolve(state)
    const id = idOf(entry)
    const settled: Settled = this.#waiting.get(id) ?? Promise.withResolvers()
    this.#waiting.set(id, settled)
    return settled.promise
  }

  listen(listener: (event: SettledEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }

  /** Tells everybody in this context about an entry; nothing happens while it can still change. */
  announce(entry: StoredEntry): void {
    const { state } = entry
    if (!isFinal(state)) return
    const id = idOf(entry)
    this.#waiting.get(id)?.resolve(state)
    this.#waiting.delete(id)
    const type = isLive(entry) ? entry.operation.type : entry.type
    for (const listener of this.#listeners) listener({ id, type, state })
  }
}
