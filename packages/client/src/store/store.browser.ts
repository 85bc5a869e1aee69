/** The store's contract, for a page: runs every case on the browser's own IndexedDB. */
import { openIndexedDbStore } from './indexeddb-store.ts'
import { storeContract } from './store.contract.ts'
import type { Store } from './store.ts'

/** How a case went; `error` is absent when the promise was kept. */
export interface CaseResult {
  readonly name: string
  readonly error?: string
}

/** Runs every case, each on a database of its own, which is deleted afterwards. */
export async function runStoreContractInPage(): Promise<readonly CaseResult[]> {
  const results: CaseResult[] = []
  for (const { name, run } of storeContract) {
    const database = `contract ${crypto.randomUUID()}`
    const opened: Store[] = []
    try {
      await run({
        open: async () => {
          const store = await openIndexedDbStore(database)
          opened.push(store)
          return store
        },
      })
      results.push({ name })
    } catch (error) {
      results.push({ name, error: String(error) })
    } finally {
      for (const store of opened) await store.close()
      indexedDB.deleteDatabase(database)
    }
  }
  return results
}
