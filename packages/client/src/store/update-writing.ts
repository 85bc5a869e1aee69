/** Updates on IndexedDB: reads what the plan needs, has it judged, and writes what it came to. */
import type { OperationId } from '@holdfast/core'
import { heldOf } from './held-reading.ts'
import { packHeld } from './held-record.ts'
import { countAct, fence } from './leadership-record.ts'
import { readSection, writeSection } from './log-writing.ts'
import { storeNames } from './migrations.ts'
import { findResults, packResults, withoutResults, type FoundResult } from './results.ts'
import type { FaultListener } from './store-fault.ts'
import { idOf, isLive, type StoredEntry, type UpdateReport, type UpdateRequest } from './store.ts'
import { extentOf, isStillQueued, planUpdate } from './update-plan.ts'

/** The object stores that an update may touch. */
export function storesOfUpdate(requests: readonly UpdateRequest[]): readonly string[] {
  return [
    storeNames.meta,
    storeNames.held,
    storeNames.results,
    ...extentOf(requests).flatMap(({ priority }) => [storeNames.log[priority], storeNames.marks[priority]]),
  ]
}

/**
 * Changes entries within a transaction.
 *
 * @throws SyncError `fenced` when the epoch is no longer the latest, and what a change throws
 */
export async function updateEntries(
  transaction: IDBTransaction,
  requests: readonly UpdateRequest[],
  epoch: number | undefined,
  nowMs: number,
  onFault: FaultListener,
): Promise<readonly UpdateReport[]> {
  const entries = requests.map(({ entry }) => entry)
  const [read, heldBefore] = await Promise.all([
    Promise.all(extentOf(requests).map((extent) => readSection(transaction, extent, onFault))),
    heldOf(transaction, idsOf(entries.filter(isKnownHeld)), onFault),
    fence(transaction, epoch),
  ])
  const sections = new Map(read.map(({ priority, section }) => [priority, section]))
  // What is no longer where the caller saw it has moved on: from the log to held, from there to the results.
  const moved = entries.filter((entry) => !isStillQueued(entry, sections) && !heldBefore.has(idOf(entry)))
  const movedHeld = await heldOf(transaction, idsOf(moved.filter((entry) => !isKnownHeld(entry))), onFault)
  const held = new Map([...heldBefore, ...movedHeld])
  const gone = idsOf(moved.filter((entry) => !held.has(idOf(entry))))
  const results = transaction.objectStore(storeNames.results)
  const found: ReadonlyMap<OperationId, FoundResult> =
    gone.size === 0 ? new Map() : (await findResults(results, gone)).found
  const settled = new Map([...found].map(([id, { entry }]) => [id, entry]))

  const plan = planUpdate(requests, { sections, held, settled }, nowMs)

  const heldStore = transaction.objectStore(storeNames.held)
  for (const [id, entry] of plan.held) {
    if (entry === undefined) heldStore.delete(id)
    else heldStore.put(packHeld(entry))
  }
  removeResults(results, found, plan.resettled)
  if (plan.settled.length > 0) results.add(packResults(nowMs, plan.settled))
  for (const part of read) writeSection(transaction, part)
  if (epoch === undefined) await countAct(transaction)
  return plan.reports
}

function isKnownHeld(entry: StoredEntry): boolean {
  return isLive(entry) && entry.state.kind !== 'queued'
}

function idsOf(entries: readonly StoredEntry[]): ReadonlySet<OperationId> {
  return new Set(entries.map(idOf))
}

/** Takes entries out of the records in which their former results stand. */
function removeResults(
  results: IDBObjectStore,
  found: ReadonlyMap<OperationId, FoundResult>,
  gone: ReadonlySet<OperationId>,
): void {
  const records = new Map([...gone].flatMap((id) => found.get(id) ?? []).map(({ key, record }) => [key, record]))
  for (const [key, record] of records) {
    const left = withoutResults(record, gone)
    if (left === undefined) results.delete(key)
    else results.put(left, key)
  }
}
