/**
 * The work that is kept on this device for somebody, looked at from outside: counted, and erased as a whole. Nothing of
 * it is read.
 */
import { priorities } from '@holdfast/core'
import { countedStores, countEntries } from './entry-counts.ts'
import { inTransaction } from './indexeddb-request.ts'
import { claim } from './leadership-record.ts'
import { lastKeyOf } from './log-writing.ts'
import { storeNames } from './migrations.ts'
import { placeholderKey, sequenceOf } from './segment.ts'
import { clearSlots } from './slot-record.ts'
import type { StoreCounts } from './store.ts'

/** How many entries a database holds that are not settled; `undefined` when there is no such database. */
export async function countWork(name: string): Promise<number | undefined> {
  return withDatabase(name, async (database) =>
    totalOf(await countEntries(database.transaction(countedStores, 'readonly'), ignoreFaults)),
  )
}

/**
 * Erases everything that a database holds, if it holds exactly as many entries as its person was told. Positions are
 * not used again, and whoever leads is fenced off, so that no tab that is still open takes new entries for old ones.
 *
 * @returns how many entries it held; when that is another number than `expected`, nothing was erased
 */
export async function eraseWork(name: string, expected: number): Promise<number> {
  const held = await withDatabase(name, (database) =>
    inTransaction(database, [...database.objectStoreNames], 'strict', async (transaction) => {
      const count = totalOf(await countEntries(transaction, ignoreFaults))
      if (count !== expected) return count
      for (const priority of priorities) {
        const log = transaction.objectStore(storeNames.log[priority])
        const last = await lastKeyOf(log)
        log.clear()
        if (last > 0) log.put('', placeholderKey(sequenceOf(last)))
        transaction.objectStore(storeNames.marks[priority]).clear()
      }
      transaction.objectStore(storeNames.held).clear()
      transaction.objectStore(storeNames.results).clear()
      clearSlots(transaction)
      await claim(transaction, 'erased', 0)
      return count
    }),
  )
  return held ?? 0
}

/** Opens a database in whatever version it has, without making one. */
async function withDatabase<Result>(
  name: string,
  work: (database: IDBDatabase) => Promise<Result>,
): Promise<Result | undefined> {
  const database = await new Promise<IDBDatabase | undefined>((resolve, reject) => {
    const request = indexedDB.open(name)
    let isMissing = false
    request.onupgradeneeded = () => {
      isMissing = true
      request.transaction?.abort()
    }
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => {
      if (isMissing) resolve(undefined)
      else reject(request.error ?? new DOMException('The database did not open.', 'UnknownError'))
    }
  })
  if (database === undefined) return undefined
  // A newer release that wants to upgrade need not wait.
  database.onversionchange = () => database.close()
  try {
    return await work(database)
  } finally {
    database.close()
  }
}

function totalOf({ queued, waiting, conflicted, dead }: StoreCounts): number {
  return queued + waiting + conflicted + dead
}

function ignoreFaults(): void {}
