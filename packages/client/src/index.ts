export { batchTransport, type BatchTransportOptions } from './transport/batch-transport.ts'
export { browserEnvironment } from './environment-browser.ts'
export {
  openOutbox,
  openOutboxWith,
  type BrowserOutboxOptions,
  type EncryptedStoreOptions,
  type OutboxPorts,
  type StorageFallback,
} from './open-outbox.ts'
export { isTransient, retry, type RetryAttempt, type RetryOptions } from './retry.ts'
export { openIndexedDbRegistry } from './store/indexeddb-registry.ts'
export { currentIdentity, knownIdentities, setCurrentIdentity } from './identity.ts'
export type { Channel, Clock, Environment, HeldLock, Locks, Random } from './environment.ts'
export type { DrainError, DrainReport, TypeReport } from './drain-report.ts'
export type { Entry, EntryView } from './entry.ts'
export type { Mode } from './held-back.ts'
export type {
  DrainOptions,
  EnqueueOptions,
  EntriesQuery,
  Outbox,
  OutboxOptions,
  PauseOptions,
  SettledEvent,
} from './outbox.ts'
export type { Pause } from './pause.ts'
export type { Connectivity, SyncStatus } from './status.ts'
export type { StorageStatus } from './storage-status.ts'
export { isSameSession, type RegisteredIdentity, type Registry, type Session } from './store/registry.ts'
export type { AttemptRecord, Store } from './store/store.ts'
export type { ProbeAnswer, Transport } from './transport/transport.ts'
export type { FaultListener, StoreFault, StoreListener } from './store/store-fault.ts'
export type { OnAuthRequired } from './sign-in-request.ts'
