/** Promises for IndexedDB's requests and transactions, and what its failures mean for callers. */
import { SyncError } from '@holdfast/core'
import type { Room } from '../device-storage.ts'

/** The result of a request. */
export function resultOf<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => {
      resolve(request.result)
    }
    request.onerror = () => {
      reject(request.error ?? new DOMException('The request failed.', 'UnknownError'))
    }
  })
}

/** A record with its key. */
export interface KeyedRecord {
  readonly key: IDBValidKey
  readonly value: unknown
}

/** The records of a range with their keys, at most `count`: in one request where the browser can, else in two. */
export async function recordsOf(
  store: IDBObjectStore,
  range: IDBKeyRange | null,
  count: number,
): Promise<readonly KeyedRecord[]> {
  if (givesRecords(store)) return resultOf(store.getAllRecords({ query: range, count }))
  const [keys, values] = await Promise.all([
    resultOf(store.getAllKeys(range, count)),
    resultOf<unknown[]>(store.getAll(range, count)),
  ])
  return keys.map((key, nth) => ({ key, value: values[nth] }))
}

/** @see https://www.w3.org/TR/IndexedDB/#dom-idbobjectstore-getallrecords */
interface RecordsSource {
  getAllRecords(options: {
    readonly query: IDBKeyRange | null
    readonly count: number
  }): IDBRequest<readonly KeyedRecord[]>
}

function givesRecords(store: IDBObjectStore): store is IDBObjectStore & RecordsSource {
  return 'getAllRecords' in store
}

/**
 * Runs work in a transaction. Resolves at `complete`, the only moment at which it is known to be written: on a full disk
 * a put succeeds first and its transaction aborts then. When the work fails, nothing of it is written.
 *
 * @throws what the work throws, or the DOMException that the transaction was aborted with
 */
export async function inTransaction<Result>(
  database: IDBDatabase,
  stores: readonly string[],
  durability: 'strict' | 'relaxed',
  work: (transaction: IDBTransaction) => Promise<Result>,
): Promise<Result> {
  const transaction = database.transaction(stores, 'readwrite', { durability })
  const end = new Promise<'complete' | 'abort'>((resolve) => {
    transaction.oncomplete = () => {
      resolve('complete')
    }
    transaction.onabort = () => {
      resolve('abort')
    }
  })
  let result: Result
  try {
    result = await work(transaction)
    // Spares the round trip in which the browser finds out that nothing else is asked for.
    transaction.commit()
  } catch (error) {
    abort(transaction)
    // A request that failed because of the abort says less than the transaction itself.
    if ((await end) === 'abort' && transaction.error !== null && error instanceof DOMException) throw transaction.error
    throw error
  }
  if ((await end) === 'complete') return result
  throw transaction.error ?? new DOMException('The transaction was aborted.', 'AbortError')
}

/**
 * Runs work in a read-only transaction, and ends it with the work: until the browser finds out by itself that nothing
 * else is asked for, no writer could go on, and it only finds out once this thread has nothing to do.
 */
export async function inReading<Result>(
  database: IDBDatabase,
  stores: readonly string[],
  work: (transaction: IDBTransaction) => Promise<Result>,
): Promise<Result> {
  const transaction = database.transaction(stores, 'readonly')
  const result = await work(transaction)
  transaction.commit()
  return result
}

/** True for the errors that a closed or lost connection gives: opening anew may help. */
export function isLostConnection(error: unknown): boolean {
  return error instanceof DOMException && lostConnectionNames.includes(error.name)
}

/**
 * InvalidStateError: the handle is closed (or, once after a full disk, Firefox). UnknownError: Safari's "connection lost",
 * or a broken backend. AbortError: the browser closed the database in the middle of the transaction.
 */
const lostConnectionNames: readonly string[] = ['InvalidStateError', 'UnknownError', 'AbortError']

/** True for what a browser says of a full disk, or of a site that has used up its share. */
export function isOutOfRoom(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'QuotaExceededError'
}

/** Says in our own words why the store failed. What is no failure of the database (a bug) stays what it is. */
export function asStoreError(error: unknown, room?: Room): unknown {
  if (!(error instanceof DOMException)) return error
  switch (error.name) {
    case 'QuotaExceededError':
      return new SyncError('quota', `There is no room left; nothing was stored.${used(room)} ${remedy}`, {
        cause: error,
        ...(room !== undefined && { details: { ...room } }),
      })
    case 'VersionError':
      return new SyncError(
        'newer-database',
        'A newer release of the app has upgraded the database. Reload to get that release; every entry is intact.',
        { cause: error },
      )
    default:
      return new SyncError('storage', "The browser's database failed; nothing was stored. Reload and try again.", {
        cause: error,
      })
  }
}

const remedy =
  'Free some space on the device, or let what is pending be sent and forget old results (cleanup), then try again.'

/** Browsers are known to be wrong about it: only said, never decided by. */
function used(room: Room | undefined): string {
  if (room === undefined) return ''
  const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1)
  return ` The browser says that this site uses ${megabytes(room.usageBytes)} of ${megabytes(room.quotaBytes)} MB, which may not be exact.`
}

function abort(transaction: IDBTransaction): void {
  try {
    transaction.abort()
  } catch (error) {
    // It has ended by itself already: that is what was wanted.
    if (!(error instanceof DOMException && error.name === 'InvalidStateError')) throw error
  }
}
