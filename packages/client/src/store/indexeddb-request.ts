/** Promises for IndexedDB's requests and transactions, and what its failures mean for callers. */
import { SyncError } from '@holdfast/core'

/** The result of a request. */
export function resultOf<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => {
      resolve(request.result)
    }
    request.onerror = () => {
      reject(request.error ?? new Error('the request failed'))
    }
  })
}

/**
 * Resolves at `complete`, the only moment at which a transaction is known to be written: on a full disk a put succeeds
 * first and its transaction aborts then.
 */
export function completionOf(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => {
      resolve()
    }
    transaction.onabort = () => {
      reject(transaction.error ?? new DOMException('The transaction was aborted.', 'AbortError'))
    }
  })
}

/** Says in our own words why the store failed. */
export function asSyncError(error: unknown): SyncError {
  if (error instanceof SyncError) return error
  const name = error instanceof Error || error instanceof DOMException ? error.name : ''
  if (name === 'QuotaExceededError') {
    return new SyncError('quota', 'This device has no room left; nothing was stored. Free some space and try again.', {
      cause: error,
    })
  }
  if (name === 'VersionError') {
    return new SyncError(
      'newer-database',
      'A newer release of the app has upgraded the database. Reload to get that release; every entry is intact.',
      { cause: error },
    )
  }
  return new SyncError('storage', "The browser's database failed; nothing was stored. Reload and try again.", {
    cause: error,
  })
}
