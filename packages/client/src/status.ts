/** The status that people see: one frozen snapshot per context, replaced only when its content changes. */
import type { Circuit, OperationId } from '@holdfast/core'
import type { Clock } from './environment.ts'
import { healthyStorage, type StorageStatus } from './storage-status.ts'
import { isSamePause, noPause, type Pause } from './pause.ts'
import type { StoreCounts } from './store/store.ts'

/** What is known of the way to the server. `unknown` until something was tried. */
export type Connectivity = 'unknown' | 'online' | 'offline' | 'server-unreachable' | 'captive'

/** The state of the outbox as a whole. Never says "nothing pending" before the store itself has said so. */
export interface SyncStatus {
  /** Entries that will be sent without anybody's help: queued and waiting. */
  readonly pending: number
  /** Entries that wait for a person: conflicts and dead letters. */
  readonly needsYou: number
  readonly counts: StoreCounts
  /** Entries in the request that is in flight now. */
  readonly sending: number
  /** Which ones these are: at most as many as a request holds. The same array until another request leaves. */
  readonly sendingIds: readonly OperationId[]
  /** Entries settled since the outbox last stood at zero, and how many there were in all. */
  readonly progress: { readonly done: number; readonly total: number }
  readonly connectivity: Connectivity
  /** `open` while nothing is sent because requests have failed, `half-open` when the next one is a trial. */
  readonly circuit: Circuit['kind']
  /** `required` when nothing is sent until this person signs in again; `other` when somebody else is signed in. */
  readonly authentication: 'ok' | 'required' | 'other'
  /** What somebody has paused: it is not sent before it is resumed. */
  readonly paused: Pause
  /** What is sent only when somebody asks for it, by the `mode` that the outbox was opened with. */
  readonly manual: Pause
  /** `overdue`: entries that are paused, or sent by hand, have waited for 72 hours. No deadline sends them. */
  readonly warning: 'overdue' | undefined
  /** When the next try is due by time alone, ms since 1970. */
  readonly nextAttemptAtMs: number | undefined
  /** When the server last acknowledged anything, ms since 1970. */
  readonly acknowledgedAtMs: number | undefined
  /** False when entries do not survive closing the page: say it loudly. */
  readonly durable: boolean
  /** How the device's storage does, as this context has met it. */
  readonly storage: StorageStatus
  /** True when this context is the one that sends. */
  readonly isLeader: boolean
}

/** Listeners hear of changes at most this often, ms. */
const notifyEveryMs = 50

/** Keeps the snapshot and tells listeners of changes, a few of them at a time. */
export class StatusBoard {
  readonly #clock: Clock
  readonly #listeners = new Set<() => void>()
  #snapshot: SyncStatus
  #cancelNotify: (() => void) | undefined

  constructor(clock: Clock, durable: boolean) {
    this.#clock = clock
    this.#snapshot = Object.freeze<SyncStatus>({
      pending: 0,
      needsYou: 0,
      counts: { queued: 0, waiting: 0, conflicted: 0, dead: 0 },
      sending: 0,
      sendingIds: [],
      progress: { done: 0, total: 0 },
      connectivity: 'unknown',
      circuit: 'closed',
      authentication: 'ok',
      paused: noPause,
      manual: noPause,
      warning: undefined,
      nextAttemptAtMs: undefined,
      acknowledgedAtMs: undefined,
      durable,
      storage: healthyStorage,
      isLeader: false,
    })
  }

  get snapshot(): SyncStatus {
    return this.#snapshot
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }

  /** Changes some of the status. Counts bring `pending` and `needsYou` along, and ids how many are being sent. */
  set(change: Partial<Omit<SyncStatus, 'pending' | 'needsYou' | 'sending'>>): void {
    const counts = change.counts ?? this.#snapshot.counts
    const { sendingIds: before } = this.#snapshot
    const { sendingIds: now = before } = change
    const sendingIds = isSameList(before, now) ? before : now
    const next: SyncStatus = {
      ...this.#snapshot,
      ...change,
      counts,
      sendingIds,
      sending: sendingIds.length,
      pending: counts.queued + counts.waiting,
      needsYou: counts.conflicted + counts.dead,
    }
    if (isSame(this.#snapshot, next)) return
    this.#snapshot = Object.freeze(next)
    this.#cancelNotify ??= this.#clock.timer(notifyEveryMs, () => {
      this.#cancelNotify = undefined
      for (const listener of this.#listeners) listener()
    })
  }

  close(): void {
    this.#cancelNotify?.()
    this.#listeners.clear()
  }
}

function isSameList(left: readonly OperationId[], right: readonly OperationId[]): boolean {
  return left.length === right.length && left.every((id, index) => id === right[index])
}

function isSame(left: SyncStatus, right: SyncStatus): boolean {
  return (
    left.sendingIds === right.sendingIds &&
    left.connectivity === right.connectivity &&
    left.circuit === right.circuit &&
    left.authentication === right.authentication &&
    left.warning === right.warning &&
    isSamePause(left.paused, right.paused) &&
    isSamePause(left.manual, right.manual) &&
    left.nextAttemptAtMs === right.nextAttemptAtMs &&
    left.acknowledgedAtMs === right.acknowledgedAtMs &&
    left.durable === right.durable &&
    left.isLeader === right.isLeader &&
    left.storage.kind === right.storage.kind &&
    left.storage.kept === right.storage.kept &&
    left.storage.damaged === right.storage.damaged &&
    left.progress.done === right.progress.done &&
    left.progress.total === right.progress.total &&
    left.counts.queued === right.counts.queued &&
    left.counts.waiting === right.counts.waiting &&
    left.counts.conflicted === right.counts.conflicted &&
    left.counts.dead === right.counts.dead
  )
}
