/**
 * Coalescing: a newer entry absorbs the one before it that was enqueued under the same key, as long as nobody has settled
 * that one, and takes its place in the lane. A small record per key, a slot, says which entry came last, so that none
 * has to be looked for. The slot is read, the newer operation is made, and one transaction writes it if the slot still
 * says the same.
 *
 * The newer entry names what it absorbs, because that may be on its way to the server or have arrived: the server then
 * applies both, and otherwise only the newer one. It comes after nothing that the older one did not come after: else
 * something that comes after the older one could wait for the newer one, and that for it.
 */
import {
  earlierMax,
  isRecord,
  parseOperationId,
  priorities,
  SyncError,
  type Operation,
  type OperationId,
  type QueuedOperation,
} from '@holdfast/core'
import { isUntried, placeOf } from '../replacement.ts'
import type { Coalesced, EntryChange, LiveEntry, Position, SlotTaking, Store, UpdateRequest } from './store.ts'

/** Which entry came last under a key. */
export interface Slot {
  readonly id: OperationId
  readonly type: string
  readonly lane: string
  readonly createdAtMs: number
  readonly position: Position
  /** What that entry absorbs itself, nearest first. */
  readonly absorbs: readonly OperationId[]
  /** What that entry comes after. */
  readonly parents: readonly OperationId[]
  readonly atMs: number
}

/** How often a slot is read anew, because another context has taken it in between. */
const takesMax = 20

/**
 * Stores an entry in the place of the one before it under the key, if that may give way; else at the end of its lane.
 *
 * @throws SyncError what storing throws; then nothing is stored or changed
 */
export async function coalesce(store: Store, queued: QueuedOperation, key: string, nowMs: number): Promise<Coalesced> {
  const { operation, priority } = queued
  // Keys of other types and lanes are others.
  const name = JSON.stringify([operation.lane, operation.type, key])
  const parents = parentsOf(operation)
  for (let takes = 0; takes < takesMax; takes += 1) {
    const slot = await store.readSlot(name)
    const isFree =
      slot?.position.priority === priority &&
      slot.absorbs.length < earlierMax &&
      parents.every((parent) => slot.parents.includes(parent))
    const newer: Operation | undefined = isFree
      ? // It has waited for as long as the older one has.
        { ...operation, createdAtMs: slot.createdAtMs, absorbs: [slot.id, ...slot.absorbs] }
      : undefined
    const taking = { name, expected: slot?.id, queued, parents, nowMs, ...(newer !== undefined && { newer }) }
    const coalesced = await store.takeSlot(taking)
    if (coalesced !== undefined) return coalesced
  }
  throw new SyncError('storage', 'Other contexts have used this key again and again; nothing was stored. Try again.')
}

/** The slot of an entry that came last. */
export function slotOf(
  { operation, position }: LiveEntry,
  { newer, parents, nowMs }: SlotTaking,
  isNewer: boolean,
): Slot {
  const { id, type, lane, createdAtMs } = operation
  const absorbs = isNewer ? (newer?.absorbs ?? []) : []
  return { id, type, lane, createdAtMs, position, absorbs, parents, atMs: nowMs }
}

/** Reads a slot as stored; `undefined` when it is damaged: nothing is absorbed then. */
export function parseSlot(value: unknown): Slot | undefined {
  if (!isRecord(value) || !isRecord(value['position'])) return undefined
  const { type, lane, createdAtMs, atMs } = value
  const { segment, index, priority: named } = value['position']
  const id = parseOperationId(value['id'])
  const [absorbs, parents] = [idsIn(value['absorbs']), idsIn(value['parents'])]
  const priority = priorities.find((name) => name === named)
  if (id === undefined || priority === undefined || typeof type !== 'string' || typeof lane !== 'string')
    return undefined
  if (typeof createdAtMs !== 'number' || typeof atMs !== 'number') return undefined
  if (typeof segment !== 'number' || typeof index !== 'number') return undefined
  return { id, type, lane, createdAtMs, atMs, absorbs, parents, position: { priority, segment, index } }
}

/** The entry that came last, as far as its slot knows it. */
export function candidateOf(slot: Slot, { onDead }: QueuedOperation): LiveEntry {
  const { id, type, lane, createdAtMs, position } = slot
  return {
    operation: { id, type, version: 1, lane, payload: null, createdAtMs },
    priority: position.priority,
    onDead,
    position,
    size: 0,
    state: { kind: 'queued' },
    attempts: [],
  }
}

/** Asks for the candidate to give its place to an operation, unless it needs a person: that is not for a program to take away. */
export function giveWay(candidate: LiveEntry, newer: Operation, nowMs: number): UpdateRequest {
  return {
    entry: candidate,
    change: (current): EntryChange | undefined =>
      current.state.kind === 'queued' || current.state.kind === 'waiting'
        ? {
            state: { kind: 'discarded', cause: 'superseded', by: newer.id, isCertain: false },
            replacement: { operation: newer, state: placeOf(isUntried(current), nowMs) },
          }
        : undefined,
  }
}

function parentsOf({ after = [], base }: Operation): readonly OperationId[] {
  return base !== undefined && 'after' in base ? [...after, base.after] : after
}

function idsIn(value: unknown): readonly OperationId[] {
  return Array.isArray(value) ? value.map(parseOperationId).filter((id) => id !== undefined) : []
}
