/** The database beside the store, as another program, another release or a person with developer tools sees it. */
import { SyncError } from '@holdfast/core'

/** A name that no other test uses. */
export const newName = (): string => `test ${crypto.randomUUID()}`

/** Opens the database beside the store. Rejects when a handle of somebody else does not give way. */
export function openRaw(
  name: string,
  version?: number,
  upgrade?: (database: IDBDatabase, transaction: IDBTransaction) => void,
): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, version)
    request.onupgradeneeded = () => {
      if (request.transaction !== null) upgrade?.(request.result, request.transaction)
    }
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error ?? new Error('not opened'))
    request.onblocked = () => reject(new Error('blocked by a tab that does not give way'))
  })
}

/** Does one thing to one object store, in a transaction of its own. */
export async function raw<Result>(
  name: string,
  store: string,
  work: (store: IDBObjectStore) => IDBRequest<Result>,
): Promise<Result> {
  const database = await openRaw(name)
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(store, 'readwrite')
      const request = work(transaction.objectStore(store))
      transaction.oncomplete = () => resolve(request.result)
      transaction.onabort = () => reject(transaction.error ?? new Error('aborted'))
    })
  } finally {
    database.close()
  }
}

/** The code that work fails with; `none` when it does not fail. */
export const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'none',
    (error: unknown) => (error instanceof SyncError ? error.code : String(error)),
  )
