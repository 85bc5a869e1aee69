/**
 * Carrying out a person's act: each entry is judged by the state that it has inside the store's transaction, all of it
 * is written strictly or none, and what is refused says why.
 */
import {
  deliver,
  exponential,
  needsNewIdToRetry,
  SyncError,
  type DeliveryEvent,
  type Operation,
  type OperationId,
} from '@holdfast/core'
import type { Environment } from './environment.ts'
import { isUntried, placeOf } from './replacement.ts'
import {
  idOf,
  isLive,
  type EntryChange,
  type LiveEntry,
  type Store,
  type StoredEntry,
  type UpdateReport,
} from './store/store.ts'

/** What acts work on. */
export interface ActGround {
  readonly store: Store
  readonly environment: Environment
}

/** What happens to one entry. */
export interface Act {
  readonly entry: StoredEntry
  readonly event: DeliveryEvent
  /**
   * Takes the entry's place: in line where the entry stood there, or where `isInLine` says so. The news of a discard
   * need not wait for what stands before it.
   */
  readonly replacement?: Operation
  readonly isInLine?: boolean
  /** True keeps the body of an entry that is settled by this, so that the act can be undone; false gives it up. */
  readonly keepsBody?: boolean
  /** The entry's lane goes on without it. */
  readonly onDead?: 'skip'
}

/** The live entry with an id. Throws `unknown-entry` and `illegal-act`, which says what was wanted. */
export async function liveEntry({ store }: ActGround, id: OperationId, wanted: string): Promise<LiveEntry> {
  const entry = await storedEntry(store, id)
  if (!isLive(entry)) throw illegal(entry, wanted)
  return entry
}

/** The entry with an id. Throws `unknown-entry`. */
export async function storedEntry(store: Store, id: OperationId): Promise<StoredEntry> {
  const entry = await store.find(id)
  if (entry === undefined) throw new SyncError('unknown-entry', `No entry has the id "${id}".`)
  return entry
}

/**
 * Carries out what belongs together: all of it or nothing.
 *
 * @throws SyncError `illegal-act` when one of the entries is in a state in which it makes no sense by now
 */
export async function carryOut(
  { store, environment }: ActGround,
  acts: readonly Act[],
): Promise<readonly UpdateReport[]> {
  const nowMs = environment.clock.now()
  const requests = acts.map((act) => ({
    entry: act.entry,
    change: (current: StoredEntry) => changeBy(act, current, nowMs),
  }))
  const reports = await store.update(requests, { durability: 'strict', nowMs })
  return Promise.all(reports.map((report, nth) => withReplacement(store, report, acts[nth])))
}

/** The report of an act that had been written by a transaction whose end was not seen: what it put in place is there. */
async function withReplacement(store: Store, report: UpdateReport, act: Act | undefined): Promise<UpdateReport> {
  if (report.isChanged || act?.replacement === undefined) return report
  const standing = await store.find(act.replacement.id)
  return standing === undefined || !isLive(standing) ? report : { ...report, isChanged: true, replacement: standing }
}

/** Says that an act makes no sense for an entry as it is. */
export function illegal(entry: StoredEntry, wanted: string, why?: string): SyncError {
  return new SyncError(
    'illegal-act',
    `"${idOf(entry)}" is ${entry.state.kind}: ${wanted} makes no sense for it${why === undefined ? '' : `, because ${why}`}. Read its state and offer what does.`,
  )
}

function changeBy(act: Act, current: StoredEntry, nowMs: number): EntryChange | undefined {
  const { event, replacement, keepsBody, onDead } = act
  if (isCarriedOut(act, current)) return undefined
  const isInLine = act.isInLine ?? (replacement?.cancel === undefined && isUntried(current))
  const next = deliver(current.state, event, { nowMs, random: 0.5, schedule: exponential() })
  // A refusal that has been recorded meanwhile would only be repeated under the same id.
  const isMoved = event.kind === 'retry' && needsNewIdToRetry(current.state)
  if (next.kind === 'refused' || isMoved) throw illegal(current, event.kind)
  if (next.kind === 'ignored') return undefined
  return {
    state: next.state,
    ...(keepsBody !== undefined && { keepsBody }),
    ...(onDead !== undefined && { onDead }),
    ...(replacement !== undefined && { replacement: { operation: replacement, state: placeOf(isInLine, nowMs) } }),
  }
}

/** True for what this act has made: a store writes a transaction again whose end it did not see. */
function isCarriedOut({ event }: Act, { state }: StoredEntry): boolean {
  return 'by' in event && state.kind === 'discarded' && state.by === event.by
}
