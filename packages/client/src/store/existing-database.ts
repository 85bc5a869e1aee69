/**
 * A database that is there already, looked at from outside its store: in whatever version it has, so that neither a
 * newer release nor encryption is in the way, and without making one that is not there.
 */
import { SyncError } from '@holdfast/core'
import { browserClock } from '../environment-browser.ts'
import type { Clock } from '../environment.ts'
import { openingMaxMs } from './indexeddb-connection.ts'

/**
 * Runs work on a database; `undefined` when there is none of this name.
 *
 * @throws SyncError `storage` when it does not open in time; else what opening it and the work throw
 */
export async function withExistingDatabase<Result>(
  name: string,
  work: (database: IDBDatabase) => Promise<Result>,
  clock: Pick<Clock, 'timer'> = browserClock,
): Promise<Result | undefined> {
  const database = await open(name, clock)
  if (database === undefined) return undefined
  // A newer release that wants to upgrade need not wait.
  database.onversionchange = () => database.close()
  try {
    return await work(database)
  } finally {
    database.close()
  }
}

function open(name: string, clock: Pick<Clock, 'timer'>): Promise<IDBDatabase | undefined> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name)
    let isMissing = false
    let isLate = false
    const cancel = clock.timer(openingMaxMs, () => {
      isLate = true
      reject(new SyncError('storage', `The database "${name}" does not open. Close the other tabs, then try again.`))
    })
    request.onupgradeneeded = () => {
      isMissing = true
      request.transaction?.abort()
    }
    request.onsuccess = () => {
      cancel()
      // Nobody waits for it any more, and open it would block every upgrade.
      if (isLate) request.result.close()
      resolve(request.result)
    }
    request.onerror = () => {
      cancel()
      if (isMissing) resolve(undefined)
      else reject(request.error ?? new DOMException('The database did not open.', 'UnknownError'))
    }
  })
}
