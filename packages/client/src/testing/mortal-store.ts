/**
 * A store as a tab of a test holds it: what it asks for after its death never happens, a full disk refuses what needs
 * room, and a witness hears of every commit, whether its tab lives to hear of it or not.
 */
import { SyncError } from '@holdfast/core'
import { isLive, type Store } from '../store/store.ts'
import type { Witness } from './witness.ts'

/** What a tab's store depends on. */
export interface MortalStoreOptions {
  readonly isAlive: () => boolean
  readonly isFull: () => boolean
  readonly witness: Witness
}

/** Wraps a tab's handle on the shared disk. */
export function mortalStore(store: Store, { isAlive, isFull, witness }: MortalStoreOptions): Store {
  const whileAlive = async <Value>(work: () => Promise<Value>): Promise<Value> => {
    if (!isAlive()) return never()
    const value = await work()
    // Stored, and the tab died before it heard of it.
    return isAlive() ? value : never()
  }
  const withRoom = async <Value>(work: () => Promise<Value>): Promise<Value> =>
    whileAlive(() => (isFull() ? Promise.reject(diskFull()) : work()))
  return {
    durable: true,
    append: (group) =>
      withRoom(async () => {
        const entries = await store.append(group)
        witness.noteStored(entries, store)
        return entries
      }),
    appendOnce: (group) =>
      withRoom(async () => {
        const appended = await store.appendOnce(group)
        const fresh = appended.flatMap(({ entry, isNew }) => (isNew && isLive(entry) ? [entry] : []))
        witness.noteStored(fresh, store)
        return appended
      }),
    readSlot: (name) => whileAlive(() => store.readSlot(name)),
    takeSlot: (taking) =>
      withRoom(async () => {
        const stored = await store.takeSlot(taking)
        if (stored !== undefined) witness.noteStored([stored.entry], store)
        return stored
      }),
    readLog: (priority, after, limits) => whileAlive(() => store.readLog(priority, after, limits)),
    readLogs: (after, limits) => whileAlive(() => store.readLogs(after, limits)),
    readEnds: () => whileAlive(() => store.readEnds()),
    readHeld: (kind, options) => whileAlive(() => store.readHeld(kind, options)),
    readSettled: (options) => whileAlive(() => store.readSettled(options)),
    find: (id) => whileAlive(() => store.find(id)),
    findMany: (ids) => whileAlive(() => store.findMany(ids)),
    update: (requests, options) =>
      withRoom(async () => {
        const reports = await store.update(requests, options)
        witness.noteUpdated(reports, store)
        return reports
      }),
    counts: () => whileAlive(() => store.counts()),
    claim: (holder, nowMs) => whileAlive(() => store.claim(holder, nowMs)),
    beat: (epoch, nowMs) => whileAlive(() => store.beat(epoch, nowMs)),
    readLeadership: () => whileAlive(() => store.readLeadership()),
    readPause: () => whileAlive(() => store.readPause()),
    changePause: (change) => withRoom(() => store.changePause(change)),
    cleanup: (beforeMs) => whileAlive(() => store.cleanup(beforeMs)),
    close: () => whileAlive(() => store.close()),
  }
}

function never<Value>(): Promise<Value> {
  return new Promise(() => {})
}

function diskFull(): SyncError {
  return new SyncError('quota', 'The test disk is full. Nothing was stored; make room with `isDiskFull = false`.')
}
