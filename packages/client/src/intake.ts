/**
 * The intake: from a call of `enqueue` to a stored entry. Calls are stored in the order in which they were made, however
 * long the preparation of each takes, and an id of the caller's own is stored once.
 */
import type { AnyOperationDefinition, OperationId } from '@holdfast/core'
import type { Environment } from './environment.ts'
import type { EnqueueOptions } from './outbox.ts'
import { prepare } from './prepare.ts'
import { openGroupCommit, type GroupCommit } from './store/group-commit.ts'
import type { LiveEntry, Store, StoredEntry } from './store/store.ts'

/** Takes operations in. */
export class Intake {
  readonly #environment: Environment
  readonly #store: Store
  readonly #log: GroupCommit
  /** Preparations that are asynchronous; later calls wait behind them. */
  #preparing: Promise<unknown> | undefined
  /** Calls under an id of the caller's own that are being stored: the same id again waits for the first. */
  readonly #storing = new Map<OperationId, Promise<StoredEntry>>()

  constructor(environment: Environment, store: Store, onStored: (entries: readonly LiveEntry[]) => void) {
    this.#environment = environment
    this.#store = store
    this.#log = openGroupCommit(store, onStored)
  }

  /** Stores an operation, or gives the entry that is there under the caller's id. Throws what `Outbox.enqueue` throws. */
  take(definition: AnyOperationDefinition, payload: unknown, options: EnqueueOptions): Promise<StoredEntry> {
    const { id } = options
    return id === undefined
      ? this.#append(definition, payload, options)
      : this.#storeOnce(id, definition, payload, options)
  }

  /** Resolves when nothing is waiting to be stored. */
  idle(): Promise<void> {
    return this.#log.idle()
  }

  async #append(definition: AnyOperationDefinition, payload: unknown, options: EnqueueOptions): Promise<LiveEntry> {
    const prepared = this.#inOrder(() => prepare(definition, payload, options, this.#environment))
    return this.#log.append(prepared instanceof Promise ? await prepared : prepared)
  }

  /** Runs preparations in call order; a synchronous one that finds nobody waiting stays synchronous. */
  #inOrder<Value>(work: () => Value | Promise<Value>): Value | Promise<Value> {
    const before = this.#preparing
    const result = before === undefined ? work() : before.then(work)
    if (!(result instanceof Promise)) return result
    const settled = result.then(
      () => {},
      () => {},
    )
    this.#preparing = settled
    void settled.then(() => {
      if (this.#preparing === settled) this.#preparing = undefined
    })
    return result
  }

  /** Stores an operation under an id of the caller's own, unless it is there; one call per id at a time. */
  async #storeOnce(
    id: OperationId,
    definition: AnyOperationDefinition,
    payload: unknown,
    options: EnqueueOptions,
  ): Promise<StoredEntry> {
    const before = this.#storing.get(id)
    const storing = (async () => {
      // Whether the first one failed is its own caller's matter.
      await before?.catch(() => undefined)
      await this.#log.idle()
      return (await this.#store.find(id)) ?? this.#append(definition, payload, options)
    })()
    this.#storing.set(id, storing)
    try {
      return await storing
    } finally {
      if (this.#storing.get(id) === storing) this.#storing.delete(id)
    }
  }
}
