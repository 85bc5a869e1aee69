/** An outbox for tests of the bindings: its status and entries are set by hand, its notifications sent by hand. */
import type { EntriesQuery, EntryView, Outbox, SyncStatus } from '@holdfast/client'
import { parseOperationId, type DeliveryState, type OperationId } from '@holdfast/core'

/** The status of an outbox that has nothing to do. */
export const restingStatus: SyncStatus = Object.freeze<SyncStatus>({
  pending: 0,
  needsYou: 0,
  counts: { queued: 0, waiting: 0, conflicted: 0, dead: 0 },
  sending: 0,
  sendingIds: [],
  progress: { done: 0, total: 0 },
  connectivity: 'online',
  circuit: 'closed',
  authentication: 'ok',
  paused: { isAll: false, types: [] },
  manual: { isAll: false, types: [] },
  warning: undefined,
  nextAttemptAtMs: undefined,
  acknowledgedAtMs: undefined,
  durable: true,
  storage: { kind: 'ok', kept: 0, damaged: 0 },
  isLeader: true,
})

/** What the fixture lets a test set. */
export interface HandOutbox extends Pick<Outbox, 'status' | 'subscribe' | 'entry' | 'entries'> {
  show: (change: { status?: SyncStatus; entries?: readonly EntryView[] }) => void
  readonly listeners: Set<() => void>
  readsCount: () => number
}

/** Makes the parts of an outbox that the bindings read. */
export function outboxByHand(): HandOutbox {
  const listeners = new Set<() => void>()
  let status = restingStatus
  let entries: readonly EntryView[] = []
  let reads = 0
  return {
    listeners,
    status: () => status,
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    entries: (_query?: EntriesQuery) => {
      reads += 1
      // New objects each time, as a database gives them.
      return Promise.resolve(entries.map((entry) => ({ ...entry })))
    },
    entry: (id) => {
      reads += 1
      const found = entries.find((entry) => entry.id === id)
      return Promise.resolve(found === undefined ? undefined : { ...found, settled: new Promise(() => undefined) })
    },
    show: (change) => {
      status = change.status ?? status
      entries = change.entries ?? entries
      for (const listener of listeners) listener()
    },
    readsCount: () => reads,
  }
}

/** An operation id of a test. */
export function idOf(name: string): OperationId {
  const id = parseOperationId(name)
  if (id === undefined) throw new Error(`"${name}" is no operation id`)
  return id
}

/** A view of an entry. */
export function view(name: string, state: DeliveryState = { kind: 'queued' }): EntryView {
  const id = idOf(name)
  return {
    id,
    type: 'note.add',
    lane: 'note:1',
    state,
    createdAtMs: 1,
    payload: {},
    attempts: [],
    droppedAttempts: 0,
    replaces: [],
    isParked: false,
    isCancel: false,
    isSkipped: false,
    canUndo: false,
  }
}
