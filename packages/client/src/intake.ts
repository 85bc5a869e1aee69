/**
 * The intake: from a call of `enqueue` to a stored entry. Calls are stored in the order in which they were made, however
 * long the preparation of each takes, and an id of the caller's own is stored once.
 */
import {
  findJsonFault,
  SyncError,
  type AnyOperationDefinition,
  type OperationId,
  type QueuedOperation,
} from '@holdfast/core'
import type { Environment } from './environment.ts'
import type { EnqueueOptions } from './outbox.ts'
import { prepare } from './prepare.ts'
import { coalesce } from './store/coalescing.ts'
import { openGroupCommit, type CommitListener, type GroupCommit } from './store/group-commit.ts'
import type { Store, StoredEntry } from './store/store.ts'

/** The longest key under which entries are coalesced, in characters. */
const coalesceKeyMax = 200

/** Who hears of what was taken in; always before the caller does. */
export interface IntakeListener extends CommitListener {
  /** An older entry gave way to the one that was stored. */
  readonly onAbsorbed: () => void
}

/** Takes operations in. */
export class Intake {
  readonly #environment: Environment
  readonly #store: Store
  readonly #listener: IntakeListener
  readonly #log: GroupCommit
  /** Preparations that are asynchronous; later calls wait behind them. */
  #preparing: Promise<unknown> | undefined

  constructor(environment: Environment, store: Store, listener: IntakeListener) {
    this.#listener = listener
    this.#environment = environment
    this.#store = store
    this.#log = openGroupCommit(store, listener)
  }

  /** Stores an operation, or gives the entry that is there under the caller's id. Throws what `Outbox.enqueue` throws. */
  take(definition: AnyOperationDefinition, payload: unknown, options: EnqueueOptions): Promise<StoredEntry> {
    if (options.coalesce !== undefined) return this.#coalesce(definition, payload, options, options.coalesce)
    const prepared = this.#inOrder(() => this.#prepare(definition, payload, options))
    const kind = { isOnce: options.id !== undefined }
    return prepared instanceof Promise
      ? prepared.then((late) => this.#log.append(late, kind))
      : this.#log.append(prepared, kind)
  }

  /** Resolves when nothing is waiting to be stored. */
  async idle(): Promise<void> {
    await this.#preparing
    await this.#log.idle()
  }

  /** Later calls wait until it is stored: it has a transaction of its own, and must not be overtaken. */
  async #coalesce(
    definition: AnyOperationDefinition,
    payload: unknown,
    options: EnqueueOptions,
    key: string,
  ): Promise<StoredEntry> {
    if (options.id !== undefined) {
      throw new SyncError('invalid-payload', 'An entry that is coalesced gets an id of its own: leave out `id`.')
    }
    if (key.length === 0 || key.length > coalesceKeyMax || findJsonFault(key) !== undefined) {
      throw new SyncError('invalid-payload', `\`coalesce\` is 1 to ${coalesceKeyMax} characters that can be stored.`)
    }
    return this.#inOrder(async () => {
      const prepared = await this.#prepare(definition, payload, options)
      await this.#log.idle()
      const { entry, hasAbsorbed } = await coalesce(this.#store, prepared, key, this.#environment.clock.now())
      if (hasAbsorbed) this.#listener.onAbsorbed()
      else this.#listener.onStored([entry])
      return entry
    })
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
