/** Slots on IndexedDB: records of `meta`, one for each key under which entries are coalesced. */
import { heldOf } from './held-reading.ts'
import { isRecord } from '@holdfast/core'
import { candidateOf, giveWay, parseSlot, slotOf, type Slot } from './coalescing.ts'
import { resultOf } from './indexeddb-request.ts'
import { appendGroup, readSection } from './log-writing.ts'
import { storeNames } from './migrations.ts'
import { queuedEntry } from './segment.ts'
import type { FaultListener } from './store-fault.ts'
import type { Coalesced, LiveEntry, SlotTaking } from './store.ts'
import { textOf } from './operation-text.ts'
import { storesOfUpdate, updateEntries } from './update-writing.ts'

const slotPrefix = 'slot:'

/** The object stores that taking a slot touches. */
export function storesOfTaking({ queued: { priority } }: SlotTaking): readonly string[] {
  return [...storesOfUpdate([]), storeNames.log[priority], storeNames.marks[priority]]
}

/** Reads a slot. */
export async function readSlot(transaction: IDBTransaction, name: string): Promise<Slot | undefined> {
  return parseSlot(await resultOf<unknown>(transaction.objectStore(storeNames.meta).get(`${slotPrefix}${name}`)))
}

/** Takes a slot within a transaction; `undefined` when it says something else than expected. */
export async function takeSlot(
  transaction: IDBTransaction,
  taking: SlotTaking,
  onFault: FaultListener,
): Promise<Coalesced | undefined> {
  const { name, expected, queued, newer, nowMs } = taking
  const slot = await readSlot(transaction, name)
  const { id } = queued.operation
  // A transaction before this one has written it, and its end was not seen.
  if (slot?.id === id) {
    const held = (await heldOf(transaction, new Set([id]), onFault)).get(id)
    const entry = held ?? queuedEntry(queued, textOf(queued.operation).length, slot.position)
    return { entry, hasAbsorbed: slot.absorbs.length > 0 }
  }
  if (slot?.id !== expected) return undefined
  const candidate = slot === undefined || newer === undefined ? undefined : candidateOf(slot, queued)
  const isThere = candidate !== undefined && (await isUnsettled(transaction, candidate, onFault))
  const [report] =
    isThere && newer !== undefined
      ? await updateEntries(transaction, [giveWay(candidate, newer, nowMs)], undefined, nowMs, onFault)
      : []
  const [appended] = report?.replacement === undefined ? await appendGroup(transaction, [queued], false, new Map()) : []
  const entry = report?.replacement ?? appended
  if (entry === undefined) throw new RangeError('an entry was to be stored')
  const hasAbsorbed = appended === undefined
  transaction.objectStore(storeNames.meta).put(slotOf(entry, taking, hasAbsorbed), `${slotPrefix}${name}`)
  return { entry, hasAbsorbed }
}

/** Forgets the slots that were last used before an instant: what comes after that is not absorbed, and both are sent. */
export async function forgetSlots(transaction: IDBTransaction, beforeMs: number): Promise<void> {
  const request = transaction.objectStore(storeNames.meta).openCursor(slotRange())
  for (let cursor = await resultOf(request); cursor !== null; cursor = await resultOf(request)) {
    const value: unknown = cursor.value
    const atMs = isRecord(value) ? value['atMs'] : undefined
    if (typeof atMs !== 'number' || atMs < beforeMs) cursor.delete()
    cursor.continue()
  }
}

/** Forgets all slots. */
export function clearSlots(transaction: IDBTransaction): void {
  transaction.objectStore(storeNames.meta).delete(slotRange())
}

function slotRange(): IDBKeyRange {
  return IDBKeyRange.bound(slotPrefix, `${slotPrefix}\uffff`)
}

/** True for an entry that is still queued or held: of a settled one, nothing is looked up. */
async function isUnsettled(transaction: IDBTransaction, entry: LiveEntry, onFault: FaultListener): Promise<boolean> {
  const { priority, position, operation } = entry
  const extent = { priority, first: position.segment, last: position.segment }
  const { section } = await readSection(transaction, extent, onFault)
  if (section.isQueued(position)) return true
  return (await heldOf(transaction, new Set([operation.id]), onFault)).has(operation.id)
}
