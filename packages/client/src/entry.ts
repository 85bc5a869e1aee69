/** What callers see of an entry. */
import {
  settledWith,
  type AppliedState,
  type Base,
  type DeliveryState,
  type Discarded,
  type Json,
  type OperationId,
} from '@holdfast/core'
import { isLive, type AttemptRecord, type KeptBody, type StoredEntry } from './store/store.ts'

/** An entry at one moment. */
export interface EntryView {
  readonly id: OperationId
  readonly type: string
  readonly lane: string
  readonly state: DeliveryState
  /** Device clock, ms since 1970. */
  readonly createdAtMs: number
  readonly settledAtMs?: number
  /** The payload as enqueued; `undefined` once the entry is settled, unless it was taken back and can be put back. */
  readonly payload?: Json
  /** What the change was made on. */
  readonly base?: Base
  /** Operations that must be applied first. */
  readonly after?: readonly OperationId[]
  /** What has been tried so far, oldest first; a limited number of the latest. */
  readonly attempts: readonly AttemptRecord[]
  /** How many earlier attempts are not in `attempts` any more. */
  readonly droppedAttempts: number
  /** The operation that this one replaces, resolves or cancels. */
  readonly concerns?: OperationId
  /** Everything that stood in this place before and had no answer then, nearest first. */
  readonly replaces: readonly OperationId[]
  /** What stands in its place now, or carries the news of its discard. */
  readonly replacedBy?: OperationId
  /** True when its lane goes on without it while it needs a person. */
  readonly isSkipped: boolean
  /** True when `undo` can put it back. */
  readonly canUndo: boolean
  /**
   * True for an entry of a type that this release does not know. It stays, and its lane with it, until a release that
   * knows the type leads.
   */
  readonly isParked: boolean
  /** True for the news of a discard, which carries no payload of its own. */
  readonly isCancel: boolean
}

/** An entry that its maker holds on to. */
export interface Entry extends EntryView {
  /**
   * Resolves once nothing more will be sent for the entry: applied, or discarded for certain; in whichever tab or worker,
   * and also when that happened while no page was open. Stays pending while the entry waits, however long that takes.
   * After a reload, ask `outbox.entry(id)` for it again.
   *
   * Rejects with SyncError `unknown-entry` when the entry was settled unnoticed and longer ago than results are kept, and
   * with `closed` when the outbox is closed first: the entry stays as it is then.
   */
  readonly settled: Promise<AppliedState | Discarded>
}

/** Shows a stored entry to callers; `known` holds the types that this release knows. */
export function viewOf(entry: StoredEntry, known: { has(type: string): boolean }): EntryView {
  if (!isLive(entry)) {
    const { id, type, lane, state, createdAtMs, settledAtMs, kept } = entry
    return {
      ...(kept === undefined ? { attempts: [], droppedAttempts: 0, replaces: [] } : partsOf(kept)),
      id,
      type,
      lane,
      state,
      createdAtMs,
      settledAtMs,
      isParked: false,
      isCancel: entry.isCancel === true,
      isSkipped: false,
      canUndo: kept !== undefined,
      ...(state.kind === 'discarded' && { replacedBy: state.by }),
    }
  }
  const { operation, state, onDead } = entry
  const { id, type, lane, createdAtMs, cancel } = operation
  return {
    ...partsOf(entry),
    id,
    type,
    lane,
    state,
    createdAtMs,
    isParked: !known.has(type),
    isCancel: cancel !== undefined,
    isSkipped: onDead === 'skip' && (state.kind === 'dead' || state.kind === 'conflicted'),
    canUndo: false,
  }
}

/** What is known of an entry for as long as there is a body of it. */
function partsOf({
  operation,
  attempts,
  droppedAttempts = 0,
}: KeptBody): Pick<EntryView, 'payload' | 'base' | 'after' | 'attempts' | 'droppedAttempts' | 'concerns' | 'replaces'> {
  const { payload, base, after } = operation
  const replaces = settledWith(operation)
  const [concerns] = replaces
  return {
    payload,
    attempts,
    droppedAttempts,
    replaces,
    ...(base !== undefined && { base }),
    ...(after !== undefined && { after }),
    ...(concerns !== undefined && { concerns }),
  }
}

/** True when an entry is settled and will not change again: a discard that the server has not answered may still turn out applied. */
export function isFinal(state: DeliveryState): state is AppliedState | Discarded {
  return state.kind === 'applied' || (state.kind === 'discarded' && state.isCertain)
}
