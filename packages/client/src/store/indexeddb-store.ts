/**
 * The store on IndexedDB: an append-only log per priority, marks beside it, held entries and packed results. See
 * store.ts for the promises. Every method is one transaction, except that a search through everything takes several.
 */
import { priorities, type Priority } from '@holdfast/core'
import type { Room } from '../device-storage.ts'
import type { Clock } from '../environment.ts'
import { countedStores, countEntries } from './entry-counts.ts'
import { appendUnlessKnown } from './append-once.ts'
import { findEntries } from './entry-search.ts'
import { heldPage } from './held-reading.ts'
import { Connection } from './indexeddb-connection.ts'
import { inReading, inTransaction } from './indexeddb-request.ts'
import { beat, claim, readLeadership } from './leadership-record.ts'
import { changePause, readPause } from './pause-record.ts'
import { readLogPage, type ReadTransaction } from './log-reading.ts'
import { appendGroup, lastKeys, OutpacedError, type Tails } from './log-writing.ts'
import { databaseVersion, migrate, sealedVersions, storeNames } from './migrations.ts'
import { forgetResults, pageResults } from './results.ts'
import { sequenceOf } from './segment.ts'
import { forgetSlots, readSlot, storesOfTaking, takeSlot } from './slot-record.ts'
import { onceEach, type StoreListener } from './store-fault.ts'
import type { LiveEntry, LogPage, Position, Store } from './store.ts'
import { storesOfUpdate, updateEntries } from './update-writing.ts'

/** What a store may be opened with. */
export interface IndexedDbStoreOptions extends Partial<StoreListener> {
  /** Limits how long a call waits for a database that does not open. Without one it waits for ever. */
  readonly clock?: Pick<Clock, 'timer'>
  /** How much room there is, for people to read when there is too little. */
  readonly readRoom?: () => Promise<Room | undefined>
  /** True when entries may be sealed: from then on, only who says so again can open the database. */
  readonly isSealed?: boolean
}

/**
 * Opens the store of one identity.
 *
 * @throws SyncError `storage` when there is no usable IndexedDB, `newer-database` when a newer release has been here,
 * `blocked` when another tab keeps an older database open
 */
export async function openIndexedDbStore(name: string, options: IndexedDbStoreOptions = {}): Promise<Store> {
  const { onFault: tell, isSealed = false, ...opening } = options
  const onFault = onceEach(tell)
  const connection = new Connection({
    name,
    version: databaseVersion + (isSealed ? sealedVersions : 0),
    upgrade: (database, fromVersion) => migrate(database, fromVersion % sealedVersions),
    ...opening,
  })
  const read: ReadTransaction = (stores, work) => connection.run((database) => inReading(database, stores, work))
  const write = <Result>(
    stores: readonly string[],
    durability: 'strict' | 'relaxed',
    work: (transaction: IDBTransaction, isRetry: boolean) => Promise<Result>,
  ): Promise<Result> =>
    connection.run((database, isRetry) =>
      inTransaction(database, stores, durability, (transaction) => work(transaction, isRetry)),
    )
  await connection.run(() => Promise.resolve())
  const tails: Tails = new Map()
  return {
    durable: true,
    append: async (group) => {
      if (group.length === 0) return []
      const touched = priorities.filter((priority) => group.some((queued) => queued.priority === priority))
      let isOutpaced = false
      const append = (guesses: Tails): Promise<readonly LiveEntry[]> =>
        write(
          touched.map((priority) => storeNames.log[priority]),
          'strict',
          (transaction, isRetry) =>
            appendGroup(transaction, group, isRetry, guesses).catch((error: unknown) => {
              isOutpaced = error instanceof OutpacedError
              throw error
            }),
        )
      const entries = await append(tails).catch((error: unknown) => {
        tails.clear()
        if (isOutpaced) return append(tails)
        throw error
      })
      for (const { priority, position } of entries) {
        tails.set(priority, Math.max(tails.get(priority) ?? 0, sequenceOf(position.segment)))
      }
      return entries
    },
    appendOnce: async (group) => {
      const appended = await appendUnlessKnown(
        read,
        (stores, work) => write(stores, 'strict', (transaction) => work(transaction)),
        group,
        onFault,
      )
      // Where the logs end now is not known as surely as after a plain append.
      tails.clear()
      return appended
    },
    readSlot: (name) => read([storeNames.meta], (transaction) => readSlot(transaction, name)),
    takeSlot: async (taking) => {
      const stored = await write(storesOfTaking(taking), 'strict', (transaction) =>
        takeSlot(transaction, taking, onFault),
      )
      if (stored === undefined) return undefined
      const { priority, position } = stored.entry
      tails.set(priority, Math.max(tails.get(priority) ?? 0, sequenceOf(position.segment)))
      return stored
    },
    readLog: (priority, after, limits) =>
      read([storeNames.log[priority], storeNames.marks[priority]], (transaction) =>
        readLogPage(transaction, priority, after, limits, onFault),
      ),
    readLogs: (after, limits) =>
      read(storesOfLogs(after), async (transaction) => {
        const pageOf = async ([priority, from]: readonly [Priority, Position | undefined]): Promise<
          [Priority, LogPage]
        > => [priority, await readLogPage(transaction, priority, from, limits, onFault)]
        const [leadership, pages] = await Promise.all([
          readLeadership(transaction),
          Promise.all([...after].map(pageOf)),
        ])
        return { pages: new Map(pages), leadership }
      }),
    readEnds: () => read(Object.values(storeNames.log), lastKeys),
    readHeld: (kind, { after, limit }) =>
      read([storeNames.held], (transaction) => heldPage(transaction, kind, after, limit, onFault)),
    readSettled: ({ before, limit }) =>
      read([storeNames.results], (transaction) =>
        pageResults(transaction.objectStore(storeNames.results), before, limit, onFault),
      ),
    find: async (id) => (await findEntries(read, new Set([id]), onFault, { isLikelyQueued: true })).get(id),
    findMany: (ids) => findEntries(read, ids, onFault, { isLikelyQueued: false }),
    update: async (requests, { epoch, durability, nowMs }) => {
      if (requests.length === 0 && epoch === undefined) return []
      return write(storesOfUpdate(requests), durability, (transaction) =>
        updateEntries(transaction, requests, epoch, nowMs, onFault),
      )
    },
    counts: () => read(countedStores, (transaction) => countEntries(transaction, onFault)),
    claim: (holder, nowMs) => write([storeNames.meta], 'strict', (transaction) => claim(transaction, holder, nowMs)),
    beat: (epoch, nowMs) => write([storeNames.meta], 'relaxed', (transaction) => beat(transaction, epoch, nowMs)),
    readLeadership: () => read([storeNames.meta], readLeadership),
    readPause: () => read([storeNames.meta], readPause),
    changePause: (change) => write([storeNames.meta], 'strict', (transaction) => changePause(transaction, change)),
    cleanup: (beforeMs) =>
      write([storeNames.results, storeNames.meta], 'relaxed', async (transaction) => {
        await forgetSlots(transaction, beforeMs)
        return forgetResults(transaction.objectStore(storeNames.results), beforeMs, onFault)
      }),
    close: () => connection.close(),
  }
}

function storesOfLogs(after: ReadonlyMap<Priority, unknown>): readonly string[] {
  const logs = [...after.keys()].flatMap((priority) => [storeNames.log[priority], storeNames.marks[priority]])
  return [storeNames.meta, ...logs]
}
