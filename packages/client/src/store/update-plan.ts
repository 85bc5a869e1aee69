/**
 * What an update comes to: judged in the order of the requests by what the transaction found, and collected as writes.
 * Pure; each store loads the ground before and carries the writes out after, in the one transaction.
 */
import {
  isHeld,
  isSettled,
  SyncError,
  type HeldState,
  type Operation,
  type OperationId,
  type Priority,
} from '@holdfast/core'
import type { LogSection } from './log-section.ts'
import { textOf } from './operation-text.ts'
import {
  attemptRecordsMax,
  idOf,
  isLive,
  type AttemptRecord,
  type EntryChange,
  type KeptBody,
  type LiveEntry,
  type SettledEntry,
  type StoredEntry,
  type UpdateReport,
  type UpdateRequest,
} from './store.ts'

/** What a transaction found about the entries of an update. */
export interface UpdateGround {
  /** A section for each priority in which a request knows an entry as queued. */
  readonly sections: ReadonlyMap<Priority, LogSection>
  /** Held entries among those asked for. */
  readonly held: ReadonlyMap<OperationId, LiveEntry>
  /** Settled entries among those asked for. */
  readonly settled: ReadonlyMap<OperationId, SettledEntry>
}

/** What an update comes to. The sections of the ground hold the new marks. */
export interface UpdatePlan {
  readonly reports: readonly UpdateReport[]
  /** Held entries to write, and those to delete (`undefined`). */
  readonly held: ReadonlyMap<OperationId, LiveEntry | undefined>
  /** Results to add as one record, in the order of settling. */
  readonly settled: readonly SettledEntry[]
  /** Entries whose former result must go, because a new one is among `settled`. */
  readonly resettled: ReadonlySet<OperationId>
}

/** The first and the last segment, by priority, in which the requests know entries as queued. */
export function extentOf(
  requests: readonly UpdateRequest[],
): readonly { readonly priority: Priority; readonly first: number; readonly last: number }[] {
  const extents = new Map<Priority, { first: number; last: number }>()
  for (const { entry } of requests) {
    if (!isLive(entry) || entry.state.kind !== 'queued') continue
    const { priority, segment } = entry.position
    const extent = extents.get(priority)
    if (extent === undefined) extents.set(priority, { first: segment, last: segment })
    else {
      extent.first = Math.min(extent.first, segment)
      extent.last = Math.max(extent.last, segment)
    }
  }
  return [...extents].map(([priority, extent]) => ({ priority, ...extent }))
}

/** Judges every request. Throws what a change throws; then nothing may be written. */
export function planUpdate(requests: readonly UpdateRequest[], ground: UpdateGround, nowMs: number): UpdatePlan {
  const held = new Map<OperationId, LiveEntry | undefined>()
  const settled = new Map<OperationId, SettledEntry>()
  const resettled = new Set<OperationId>()
  const currentOf = (entry: StoredEntry): StoredEntry | undefined => {
    const id = idOf(entry)
    if (isStillQueued(entry, ground.sections)) return entry
    return (held.has(id) ? held.get(id) : ground.held.get(id)) ?? settled.get(id) ?? ground.settled.get(id)
  }
  const put = (current: StoredEntry, next: StoredEntry): void => {
    const id = idOf(current)
    if (isLive(current) && current.state.kind === 'queued') {
      ground.sections.get(current.position.priority)?.mark(current.position)
    }
    if (isLive(next)) {
      held.set(id, next)
      return
    }
    if (isLive(current)) {
      if (current.state.kind !== 'queued') held.set(id, undefined)
    } else if (!settled.delete(id)) resettled.add(id)
    settled.set(id, next)
  }
  const judge = ({ entry, change }: UpdateRequest): UpdateReport => {
    const current = currentOf(entry)
    // Settled so long ago that nothing is kept of it: there is nothing left to change.
    if (current === undefined) return { entry, isChanged: false }
    const wanted = change(current)
    if (wanted === undefined) return { entry: current, isChanged: false }
    const next = changedEntry(current, wanted, nowMs)
    put(current, next)
    if (wanted.replacement === undefined) return { entry: next, isChanged: true }
    const replacement = replacementOf(current, wanted.replacement)
    held.set(replacement.operation.id, replacement)
    return { entry: next, isChanged: true, replacement }
  }
  return { reports: requests.map(judge), held, settled: [...settled.values()], resettled }
}

/** True when the caller knows the entry as queued, and it still is. */
export function isStillQueued(entry: StoredEntry, sections: ReadonlyMap<Priority, LogSection>): entry is LiveEntry {
  if (!isLive(entry) || entry.state.kind !== 'queued') return false
  return sections.get(entry.position.priority)?.isQueued(entry.position) === true
}

function changedEntry(before: StoredEntry, change: EntryChange, nowMs: number): StoredEntry {
  const { state, attempt, keepsBody, onDead, form } = change
  const current = form !== undefined && isLive(before) ? { ...before, operation: form } : before
  if (isSettled(state)) {
    if (!isLive(current)) {
      const { kept, ...settled } = current
      const isOfUse = kept !== undefined && state.kind === 'discarded' && keepsBody !== false
      return { ...settled, settledAtMs: nowMs, state, ...(isOfUse && { kept }) }
    }
    const { id, type, lane, createdAtMs, cancel } = current.operation
    return {
      id,
      type,
      lane,
      createdAtMs,
      settledAtMs: nowMs,
      state,
      ...(cancel !== undefined && { isCancel: true }),
      ...(keepsBody === true && { kept: bodyOf(current) }),
    }
  }
  if (!isLive(current) || !isHeld(state)) {
    throw new SyncError('illegal-act', `"${idOf(current)}" is ${current.state.kind} and cannot become ${state.kind}.`)
  }
  return {
    ...current,
    state,
    ...(onDead !== undefined && { onDead }),
    ...(attempt !== undefined && withAttempt(current, attempt)),
  }
}

function withAttempt(
  { attempts, droppedAttempts = 0 }: LiveEntry,
  attempt: AttemptRecord,
): Pick<LiveEntry, 'attempts' | 'droppedAttempts'> {
  const dropped = droppedAttempts + Math.max(0, attempts.length + 1 - attemptRecordsMax)
  return {
    attempts: [...attempts, attempt].slice(-attemptRecordsMax),
    ...(dropped > 0 && { droppedAttempts: dropped }),
  }
}

function bodyOf({ state: _, size: __, ...kept }: LiveEntry): KeptBody {
  return kept
}

function replacementOf(
  original: StoredEntry,
  { operation, state }: { readonly operation: Operation; readonly state: HeldState },
): LiveEntry {
  const body = isLive(original) ? bodyOf(original) : original.kept
  if (body === undefined) {
    throw new SyncError('illegal-act', `"${idOf(original)}" is settled: it has no place to give to a replacement.`)
  }
  const size = textOf(operation).length
  // The news of a discard is another matter: it has attempts of its own, and nothing must wait behind a dead one.
  if (operation.cancel !== undefined && !isCancel(original)) {
    const { priority, position } = body
    return { operation, priority, onDead: 'skip', position, size, state, attempts: [] }
  }
  return { ...body, operation, size, state }
}

function isCancel(entry: StoredEntry): boolean {
  return isLive(entry) ? entry.operation.cancel !== undefined : entry.isCancel === true
}
