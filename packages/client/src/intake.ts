/**
 * The intake: from a call of `enqueue` to a stored entry. Calls are stored in the order in which they were made, however
 * long the preparation of each takes, and an id of the caller's own is stored once.
 */
import { SyncError, type AnyOperationDefinition, type OperationId, type QueuedOperation } from '@holdfast/core'
import type { Environment } from './environment.ts'
import type { EnqueueOptions } from './outbox.ts'
import { prepare } from './prepare.ts'
import { openGroupCommit, type GroupCommit } from './store/group-commit.ts'
import type { LiveEntry, Store, StoredEntry } from './store/store.ts'

/** Who hears of what was taken in; always before the caller does. */
export interface IntakeListener {
  readonly onStored: (entries: readonly LiveEntry[]) => void
  /** Nothing was stored: an entry was there under the caller's id, and may have come from elsewhere. */
  readonly onKnown: (entry: StoredEntry) => void
}

/** Takes operations in. */
export class Intake {
  readonly #environment: Environment
  readonly #store: Store
  readonly #listener: IntakeListener
  readonly #log: GroupCommit
  /** Preparations that are asynchronous; later calls wait behind them. */
  #preparing: Promise<unknown> | undefined
  /** Calls under an id of the caller's own that are being stored: the same id again waits for the first. */
  readonly #storing = new Map<OperationId, Promise<StoredEntry>>()

  constructor(environment: Environment, store: Store, listener: IntakeListener) {
    this.#environment = environment
    this.#store = store
    this.#listener = listener
    this.#log = openGroupCommit(store, listener.onStored)
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
    const prepared = this.#inOrder(() => this.#prepare(definition, payload, options))
    return this.#log.append(prepared instanceof Promise ? await prepared : prepared)
  }

  #prepare(
    definition: AnyOperationDefinition,
    payload: unknown,
    options: EnqueueOptions,
  ): QueuedOperation | Promise<QueuedOperation> {
    const prepared = prepare(definition, payload, options, this.#environment)
    return prepared instanceof Promise
      ? prepared.then((late) => this.#withKnownParents(late, options))
      : this.#withKnownParents(prepared, options)
  }

  /** What a payload refers to must be stored here, or the caller must have named it: a slip would wait for ever. */
  #withKnownParents(
    prepared: QueuedOperation,
    { after = [] }: EnqueueOptions,
  ): QueuedOperation | Promise<QueuedOperation> {
    const parents = prepared.operation.after?.filter((id) => !after.includes(id)) ?? []
    return parents.length === 0 ? prepared : this.#lookUp(parents).then(() => prepared)
  }

  async #lookUp(parents: readonly OperationId[]): Promise<void> {
    await this.#log.idle()
    for (const id of parents) {
      if ((await this.#store.find(id)) !== undefined) continue
      throw new SyncError(
        'unknown-entry',
        `The payload refers to "${id}", which is not stored here. Enqueue it first, or name it in \`after\` if the server knows it.`,
      )
    }
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
      const known = await this.#store.find(id)
      if (known === undefined) return this.#append(definition, payload, options)
      this.#listener.onKnown(known)
      return known
    })()
    this.#storing.set(id, storing)
    try {
      return await storing
    } finally {
      if (this.#storing.get(id) === storing) this.#storing.delete(id)
    }
  }
}
