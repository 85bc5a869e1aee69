/** The pause on IndexedDB: one record. */
import { noPause, parsePause, type Pause } from '../pause.ts'
import { resultOf } from './indexeddb-request.ts'
import { countAct } from './leadership-record.ts'
import { pauseKey, storeNames } from './migrations.ts'

/** What is paused. */
export async function readPause(transaction: IDBTransaction): Promise<Pause> {
  const value: unknown = await resultOf(transaction.objectStore(storeNames.meta).get(pauseKey))
  return value === undefined ? noPause : parsePause(value)
}

/** Changes what is paused by what it is inside the transaction: an act, which the leader notices by its count. */
export async function changePause(transaction: IDBTransaction, change: (pause: Pause) => Pause): Promise<Pause> {
  const pause = change(await readPause(transaction))
  transaction.objectStore(storeNames.meta).put(pause, pauseKey)
  await countAct(transaction)
  return pause
}
