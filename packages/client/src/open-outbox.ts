/** Opening an outbox: on the browser's own store, locks and channels, or on ports of one's own. */
import { SyncError, type AnyOperationDefinition } from '@holdfast/core'
import { readRoom } from './device-storage.ts'
import { Engine } from './engine.ts'
import { browserEnvironment, loneEnvironment } from './environment-browser.ts'
import type { Clock, Environment } from './environment.ts'
import { tellSafely } from './listeners.ts'
import type { Outbox, OutboxOptions } from './outbox.ts'
import { openIndexedDbRegistry } from './store/indexeddb-registry.ts'
import { openIndexedDbStore } from './store/indexeddb-store.ts'
import { databaseName, isSameSession, type RegisteredIdentity, type Registry, type Session } from './store/registry.ts'
import type { FaultListener, StoreListener } from './store/store-fault.ts'
import type { Store } from './store/store.ts'

/** What an outbox stands on. `openOutbox` brings the browser's; tests and other platforms bring their own. */
export interface OutboxPorts {
  readonly environment: Environment
  /** Opens the store of one identity by its database name. */
  readonly openStore: (name: string, listener: StoreListener) => Promise<Store>
  /** Opens the registry of one application. */
  readonly openRegistry: (application: string) => Promise<Registry>
}

/** Where entries go when there is no usable database; see `memoryFallback`. */
export type StorageFallback = Pick<OutboxPorts, 'openStore' | 'openRegistry'>

/** What encryption is given to open the store of one identity; see `encryptAtRest` of `@holdfast/client/encryption`. */
export interface EncryptedStoreOptions {
  readonly application: string
  readonly session: Session
  /** The name of the database. */
  readonly name: string
  readonly clock: Clock
  readonly onFault: FaultListener
  /** Opens the store that will keep sealed entries. */
  readonly open: () => Promise<Store>
}

/** What an outbox in a browser is opened with. */
export interface BrowserOutboxOptions extends OutboxOptions {
  /** Where entries go when the browser has no usable database. Without one, opening fails: nothing pretends to be stored. */
  readonly fallback?: StorageFallback
  /**
   * Encrypts what is stored: `encryptAtRest()` of `@holdfast/client/encryption`. Once it was given, it has to be given
   * always: without it the database does not open any more (`newer-database`).
   */
  readonly encryption?: (options: EncryptedStoreOptions) => Promise<Store>
}

/**
 * Opens the outbox of the identity that is signed in.
 *
 * @example
 * const outbox = await openOutbox({
 *   name: 'field-desk', operations: [placeOrder], session: { tenant: 'north', user: 'ana' },
 *   transport: batchTransport({ url: '/api/sync/offline-operations' }),
 * })
 * const entry = await outbox.enqueue(placeOrder, order) // stored: a crash or a power cut cannot lose it now
 * await entry.settled                                   // the server has applied it, once
 * @throws SyncError `storage` when there is no usable IndexedDB, `newer-database` when a newer release has been here,
 * `blocked` when another tab keeps an older database open, `invalid-definition` when two operations share a type
 */
export async function openOutbox({ fallback, encryption, ...options }: BrowserOutboxOptions): Promise<Outbox> {
  const environment = browserEnvironment()
  try {
    return await openOutboxWith(
      {
        environment,
        openStore: (name, listener) => {
          const { clock } = environment
          const open = (isSealed: boolean): Promise<Store> =>
            openIndexedDbStore(name, { ...listener, clock, readRoom, isSealed })
          if (encryption === undefined) return open(false)
          const { name: application, session } = options
          return encryption({ application, session, name, clock, onFault: listener.onFault, open: () => open(true) })
        },
        openRegistry: (application) => openIndexedDbRegistry(application, environment.random, environment.clock),
      },
      options,
    )
  } catch (error) {
    const isWithoutDatabase = error instanceof SyncError && error.code === 'storage'
    if (fallback === undefined || !isWithoutDatabase) throw error
    return openOutboxWith({ environment: loneEnvironment(environment), ...fallback }, options)
  }
}

/** Opens an outbox on ports of your own; see {@link openOutbox}. */
export async function openOutboxWith(ports: OutboxPorts, options: OutboxOptions): Promise<Outbox> {
  const definitions = new Map<string, AnyOperationDefinition>()
  for (const definition of options.operations) {
    if (definitions.has(definition.type)) {
      throw new SyncError(
        'invalid-definition',
        `Two operations have the type "${definition.type}"; each needs its own.`,
      )
    }
    definitions.set(definition.type, definition)
  }
  const registry = await ports.openRegistry(options.name)
  try {
    return await openEngine(ports, options, definitions, registry)
  } catch (error) {
    await registry.close()
    throw error
  }
}

async function openEngine(
  ports: OutboxPorts,
  options: OutboxOptions,
  definitions: ReadonlyMap<string, AnyOperationDefinition>,
  registry: Registry,
): Promise<Engine> {
  const device = await registry.deviceId()
  const name = databaseName(options.name, options.session)
  // The store may have something to tell before there is an engine to hear it.
  let engine: Engine | undefined
  let damaged = 0
  const store = await ports.openStore(name, {
    onFault: (fault) => {
      damaged += 1
      engine?.storage.noteDamaged()
      const { onFault } = options
      if (onFault !== undefined) tellSafely(ports.environment.reportError, () => onFault(fault))
    },
    onOutdated: () => {
      engine?.storage.noteOutdated()
    },
  })
  try {
    const counts = await store.counts()
    const pending = counts.queued + counts.waiting + counts.conflicted + counts.dead
    await remember(registry, { ...options.session, pending, usedAtMs: ports.environment.clock.now() })
    engine = new Engine({ environment: ports.environment, options, definitions, store, registry, device, name })
    for (let told = 0; told < damaged; told += 1) engine.storage.noteDamaged()
    engine.start(counts, await store.readPause())
    return engine
  } catch (error) {
    await store.close()
    throw error
  }
}

/** Remembers who has a queue here. A full disk is no reason to keep a queue closed that is known already: it can be sent. */
async function remember(registry: Registry, identity: RegisteredIdentity): Promise<void> {
  try {
    await registry.remember(identity)
  } catch (error) {
    const isFull = error instanceof SyncError && error.code === 'quota'
    const isKnown = isFull && (await registry.identities()).some((known) => isSameSession(known, identity))
    if (!isKnown) throw error
  }
}
