/**
 * A connection that comes back. Browsers close databases under their users (storage pressure, a crashed backend, an
 * upgrade in another tab); a call that meets a closed handle opens it anew and runs once more.
 *
 *   opening ──▶ open ── closed, lost ──▶ opening
 *      │          └─ a newer release wants the database ──▶ outdated: handle closed, every call says so at once
 *      └─ no answer for ten seconds ──▶ this call fails; the next one waits for the same opening
 */
import { SyncError } from '@holdfast/core'
import type { Clock } from '../environment.ts'
import type { Room } from '../device-storage.ts'
import { asStoreError, isLostConnection, isOutOfRoom } from './indexeddb-request.ts'

/** What a connection is opened with. */
export interface ConnectionOptions {
  readonly name: string
  readonly version: number
  /** Brings an older database up to `version`. */
  readonly upgrade: (database: IDBDatabase, fromVersion: number) => void
  /** Limits how long a call waits for a database that does not open. Without one it waits for ever. */
  readonly clock?: Pick<Clock, 'timer'>
  /** How much room there is, for people to read when there is too little. */
  readonly readRoom?: () => Promise<Room | undefined>
  /** Hears once that a newer release has upgraded the database, or is about to. */
  readonly onOutdated?: () => void
}

/** How long a call waits for a database that does not open, ms: an upgrade of a large one takes some seconds. */
export const openingMaxMs = 10_000

/** A connection that comes back. */
export class Connection {
  readonly #options: ConnectionOptions
  #database: Promise<IDBDatabase> | undefined
  /** The one that is open: it need not be waited for. */
  #opened: Promise<IDBDatabase> | undefined
  #isBlocked = false
  #isClosed = false
  #isOutdated = false

  constructor(options: ConnectionOptions) {
    this.#options = options
  }

  /**
   * Runs work on the open database; once more, with `isRetry`, when the connection was lost meanwhile. The first run may
   * have been written all the same.
   *
   * @throws SyncError `quota`, `storage`, `blocked`, `newer-database` or `closed`
   */
  async run<Result>(work: (database: IDBDatabase, isRetry: boolean) => Promise<Result>): Promise<Result> {
    let opened: Promise<IDBDatabase> | undefined
    try {
      opened = this.#open()
      return await work(await this.#inTime(opened), false)
    } catch (error) {
      if (!isLostConnection(error)) throw await this.#explain(error)
    }
    this.#forget(opened)
    try {
      return await work(await this.#inTime(this.#open()), true)
    } catch (error) {
      throw await this.#explain(error)
    }
  }

  /** Closes the connection for good: calls reject with `closed` from now on. Transactions that are open still end. */
  async close(): Promise<void> {
    this.#isClosed = true
    const opening = this.#database
    // One that opens later closes itself: nobody should wait for it here.
    if (opening !== undefined) await this.#inTime(opening).then(closeDatabase, () => {})
  }

  #open(): Promise<IDBDatabase> {
    if (this.#isClosed) throw new SyncError('closed', 'The store was closed.')
    // Not opened again: that would have to wait for the upgrade, which may itself be waiting for another tab.
    if (this.#isOutdated) throw newerDatabase()
    this.#database ??= this.#connect()
    return this.#database
  }

  /** Gives up a handle; the next call opens another one. Several calls may find the same handle lost. */
  #forget(lost: Promise<IDBDatabase> | undefined): void {
    if (lost !== undefined && this.#database === lost) this.#database = undefined
    // A handle that stays open would block every upgrade; one that could not be opened needs no closing.
    lost?.then(closeDatabase, () => {})
  }

  #connect(): Promise<IDBDatabase> {
    const { name, version, upgrade } = this.#options
    this.#isBlocked = false
    const opening = new Promise<IDBDatabase>((resolve, reject) => {
      if (typeof indexedDB === 'undefined') {
        throw new SyncError('storage', 'There is no IndexedDB here (a private window?). Nothing can be stored.')
      }
      const request = indexedDB.open(name, version)
      request.onupgradeneeded = ({ oldVersion }) => {
        upgrade(request.result, oldVersion)
      }
      request.onblocked = () => {
        this.#isBlocked = true
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
        database.onversionchange = ({ newVersion }) => {
          giveUp()
          // Without a new version it is deleted: what is opened next is a new, empty one.
          if (newVersion !== null && newVersion > version) this.#noteOutdated()
        }
        this.#opened = opening
        resolve(database)
      }
    })
    // The caller hears of it; the next one tries again.
    opening.catch(() => {
      this.#forget(opening)
    })
    return opening
  }

  /** Waits for a handle, but not for ever: an opening cannot be taken back, and a tab that does not give way blocks it. */
  async #inTime(opening: Promise<IDBDatabase>): Promise<IDBDatabase> {
    const { clock } = this.#options
    if (clock === undefined || this.#opened === opening) return opening
    let cancel = (): void => {}
    const late = new Promise<never>((_, reject) => {
      cancel = clock.timer(openingMaxMs, () => {
        reject(
          this.#isBlocked
            ? new SyncError(
                'blocked',
                'Another tab holds the older database open. Close the other tabs, then try again.',
              )
            : new SyncError('storage', "The browser's database does not open. Close the other tabs, then try again."),
        )
      })
    })
    try {
      return await Promise.race([opening, late])
    } finally {
      cancel()
    }
  }

  #noteOutdated(): void {
    if (this.#isOutdated) return
    this.#isOutdated = true
    this.#options.onOutdated?.()
  }

  async #explain(error: unknown): Promise<unknown> {
    const room = isOutOfRoom(error) ? await this.#options.readRoom?.() : undefined
    const explained = asStoreError(error, room)
    if (explained instanceof SyncError && explained.code === 'newer-database') this.#noteOutdated()
    return explained
  }
}

function closeDatabase(database: IDBDatabase): void {
  database.close()
}

function newerDatabase(): DOMException {
  return new DOMException('A newer release wants the database.', 'VersionError')
}
