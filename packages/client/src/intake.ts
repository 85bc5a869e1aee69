/**
 * The intake: from a call of `enqueue` to a stored entry. Calls are stored in the order in which they were made, however
 * long the preparation of each takes, and an id of the caller's own is stored once.
 *
 *   take ──▶ prepare at once ── nobody before it ──▶ append
 *     │                      └── others wait, or it refers to another ──▶ line ──▶ append
 *     └─ too many at once ──▶ copy ──▶ line ──▶ prepare ──▶ append
 */
import {
  findJsonFault,
  SyncError,
  type AnyOperationDefinition,
  type OperationId,
  type QueuedOperation,
} from '@holdfast/core'
import { CallLine } from './call-line.ts'
import type { Environment } from './environment.ts'
import type { EnqueueOptions } from './outbox.ts'
import { plainCopy } from './plain-copy.ts'
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

/** Entries that may wait to be stored before calls are copied and prepared later: a page must not stand still for a burst. */
const promptMax = 256

/** A call that waits for its turn. */
interface Call {
  /** What was prepared when it came; absent where that is left for later. */
  readonly prepared: QueuedOperation | Promise<QueuedOperation> | undefined
  readonly definition: AnyOperationDefinition
  readonly payload: unknown
  readonly options: EnqueueOptions
  readonly resolve: (entry: StoredEntry) => void
  readonly reject: (error: unknown) => void
}

/** Takes operations in. */
export class Intake {
  readonly #environment: Environment
  readonly #store: Store
  readonly #listener: IntakeListener
  readonly #log: GroupCommit
  /** Calls that could not be taken at once; later ones wait behind them. */
  readonly #line: CallLine<Call>

  constructor(environment: Environment, store: Store, listener: IntakeListener) {
    this.#listener = listener
    this.#environment = environment
    this.#store = store
    this.#log = openGroupCommit(store, listener)
    this.#line = new CallLine(
      async () => {
        // The browser gets on with what was asked of it, and the next group is prepared while one is being written.
        await environment.turn?.()
        await this.#log.room()
      },
      (call) => this.#serve(call),
    )
  }

  /** Stores an operation, or gives the entry that is there under the caller's id. Throws what `Outbox.enqueue` throws. */
  take(definition: AnyOperationDefinition, payload: unknown, options: EnqueueOptions): Promise<StoredEntry> {
    const { coalesce: key } = options
    if (key !== undefined) assertCoalescable(options, key)
    const isCrowded = this.#log.length + this.#line.length >= promptMax
    // Who has said what it was made on is not copied: such states are large.
    const copy = isCrowded && options.base === undefined ? plainCopy(payload) : undefined
    const prepared = copy === undefined ? prepare(definition, payload, options, this.#environment) : undefined
    if (prepared instanceof Promise) prepared.catch(() => {})
    else if (prepared !== undefined && this.#line.isFree && isAlone(prepared, options)) {
      return this.#log.append(prepared, { isOnce: options.id !== undefined })
    }
    const given = copy === undefined ? payload : copy.value
    return new Promise((resolve, reject) => {
      this.#line.enter({ prepared, definition, payload: given, options: ownOptions(options), resolve, reject })
    })
  }

  /** Resolves when nothing is waiting to be stored. */
  async idle(): Promise<void> {
    await this.#line.idle()
    await this.#log.idle()
  }

  #serve(call: Call): Promise<void> | undefined {
    const { definition, payload, options, reject } = call
    try {
      const prepared = call.prepared ?? prepare(definition, payload, options, this.#environment)
      if (!(prepared instanceof Promise) && isAlone(prepared, options)) {
        this.#append(prepared, call)
        return undefined
      }
      return this.#serveSlowly(prepared, call).catch(reject)
    } catch (error) {
      reject(error)
      return undefined
    }
  }

  async #serveSlowly(preparing: QueuedOperation | Promise<QueuedOperation>, call: Call): Promise<void> {
    const prepared = await preparing
    await this.#lookUp(othersOf(prepared, call.options))
    const key = call.options.coalesce
    if (key === undefined) this.#append(prepared, call)
    else call.resolve(await this.#coalesce(prepared, key))
  }

  #append(queued: QueuedOperation, { options, resolve, reject }: Call): void {
    this.#log.take(queued, { isOnce: options.id !== undefined, resolve, reject })
  }

  /** Later calls wait until it is stored: it has a transaction of its own, and must not be overtaken. */
  async #coalesce(prepared: QueuedOperation, key: string): Promise<StoredEntry> {
    await this.#log.idle()
    const { entry, hasAbsorbed } = await coalesce(this.#store, prepared, key, this.#environment.clock.now())
    if (hasAbsorbed) this.#listener.onAbsorbed()
    else this.#listener.onStored([entry])
    return entry
  }

  /** What a payload refers to must be stored here, or the caller must have named it: a slip would wait for ever. */
  async #lookUp(parents: readonly OperationId[]): Promise<void> {
    if (parents.length === 0) return
    await this.#log.idle()
    for (const id of parents) {
      if ((await this.#store.find(id)) !== undefined) continue
      throw new SyncError(
        'unknown-entry',
        `The payload refers to "${id}", which is not stored here. Enqueue it first, or name it in \`after\` if the server knows it.`,
      )
    }
  }
}

/** The operations that the payload refers to and the caller has not named. */
function othersOf({ operation }: QueuedOperation, { after = [] }: EnqueueOptions): readonly OperationId[] {
  return operation.after?.filter((id) => !after.includes(id)) ?? []
}

/** True for a call that needs nothing but a place in the log. */
function isAlone(queued: QueuedOperation, options: EnqueueOptions): boolean {
  return (
    options.coalesce === undefined && (queued.operation.after === undefined || othersOf(queued, options).length === 0)
  )
}

/** The options as they are now: their maker may change them. */
function ownOptions(options: EnqueueOptions): EnqueueOptions {
  return options.after === undefined ? { ...options } : { ...options, after: [...options.after] }
}

function assertCoalescable({ id }: EnqueueOptions, key: string): void {
  if (id !== undefined) {
    throw new SyncError('invalid-payload', 'An entry that is coalesced gets an id of its own: leave out `id`.')
  }
  if (key.length === 0 || key.length > coalesceKeyMax || findJsonFault(key) !== undefined) {
    throw new SyncError('invalid-payload', `\`coalesce\` is 1 to ${coalesceKeyMax} characters that can be stored.`)
  }
}
