/** The leadership on IndexedDB: one record, whose epoch fences off everybody who led before. */
import { isRecord, SyncError } from '@holdfast/core'
import { resultOf } from './indexeddb-request.ts'
import { leadershipKey, storeNames } from './migrations.ts'
import type { Leadership } from './store.ts'

/** Who leads. */
export async function readLeadership(transaction: IDBTransaction): Promise<Leadership | undefined> {
  const value: unknown = await resultOf(transaction.objectStore(storeNames.meta).get(leadershipKey))
  if (!isRecord(value)) return undefined
  const { epoch, holder, beatAtMs, acts } = value
  return typeof epoch === 'number' && typeof holder === 'string' && typeof beatAtMs === 'number'
    ? { epoch, holder, beatAtMs, ...(typeof acts === 'number' && { acts }) }
    : undefined
}

/** Claims the next epoch. */
export async function claim(transaction: IDBTransaction, holder: string, nowMs: number): Promise<number> {
  const epoch = ((await readLeadership(transaction))?.epoch ?? 0) + 1
  write(transaction, { epoch, holder, beatAtMs: nowMs })
  return epoch
}

/** Writes a sign of life; false when the epoch is not the latest. */
export async function beat(transaction: IDBTransaction, epoch: number, nowMs: number): Promise<boolean> {
  const leadership = await readLeadership(transaction)
  if (leadership?.epoch !== epoch) return false
  write(transaction, { ...leadership, beatAtMs: nowMs })
  return true
}

/**
 * Makes sure that the epoch is the latest. One that the store knows nothing of is fenced off too: the browser has
 * cleared the database under its leader, who has to claim anew.
 *
 * @throws SyncError `fenced`
 */
export async function fence(transaction: IDBTransaction, epoch: number | undefined): Promise<void> {
  if (epoch === undefined || (await readLeadership(transaction))?.epoch === epoch) return
  throw new SyncError('fenced', 'Another context leads now; nothing was changed.')
}

/** Counts an act of a person, so that the leader notices it even when nobody tells it. */
export async function countAct(transaction: IDBTransaction): Promise<void> {
  const leadership = await readLeadership(transaction)
  if (leadership !== undefined) write(transaction, { ...leadership, acts: (leadership.acts ?? 0) + 1 })
}

function write(transaction: IDBTransaction, leadership: Leadership): void {
  transaction.objectStore(storeNames.meta).put(leadership, leadershipKey)
}
