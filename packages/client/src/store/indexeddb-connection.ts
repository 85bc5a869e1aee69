/**
 * A connection that comes back. Browsers close databases under their users (storage pressure, a crashed backend, an
 * upgrade in another tab); a call that meets a closed handle opens it anew and runs once more.
 */
import { SyncError } from '@holdfast/core'
import { asStoreError, isLostConnection } from './indexeddb-request.ts'

/** What a connection is opened with. */
export interface ConnectionOptions {
  readonly name: string
  readonly version: number
  /** Brings an older database up to `version`. */
  readonly upgrade: (database: IDBDatabase, fromVersion: number) => void
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
   * Runs work on the open database; once more, with `isRetry`, when the connection was lost meanwhile. The first run may
   * have been written all the same.
   *
   * @throws SyncError `quota`, `storage`, `newer-database` or `closed`
   */
  async run<Result>(work: (database: IDBDatabase, isRetry: boolean) => Promise<Result>): Promise<Result> {
    let opened: Promise<IDBDatabase> | undefined
    try {
      opened = this.#open()
      return await work(await opened, false)
    } catch (error) {
      if (!isLostConnection(error)) throw asStoreError(error)
    }
    this.#forget(opened)
    try {
      return await work(await this.#open(), true)
    } catch (error) {
      throw asStoreError(error)
    }
  }

  /** Closes the connection for good: calls reject with `closed` from now on. Transactions that are open still end. */
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

  /** Gives up a handle; the next call opens another one. Several calls may find the same handle lost. */
  #forget(lost: Promise<IDBDatabase> | undefined): void {
    if (lost !== undefined && this.#database === lost) this.#database = undefined
    // A handle that stays open would block every upgrade; one that could not be opened needs no closing.
    lost?.then((database) => database.close()).catch(() => {})
  }

  #connect(): Promise<IDBDatabase> {
    const { name, version, upgrade } = this.#options
    const opening = new Promise<IDBDatabase>((resolve, reject) => {
      if (typeof indexedDB === 'undefined') {
        throw new SyncError('storage', 'There is no IndexedDB here (a private window?). Nothing can be stored.')
      }
      const request = indexedDB.open(name, version)
      request.onupgradeneeded = ({ oldVersion }) => {
        upgrade(request.result, oldVersion)
      }
      request.onerror = () => {
        reject(request.error ?? new DOMException('The database did not open.', 'UnknownError'))
      }
      request.onsuccess = () => {
        const database = request.result
        const giveUp = (): void => {
          this.#forget(opening)
        }
        database.onclose = giveUp
        // A newer release waits to upgrade: give way, and come back by opening anew.
        database.onversionchange = giveUp
        resolve(database)
      }
    })
    // The caller hears of it; the next one tries again.
    opening.catch(() => {
      this.#forget(opening)
    })
    return opening
  }
}
