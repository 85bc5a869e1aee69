/**
 * A person's acts on single entries: retry and discard. Each judges the entry by the state it has inside the store's
 * transaction and is written strictly; what has to be told to the server becomes an operation that takes the entry's
 * place in its lane.
 */
import {
  deliver,
  exponential,
  needsNewIdToRetry,
  operationIdFrom,
  operationIdRandomBytes,
  SyncError,
  type DeliveryEvent,
  type Operation,
  type OperationId,
  type QueuedOperation,
  type Waiting,
} from '@holdfast/core'
import type { Environment } from './environment.ts'
import {
  isLive,
  type LiveEntry,
  type Store,
  type StoredEntry,
  type UpdateReport,
  type UpdateRequest,
} from './store/store.ts'

/** Tries an entry again: at once, or under a new id where the server's ledger keeps a refusal of the old one. */
export async function retryEntry(store: Store, environment: Environment, id: OperationId): Promise<UpdateReport> {
  const entry = await liveEntry(store, id, 'retry')
  const by = needsNewIdToRetry(entry.state) ? newId(environment) : undefined
  const event: DeliveryEvent = by === undefined ? { kind: 'retry' } : { kind: 'supersede', by }
  return act(
    store,
    environment,
    entry,
    event,
    by === undefined ? undefined : { ...content(entry), id: by, supersedes: id },
  )
}

/** Takes an entry back and tells the server so. */
export async function discardEntry(
  store: Store,
  environment: Environment,
  id: OperationId,
  reason: string | undefined,
): Promise<UpdateReport> {
  const entry = await liveEntry(store, id, 'discard')
  if (entry.operation.cancel !== undefined) {
    throw new SyncError('illegal-act', `"${id}" is itself the news of a discard; it cannot be taken back.`)
  }
  const by = newId(environment)
  const { type, version, lane, supersedes, entity } = entry.operation
  const cancel: Operation = {
    id: by,
    type,
    version,
    lane,
    payload: null,
    createdAtMs: environment.clock.now(),
    cancel: id,
    // What this entry was to replace is taken back with it: neither may be applied any more.
    ...(supersedes !== undefined && { supersedes }),
    ...(entity !== undefined && { entity }),
  }
  return act(store, environment, entry, { kind: 'discard', by, ...(reason !== undefined && { reason }) }, cancel)
}

async function liveEntry(store: Store, id: OperationId, act: string): Promise<LiveEntry> {
  const entry = await store.find(id)
  if (entry === undefined) throw new SyncError('unknown-entry', `No entry has the id "${id}".`)
  if (!isLive(entry)) throw illegal(entry, id, act)
  return entry
}

async function act(
  store: Store,
  environment: Environment,
  entry: LiveEntry,
  event: DeliveryEvent,
  replacement: Operation | undefined,
): Promise<UpdateReport> {
  const nowMs = environment.clock.now()
  const { id } = entry.operation
  let refusal: SyncError | undefined
  const request: UpdateRequest = {
    entry,
    change: (current) => {
      const isMoved = event.kind === 'retry' && needsNewIdToRetry(current.state)
      const next = deliver(current.state, event, { nowMs, random: 0.5, schedule: exponential() })
      if (next.kind === 'refused' || isMoved) refusal = illegal(current, id, event.kind)
      if (next.kind !== 'changed' || refusal !== undefined) return undefined
      if (replacement === undefined) return { state: next.state }
      return { state: next.state, replacement: { queued: queued(entry, replacement), state: dueNow(nowMs) } }
    },
  }
  const [report] = await store.update([request], { durability: 'strict', nowMs })
  if (refusal !== undefined) throw refusal
  if (report === undefined) throw new SyncError('storage', `The store did not answer for "${id}". Try again.`)
  return report
}

function illegal(entry: StoredEntry, id: OperationId, act: string): SyncError {
  return new SyncError(
    'illegal-act',
    `"${id}" is ${entry.state.kind}: ${act} makes no sense for it. Read its state and offer what does.`,
  )
}

function content({ operation }: LiveEntry): Omit<Operation, 'id' | 'supersedes' | 'cancel'> {
  const { id: _, supersedes: __, cancel: ___, ...rest } = operation
  return rest
}

function queued({ priority, onDead }: LiveEntry, operation: Operation): QueuedOperation {
  return { operation, priority, onDead }
}

/** A replacement is held and due: it must go before everything that is queued behind it in its lane. */
function dueNow(nowMs: number): Waiting {
  return { kind: 'waiting', attempts: 0, notBeforeMs: nowMs, isAsked: false, failure: { cause: 'problem' } }
}

function newId({ clock, random }: Environment): OperationId {
  return operationIdFrom(clock.now(), random.bytes(operationIdRandomBytes))
}
