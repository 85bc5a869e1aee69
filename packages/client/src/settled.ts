/** Who waits for which entry to be settled, in this context. */
import type { AppliedState, Discarded, OperationId } from '@holdfast/core'
import { isFinal } from './entry.ts'
import { listingMax } from './listing.ts'
import type { SettledEvent } from './outbox.ts'
import { idOf, isLive, type Store, type StoredEntry } from './store/store.ts'

type Settled = PromiseWithResolvers<AppliedState | Discarded>

/** Keeps the promises of `entry.settled`. Each resolves once, when the entry can no longer change. */
export class SettledPromises {
  readonly #store: Store
  readonly #signal: AbortSignal
  /** One promise for an entry, however often it is read while it waits. */
  readonly #waiting = new Map<OperationId, Settled>()
  readonly #listeners = new Set<(event: SettledEvent) => void>()

  /** @param signal ends looking up: the outbox is closed */
  constructor(store: Store, signal: AbortSignal) {
    this.#store = store
    this.#signal = signal
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

  /** Somebody else has settled these: reads those that anybody here waits for. */
  async lookUp(ids: readonly OperationId[]): Promise<void> {
    await this.#read(this.#listeners.size > 0 ? ids : ids.filter((id) => this.#waiting.has(id)))
  }

  /** Looks whether what is waited for has been settled: messages may have been lost while this context slept. */
  async recheck(): Promise<void> {
    await this.#read([...this.#waiting.keys()].slice(0, listingMax))
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

  async #read(ids: readonly OperationId[]): Promise<void> {
    for (const id of ids) {
      if (this.#signal.aborted) return
      const entry = await this.#store.find(id).catch(() => undefined)
      if (entry !== undefined) this.announce(entry)
    }
  }
}
