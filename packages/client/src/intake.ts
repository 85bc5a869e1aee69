/**
 * The intake: from a call of `enqueue` to a stored entry. Calls are stored in the order in which they were made, however
 * long the preparation of each takes, and an id of the caller's own is stored once.
 */
import { SyncError, type AnyOperationDefinition, type OperationId, type QueuedOperation } from '@holdfast/core'
import type { Environment } from './environment.ts'
import type { EnqueueOptions } from './outbox.ts'
import { prepare } from './prepare.ts'
import { openGroupCommit, type CommitListener, type GroupCommit } from './store/group-commit.ts'
import type { Store, StoredEntry } from './store/store.ts'

/** Takes operations in. */
export class Intake {
  readonly #environment: Environment
  readonly #store: Store
  readonly #log: GroupCommit
  /** Preparations that are asynchronous; later calls wait behind them. */
  #preparing: Promise<unknown> | undefined

  constructor(environment: Environment, store: Store, listener: CommitListener) {
    this.#environment = environment
    this.#store = store
    this.#log = openGroupCommit(store, listener)
  }

  /** Stores an operation, or gives the entry that is there under the caller's id. Throws what `Outbox.enqueue` throws. */
  async take(definition: AnyOperationDefinition, payload: unknown, options: EnqueueOptions): Promise<StoredEntry> {
    const prepared = this.#inOrder(() => this.#prepare(definition, payload, options))
    const isOnce = options.id !== undefined
    return this.#log.append(prepared instanceof Promise ? await prepared : prepared, { isOnce })
  }

  /** Resolves when nothing is waiting to be stored. */
  idle(): Promise<void> {
    return this.#log.idle()
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
}
