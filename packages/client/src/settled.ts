/**
 * Who waits for which entry to be settled, in this context.
 *
 * A promise is made when somebody asks for it, not when an entry is stored: most callers never do. What was heard in
 * between is remembered for a while; when that is not enough, the store is asked.
 */
import { SyncError, type AppliedState, type Discarded, type OperationId } from '@holdfast/core'
import { isFinal, type Entry, type EntryView } from './entry.ts'
import type { Clock, Environment } from './environment.ts'
import { Listeners } from './listeners.ts'
import type { SettledEvent } from './outbox.ts'
import { idOf, isLive, type Store, type StoredEntry } from './store/store.ts'

/** How a settled entry ended. */
type Final = AppliedState | Discarded

/** Settled entries that are remembered, so that a promise asked for right after `enqueue` needs no look at the store. */
const recentMax = 500

/** What is waited for is looked up this often, ms: the message that it was settled may have been lost. */
const recheckEveryMs = 60_000

/** Keeps the promises of `entry.settled`. Each is settled once, when the entry can no longer change. */
export class SettledPromises {
  readonly #store: Store
  readonly #clock: Clock
  readonly #signal: AbortSignal
  /** One promise for an entry, however often it is read while it waits. */
  readonly #waiting = new Map<OperationId, PromiseWithResolvers<Final>>()
  readonly #listeners: Listeners<[SettledEvent]>
  /** What was heard last; `undefined` where only the id was told. */
  readonly #recent = new Map<OperationId, Final | undefined>()
  /** Rises whenever something may have been settled that is not among the recent ones. */
  #gaps = 0
  #isWatching = false

  /** @param signal ends looking up: the outbox is closed, and its reason is what those who still wait are told */
  constructor(store: Store, { clock, reportError }: Pick<Environment, 'clock' | 'reportError'>, signal: AbortSignal) {
    this.#store = store
    this.#clock = clock
    this.#listeners = new Listeners(reportError)
    this.#signal = signal
    signal.addEventListener('abort', () => {
      for (const { reject } of this.#waiting.values()) reject(signal.reason)
      this.#waiting.clear()
    })
  }

  /** An entry as it was just read, with its promise. */
  entryOf({ state }: StoredEntry, view: EntryView): Entry {
    const gaps = this.#gaps
    // Nothing else is kept of what was stored: applications may hold on to thousands of entries.
    const final = isFinal(state) ? state : undefined
    return Object.assign(new Settling(() => this.#settledOf(view.id, final, gaps)), view)
  }

  listen(listener: (event: SettledEvent) => void): () => void {
    return this.#listeners.add(listener)
  }

  /** Somebody else has settled these: reads those that anybody here waits for. */
  async lookUp(ids: readonly OperationId[]): Promise<void> {
    for (const id of ids) this.#remember(id, undefined)
    await this.#read(this.#listeners.isEmpty ? ids.filter((id) => this.#waiting.has(id)) : ids)
  }

  /** Looks whether what is waited for has been settled: messages may have been lost while this context slept. */
  async recheck(): Promise<void> {
    this.#gaps += 1
    await this.#read([...this.#waiting.keys()])
  }

  /** Tells everybody in this context about an entry; nothing happens while it can still change. */
  announce(entry: StoredEntry): void {
    const { state } = entry
    if (!isFinal(state)) return
    const id = idOf(entry)
    this.#remember(id, state)
    this.#waiting.get(id)?.resolve(state)
    this.#waiting.delete(id)
    const type = isLive(entry) ? entry.operation.type : entry.type
    this.#listeners.tell({ id, type, state })
  }

  #settledOf(id: OperationId, final: Final | undefined, gaps: number): Promise<Final> {
    const state = final ?? this.#recent.get(id)
    if (state !== undefined) return Promise.resolve(state)
    const known = this.#waiting.get(id)
    if (known !== undefined) return known.promise
    if (this.#signal.aborted) return Promise.reject(this.#signal.reason)
    const settled = Promise.withResolvers<Final>()
    // Whoever only looked at the entry has asked for it too, and need not hear of its failure.
    settled.promise.catch(() => {})
    this.#waiting.set(id, settled)
    if (gaps !== this.#gaps || this.#recent.has(id)) void this.#read([id])
    this.#watch()
    return settled.promise
  }

  #remember(id: OperationId, state: Final | undefined): void {
    this.#recent.delete(id)
    this.#recent.set(id, state)
    if (this.#recent.size <= recentMax) return
    const [oldest] = this.#recent.keys()
    if (oldest !== undefined) this.#recent.delete(oldest)
    this.#gaps += 1
  }

  #watch(): void {
    if (this.#isWatching) return
    this.#isWatching = true
    const cancel = this.#clock.timer(recheckEveryMs, () => {
      this.#signal.removeEventListener('abort', cancel)
      this.#isWatching = false
      if (this.#signal.aborted || this.#waiting.size === 0) return
      this.#watch()
      void this.recheck()
    })
    this.#signal.addEventListener('abort', cancel)
  }

  async #read(ids: readonly OperationId[]): Promise<void> {
    if (ids.length === 0 || this.#signal.aborted) return
    const found = await this.#store.findMany(new Set(ids)).catch(() => undefined)
    if (found === undefined || this.#signal.aborted) return
    for (const id of ids) {
      const entry = found.get(id)
      if (entry !== undefined) this.announce(entry)
      else this.#forget(id)
    }
  }

  /** An entry that was stored is nowhere any more. */
  #forget(id: OperationId): void {
    this.#waiting
      .get(id)
      ?.reject(
        new SyncError(
          'unknown-entry',
          `"${id}" was stored here, and nothing is kept of it any more: it was settled longer ago than results are kept. Ask the server what became of it.`,
        ),
      )
    this.#waiting.delete(id)
  }
}

/** What an entry has besides its view. A class: a getter of each entry's own would cost more than all the rest of it. */
class Settling {
  readonly #ask: () => Promise<Final>

  constructor(ask: () => Promise<Final>) {
    this.#ask = ask
  }

  get settled(): Promise<Final> {
    return this.#ask()
  }
}
