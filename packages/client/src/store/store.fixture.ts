/** Entries for tests of the store. */
import { parseOperationId, type HeldState, type OperationId, type Priority, type QueuedOperation } from '@holdfast/core'
import {
  idOf,
  type EntryChange,
  type LiveEntry,
  type Position,
  type Store,
  type StoredEntry,
  type UpdateReport,
  type UpdateRequest,
} from './store.ts'

/** The text as an operation id. */
export function testId(text: string): OperationId {
  const id = parseOperationId(text)
  if (id === undefined) throw new RangeError(`not an operation id: ${text}`)
  return id
}

/** A UUIDv7-shaped id, made at an instant. `nth` tells those of one instant apart. */
export function timedId(atMs: number, nth: number): OperationId {
  const time = atMs.toString(16).padStart(12, '0')
  return testId(`${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${nth.toString(16).padStart(12, '0')}`)
}

/** What a test wants to be different about an operation. */
export interface OperationWishes {
  readonly priority?: Priority
  readonly lane?: string
  readonly onDead?: 'block' | 'skip'
  /** Characters of payload. */
  readonly size?: number
  readonly createdAtMs?: number
}

/** An operation ready for the log. */
export function queuedOperation(id: string, wishes: OperationWishes = {}): QueuedOperation {
  const { priority = 'medium', lane = 'test:1', onDead = 'block', size = 4, createdAtMs = 1_000 } = wishes
  return {
    operation: { id: testId(id), type: 'test.write', version: 1, lane, payload: 'x'.repeat(size), createdAtMs },
    priority,
    onDead,
  }
}

/** The ids of entries, in order. */
export function idsOf(entries: readonly StoredEntry[]): readonly string[] {
  return entries.map(idOf)
}

/** A waiting state that is due at an instant. */
export function waitingUntil(notBeforeMs: number, attempts = 1): HeldState {
  return { kind: 'waiting', attempts, notBeforeMs, isAsked: false, failure: { cause: 'server-error', status: 503 } }
}

/** A dead state. */
export const deadState: HeldState = { kind: 'dead', attempts: 3, reason: { kind: 'too-large' } }

/** A conflicted state. */
export const conflictedState: HeldState = { kind: 'conflicted', attempts: 1, conflict: { outcome: 'conflict' } }

/** Applied, with a version to tell one answer from another. */
export function appliedChange(version = 1): EntryChange {
  return { state: { kind: 'applied', applied: { outcome: 'applied', version } } }
}

/** Discarded by a person, as long as the server has not answered. */
export function discardedChange(by: string, isCertain = false): EntryChange {
  return { state: { kind: 'discarded', cause: 'person', by: testId(by), isCertain } }
}

/** Asks for the same change whatever the state. */
export function always(entry: StoredEntry, change: EntryChange): UpdateRequest {
  return { entry, change: () => change }
}

/** Changes entries with relaxed durability and without an epoch. */
export function change(
  store: Store,
  requests: readonly UpdateRequest[],
  nowMs = 5_000,
): Promise<readonly UpdateReport[]> {
  return store.update(requests, { durability: 'relaxed', nowMs })
}

/** Everything queued of one priority, read by pages. */
export async function readWholeLog(
  store: Store,
  priority: Priority,
  limits: { readonly entriesMax: number; readonly bytesMax: number } = { entriesMax: 100, bytesMax: 1_000_000 },
): Promise<readonly LiveEntry[]> {
  const entries: LiveEntry[] = []
  for (let after: Position | undefined; ;) {
    const page = await store.readLog(priority, after, limits)
    entries.push(...page.entries)
    if (page.isEnd) return entries
    if (page.last === undefined) throw new RangeError('a page that is not the end must say where it ended')
    after = page.last
  }
}
