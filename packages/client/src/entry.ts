/** What callers see of an entry. */
import type { AppliedState, DeliveryState, Discarded, Json, OperationId } from '@holdfast/core'
import { isLive, type AttemptRecord, type StoredEntry } from './store/store.ts'

/** An entry at one moment. */
export interface EntryView {
  readonly id: OperationId
  readonly type: string
  readonly lane: string
  readonly state: DeliveryState
  /** Device clock, ms since 1970. */
  readonly createdAtMs: number
  readonly settledAtMs?: number
  /** The payload as enqueued; `undefined` once the entry is settled. */
  readonly payload?: Json
  /** What has been tried so far, oldest first. */
  readonly attempts: readonly AttemptRecord[]
  /** The operation that this one replaces, resolves or cancels. */
  readonly concerns?: OperationId
  /** True for the news of a discard, which carries no payload of its own. */
  readonly isCancel: boolean
}

/** An entry that its maker holds on to. */
export interface Entry extends EntryView {
  /**
   * Resolves once nothing more will be sent for the entry: applied, or discarded for certain. Never rejects; stays
   * pending while the entry waits, however long that takes. After a reload, ask `outbox.entry(id)` for it again.
   */
  readonly settled: Promise<AppliedState | Discarded>
}

/** Shows a stored entry to callers. */
export function viewOf(entry: StoredEntry): EntryView {
  if (!isLive(entry)) {
    const { id, type, lane, state, createdAtMs, settledAtMs } = entry
    return { id, type, lane, state, createdAtMs, settledAtMs, attempts: [], isCancel: entry.isCancel === true }
  }
  const { operation, state, attempts } = entry
  const { id, type, lane, payload, createdAtMs } = operation
  const concerns = operation.cancel ?? operation.supersedes ?? operation.resolves
  return {
    id,
    type,
    lane,
    state,
    createdAtMs,
    payload,
    attempts,
    isCancel: operation.cancel !== undefined,
    ...(concerns !== undefined && { concerns }),
  }
}

/** True when an entry is settled and will not change again: a discard that the server has not answered may still turn out applied. */
export function isFinal(state: DeliveryState): state is AppliedState | Discarded {
  return state.kind === 'applied' || (state.kind === 'discarded' && state.isCertain)
}
