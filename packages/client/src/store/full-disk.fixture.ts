/** A disk that runs out of room: a store whose writes are refused as a browser refuses them. */
import { SyncError } from '@holdfast/core'
import type { Store } from './store.ts'

/** The room of a disk; handles that are wrapped by one share it. */
export class FullDisk {
  /** Most changes that one update may have; 0 for a disk without any room. */
  changesMax = Number.POSITIVE_INFINITY
  /** True when appends are refused. */
  isFullForAppends = false
  /** Updates that are taken before nothing more is. */
  updatesLeft = Number.POSITIVE_INFINITY
  /** Those who asked for an update wait for this before they hear how it has ended. */
  unheard: Promise<void> | undefined
  /** Updates wait for this before they are judged. */
  held: Promise<void> | undefined
  /** Claims fail, and not for want of room. */
  isBroken = false
  /** Updates are committed, and an error is told all the same. */
  isAmbiguous = false
  /** Updates that were asked for, refused or not. */
  updates = 0

  /** No room at all. */
  fill(): void {
    this.changesMax = 0
    this.isFullForAppends = true
  }

  /** Somebody has made room. */
  empty(): void {
    this.changesMax = Number.POSITIVE_INFINITY
    this.updatesLeft = Number.POSITIVE_INFINITY
    this.isFullForAppends = false
  }

  /** The store, on this disk. */
  wrap(store: Store): Store {
    return {
      ...store,
      claim: (holder, nowMs) => {
        if (this.isBroken) return Promise.reject(new SyncError('storage', 'The disk failed.'))
        return this.isFullForAppends ? Promise.reject(noRoom()) : store.claim(holder, nowMs)
      },
      append: (group) => (this.isFullForAppends ? Promise.reject(noRoom()) : store.append(group)),
      update: async (requests, options) => {
        this.updates += 1
        await this.held
        if (requests.length > this.changesMax || this.updatesLeft <= 0) throw noRoom()
        this.updatesLeft -= 1
        const reports = await store.update(requests, options)
        await this.unheard
        if (this.isAmbiguous) throw new SyncError('storage', 'The connection was lost.')
        return reports
      },
    }
  }
}

function noRoom(): SyncError {
  return new SyncError('quota', 'No room.')
}
