/** Finding one entry on IndexedDB, wherever it has got to. */
import { priorities, type OperationId } from '@holdfast/core'
import { heldOf } from './held-reading.ts'
import { findAnywhere, findNear, type ReadTransaction } from './log-reading.ts'
import { storeNames } from './migrations.ts'
import { findResults } from './results.ts'
import type { FaultListener } from './store-fault.ts'
import type { StoredEntry } from './store.ts'

/**
 * Finds an entry: first where it most likely is, then everywhere.
 *
 * An entry only ever moves from the log to `held` to the results, and within the results to a later record. A search
 * that goes the same way cannot miss one, so writers need not wait for it.
 */
export async function findEntry(
  read: ReadTransaction,
  id: OperationId,
  onFault: FaultListener,
): Promise<StoredEntry | undefined> {
  const ids = new Set([id])
  const findHeld = (): Promise<StoredEntry | undefined> =>
    read([storeNames.held], async (transaction) => (await heldOf(transaction, ids, onFault)).get(id))
  let resultsFrom = 0
  const findSettled = (): Promise<StoredEntry | undefined> =>
    read([storeNames.results], async (transaction) => {
      const { found, nextKey } = await findResults(transaction.objectStore(storeNames.results), ids, resultsFrom)
      resultsFrom = nextKey
      return found.get(id)?.entry
    })
  const findQueuedNear = async (): Promise<StoredEntry | undefined> => {
    for (const priority of priorities) {
      const stores = [storeNames.log[priority], storeNames.marks[priority]]
      const found = await read(stores, (transaction) => findNear(transaction, priority, id, onFault))
      if (found !== undefined) return found
    }
    return undefined
  }
  return (
    (await findHeld()) ??
    (await findQueuedNear()) ??
    (await findSettled()) ??
    (await findAnywhere(read, id, onFault)) ??
    // What moved on while the log was searched is in one of these two, and in a result that is new.
    (await findHeld()) ??
    findSettled()
  )
}
