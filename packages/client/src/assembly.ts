/**
 * The assembly: the parts of an outbox, connected. Each part knows its neighbours by what it is given here, and nothing
 * acts before the engine starts.
 *
 *   intake ──▶ keeping store ◀── drain ◀── passes ◀─┐
 *      └────────▶ news ◀───────────┘                │
 *                  └──▶ counting, settled, listeners, conversation ◀──▶ other contexts
 */
import { SyncError, type AnyOperationDefinition, type OperationId } from '@holdfast/core'
import { Conversation } from './coordination/conversation.ts'
import type { Message } from './coordination/messages.ts'
import { PassRequests } from './coordination/pass-requests.ts'
import { Counting } from './counting.ts'
import { Drain } from './drain.ts'
import type { Environment } from './environment.ts'
import { HeldBack } from './held-back.ts'
import { Housekeeping, isDeaf } from './housekeeping.ts'
import { Intake } from './intake.ts'
import { Listeners } from './listeners.ts'
import { newId } from './new-id.ts'
import { News } from './news.ts'
import type { OutboxOptions } from './outbox.ts'
import type { Pass } from './pass.ts'
import { RegistryCount } from './registry-count.ts'
import { SettledPromises } from './settled.ts'
import { StatusBoard } from './status.ts'
import { StorageWatch } from './storage-status.ts'
import { KeepingStore } from './store/keeping-store.ts'
import type { Registry } from './store/registry.ts'
import type { Store } from './store/store.ts'

/** What an outbox is made of. */
export interface Material {
  readonly environment: Environment
  readonly options: OutboxOptions
  readonly definitions: ReadonlyMap<string, AnyOperationDefinition>
  readonly store: Store
  readonly registry: Registry
  /** Names this device to the server. */
  readonly device: string
  /** The name of the database, the lock and the channel: one per identity. */
  readonly name: string
}

/** The parts of an outbox. */
export interface Parts {
  /** Names this context; two contexts never share a name. */
  readonly contextId: OperationId
  readonly board: StatusBoard
  readonly storage: StorageWatch
  readonly store: KeepingStore
  readonly counting: Counting
  readonly heldBack: HeldBack
  readonly settled: SettledPromises
  readonly listeners: Listeners
  readonly drain: Drain
  readonly passes: PassRequests
  readonly conversation: Conversation
  readonly news: News
  readonly intake: Intake
  readonly registryCount: RegistryCount
  readonly housekeeping: Housekeeping
}

/** Makes the parts of an outbox; `closed` is aborted when it is closed. */
export function assemble(material: Material, closed: AbortSignal): Parts {
  const { environment, options, definitions, registry, device, name } = material
  const { clock, reportError } = environment
  const contextId = newId(environment)
  const board = new StatusBoard(clock, material.store.durable)
  const storage = new StorageWatch(board)
  const listeners = new Listeners(reportError)
  const store = new KeepingStore(material.store, clock, {
    onWrite: (error) => {
      storage.noteWrite(error)
      // The write stands, though its caller was told of an error: whoever leads looks at what it has changed.
      if (error instanceof SyncError && error.code === 'unconfirmed') news.acted()
    },
    onKept: (count) => {
      storage.noteKept(count)
    },
    onWritten: (reports) => {
      news.writtenLate(reports)
    },
  })
  const counting = new Counting(clock, store, board)
  const heldBack = new HeldBack({ clock, store: material.store, board, definitions })
  const settled = new SettledPromises(store, environment, closed)
  const { transport, session, retentionMs } = options
  const drain = new Drain({
    environment,
    store,
    isStoreFull: () => store.isFull,
    transport,
    session,
    device,
    definitions,
    heldBack,
    board,
    counting,
    announce: (reports) => {
      news.changed(reports)
    },
  })
  const tell = (message: Message): void => {
    conversation.tell(message)
  }
  const housekeeping = new Housekeeping({ environment, store, board, counting, settled, retentionMs })
  const passes = new PassRequests({
    contextId,
    drain,
    isLeader: () => board.snapshot.isLeader,
    ...(isDeaf(environment) && { finishAlone: (pass: Pass) => housekeeping.finishAlone(pass) }),
    post: tell,
  })
  const conversation = new Conversation({ environment, name, board, drain, counting, settled, heldBack, passes })
  const news = new News({ board, counting, drain, settled, listeners, tell })
  const intake = new Intake(environment, store, {
    onStored: (entries) => {
      news.stored(entries)
    },
    onKnown: (entry) => {
      news.met(entry)
    },
    onAbsorbed: () => {
      news.acted()
    },
  })
  const registryCount = new RegistryCount(clock, registry, session, board)
  return {
    contextId,
    board,
    storage,
    store,
    counting,
    heldBack,
    settled,
    listeners,
    drain,
    passes,
    conversation,
    news,
    intake,
    registryCount,
    housekeeping,
  }
}
