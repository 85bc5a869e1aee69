/**
 * The work that is kept on this device for somebody, looked at from outside: counted, and erased as a whole. Nothing of
 * it is read.
 */
import { priorities } from '@holdfast/core'
import type { Clock } from '../environment.ts'
import { countedStores, countEntries } from './entry-counts.ts'
import { withExistingDatabase } from './existing-database.ts'
import { inTransaction, resultOf } from './indexeddb-request.ts'
import { claim } from './leadership-record.ts'
import { lastKeyOf } from './log-writing.ts'
import { storeNames } from './migrations.ts'
import { placeholderKey, sequenceOf } from './segment.ts'
import { clearSlots } from './slot-record.ts'
import type { StoreCounts } from './store.ts'

/**
 * How many entries a database holds that are not settled; `undefined` when there is no such database.
 *
 * @param clock limits how long is waited for a database that does not open
 */
export async function countWork(name: string, clock?: Pick<Clock, 'timer'>): Promise<number | undefined> {
  return withExistingDatabase(
    name,
    async (database) => totalOf(await countEntries(database.transaction(countedStores, 'readonly'), ignoreFaults)),
    clock,
  )
}

/**
 * Erases everything that a database holds, if it holds exactly as many entries as its person was told. Positions are
 * not used again, and whoever leads is fenced off, so that no tab that is still open takes new entries for old ones.
 *
 * @returns how many entries it held; when that is another number than `expected`, nothing was erased
 */
export async function eraseWork(name: string, expected: number): Promise<number> {
  const held = await withExistingDatabase(name, (database) =>
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

/** What stands beside an outbox's database under its name: what its person has read here, and typed. */
const besideNames = [':collections', ':drafts']

/** Erases what is kept beside a database: nothing of it is a write. */
export async function eraseBeside(name: string): Promise<void> {
  for (const beside of besideNames) {
    await withExistingDatabase(name + beside, async (database) => {
      const stores = [...database.objectStoreNames]
      if (stores.length === 0) return
      await inTransaction(database, stores, 'strict', async (transaction) => {
        await Promise.all(stores.map((store) => resultOf(transaction.objectStore(store).clear())))
      })
    })
  }
}

function totalOf({ queued, waiting, conflicted, dead }: StoreCounts): number {
  return queued + waiting + conflicted + dead
}

function ignoreFaults(): void {}
