/**
 * A connection that comes back. Browsers close databases under their users (storage pressure, a crashed backend, an
 * upgrade in another tab); a call that meets a closed handle opens it anew and runs once more.
 */
import { SyncError } from '@holdfast/core'
import { asSyncError } from './indexeddb-request.ts'

/** What a connection is opened with. */
export interface ConnectionOptions {
  readonly name: string
  readonly version: number
  /** Brings an older database up to `version`. */
  readonly upgrade: (database: IDBDatabase, fromVersion: number, transaction: IDBTransaction) => void
}

/** A connection that comes back. */
export class Connection {
  readonly #options: ConnectionOptions
  #database: Promise<IDBDatabase> | undefined
  #isClosed = false

  constructor(options: ConnectionOptions) {
    this.#options = options
  }

  /**
   * Runs work on the open database.
   *
   * @throws SyncError `quota`, `storage`, `newer-database` or `closed`
   */
  async run<Result>(work: (database: IDBDatabase) => Promise<Result>): Promise<Result> {
    try {
      return await work(await this.#open())
    } catch (error) {
      if (!isLostHandle(error)) throw asSyncError(error)
    }
    // Firefox also throws this once after a quota abort; the second try tells the two apart.
    this.#database = undefined
    try {
      return await work(await this.#open())
    } catch (error) {
      throw asSyncError(error)
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    const database = await this.#database?.catch(() => undefined)
    database?.close()
  }

  #open(): Promise<IDBDatabase> {
    if (this.#isClosed) throw new SyncError('closed', 'The store was closed.')
    this.#database ??= this.#connect()
    return this.#database
  }

  #connect(): Promise<IDBDatabase> {
    const { name, version, upgrade } = this.#options
    const forget = (): void => {
      this.#database = undefined
    }
    return new Promise((resolve, reject) => {
      const request = indexedDB.open(name, version)
      request.onupgradeneeded = ({ oldVersion }) => {
        if (request.transaction !== null) upgrade(request.result, oldVersion, request.transaction)
      }
      request.onerror = () => {
        forget()
        reject(asSyncError(request.error))
      }
      request.onsuccess = () => {
        const database = request.result
        database.onclose = forget
        // A newer release waits to upgrade: give way, and come back by opening anew.
        database.onversionchange = () => {
          forget()
          database.close()
        }
        resolve(database)
      }
    })
  }
}

/** True for the errors that a closed or lost handle gives. */
function isLostHandle(error: unknown): boolean {
  return error instanceof DOMException && (error.name === 'InvalidStateError' || error.name === 'UnknownError')
}
