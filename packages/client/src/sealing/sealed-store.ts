/**
 * A store whose entries are sealed: stands before any other store, which keeps sealed forms without knowing. Everything
 * is sealed before a transaction and opened after it; updates are in sealed-update.ts. A write whose key cannot be
 * confirmed behind its commit stands all the same, and throws SyncError `unconfirmed`.
 *
 * What cannot be opened (a lost key, changed bytes) is passed over and reported, and stays where it is.
 */
import type { OperationId, Priority, QueuedOperation } from '@holdfast/core'
import { textOf } from '../store/operation-text.ts'
import { onceEach, type FaultListener } from '../store/store-fault.ts'
import {
  idOf,
  isLive,
  type LiveEntry,
  type LogPage,
  type Position,
  type Store,
  type StoredEntry,
} from '../store/store.ts'
import type { Cipher } from './cipher.ts'
import { confirmKeys } from './confirmed-keys.ts'
import { ExchangeDesk } from './exchange-desk.ts'
import { updateSealed } from './sealed-update.ts'
import { Sealing } from './sealing.ts'

/** Bytes of a sealed form for each byte that it holds, about: base64 alone makes four of three. */
const sealedBytesEach = 2

/** How a sealed store behaves. */
export interface SealedStoreOptions {
  readonly cipher: Cipher
  /** `plain` seals nothing new and still opens what is sealed: the way back. */
  readonly writes: 'sealed' | 'plain'
  /** Hears once of each entry that cannot be opened. */
  readonly onFault?: FaultListener
}

/** Puts sealing before a store. */
export function openSealedStore(store: Store, { cipher, writes, onFault }: SealedStoreOptions): Store {
  const sealing = new Sealing(cipher, writes === 'sealed', onceEach(onFault))
  const sealedGroup = async (group: readonly QueuedOperation[]) => {
    const seal = cipher.begin()
    const desk = new ExchangeDesk((part, id, plain) => seal.seal(part, id, plain))
    const sealed = await Promise.all(
      group.map(async (queued) => ({
        ...queued,
        operation: await desk.work(() => sealing.formOf(queued.operation, desk.exchange)),
      })),
    )
    return { sealed, confirm: () => confirmKeys(seal) }
  }
  const openedPage = async (page: LogPage): Promise<LogPage> => ({
    ...page,
    entries: await allOf(page.entries, (entry) => sealing.openedLive(entry)),
  })
  const readLog: Store['readLog'] = async (priority, after, limits) => {
    const entries: LiveEntry[] = []
    let last = after
    let bytes = 0
    for (;;) {
      const entriesMax = limits.entriesMax - entries.length
      // Sealed forms are larger than what they hold, so a page of them may be too short: then another one follows.
      const bytesMax = sealedBytesEach * (limits.bytesMax - bytes)
      const page = await openedPage(await store.readLog(priority, last, { entriesMax, bytesMax }))
      for (const entry of page.entries) {
        const isFull = entries.length >= limits.entriesMax || bytes + entry.size > limits.bytesMax
        if (isFull && entries.length > 0) return { entries, last, isEnd: false }
        entries.push(entry)
        bytes += entry.size
        last = entry.position
      }
      last = page.last ?? last
      const isFull = entries.length >= limits.entriesMax || bytes >= limits.bytesMax
      if (page.isEnd || (isFull && entries.length > 0)) return { entries, last, isEnd: page.isEnd }
    }
  }
  const append: Store['append'] = async (group) => {
    const write = await sealedGroup(group)
    const entries = await store.append(write.sealed)
    await write.confirm()
    return entries.map((entry, nth) => asGiven(entry, group[nth]))
  }
  return {
    durable: store.durable,
    append,
    readSlot: async (name) => store.readSlot(await digestOf(name)),
    takeSlot: async ({ queued, newer, ...taking }) => {
      const write = await sealedGroup(newer === undefined ? [queued] : [queued, { ...queued, operation: newer }])
      const [sealed, sealedNewer] = write.sealed
      if (sealed === undefined) throw new RangeError('an entry was to be sealed')
      const stored = await store.takeSlot({
        ...taking,
        name: await digestOf(taking.name),
        queued: sealed,
        ...(sealedNewer !== undefined &&
          newer !== undefined && {
            newer: { ...sealedNewer.operation, ...(newer.absorbs !== undefined && { absorbs: newer.absorbs }) },
          }),
      })
      if (stored === undefined) return undefined
      await write.confirm()
      const operation = stored.hasAbsorbed ? (newer ?? queued.operation) : queued.operation
      return { ...stored, entry: asGiven(stored.entry, { ...queued, operation }) }
    },
    appendOnce: async (group) => {
      const write = await sealedGroup(group)
      const appended = await store.appendOnce(write.sealed)
      await write.confirm()
      return Promise.all(
        appended.map(async ({ entry, isNew }, nth) => {
          if (isNew && isLive(entry)) return { entry: asGiven(entry, group[nth]), isNew }
          // One that cannot be opened has the id all the same; in its sealed form it is like nothing that is asked for.
          return { entry: (await sealing.opened(entry)) ?? entry, isNew }
        }),
      )
    },
    readLog,
    readLogs: async (after, limits) => {
      const opened = new Map<Priority, LogPage>()
      for (let from = after; ;) {
        // Counted in sealed bytes, the pages are shorter than they might be.
        const { pages, leadership } = await store.readLogs(from, limits)
        const passedOver = new Map<Priority, Position | undefined>()
        for (const [priority, raw] of pages) {
          const page = await openedPage(raw)
          if (page.entries.length > 0 || page.isEnd) opened.set(priority, page)
          else passedOver.set(priority, page.last)
        }
        // Of the latest instant: who leads by then, and which acts there were, must not be older than any page.
        if (passedOver.size === 0) return { pages: opened, leadership }
        from = passedOver
      }
    },
    readEnds: () => store.readEnds(),
    readHeld: (kind, { after, limit }) =>
      readFull(
        limit,
        (last, count) => {
          const from = last === undefined ? after : idOf(last)
          return store.readHeld(kind, { limit: count, ...(from !== undefined && { after: from }) })
        },
        (entry) => sealing.openedLive(entry),
      ),
    readSettled: ({ before, limit }) =>
      readFull(
        limit,
        (last, count) => {
          const from = last ?? before
          return store.readSettled({ limit: count, ...(from !== undefined && { before: from }) })
        },
        (entry) => sealing.openedSettled(entry),
      ),
    find: async (id) => {
      const entry = await store.find(id)
      return entry === undefined ? undefined : sealing.opened(entry)
    },
    findMany: async (ids) => {
      const opened = new Map<OperationId, StoredEntry>()
      for (const [id, entry] of await store.findMany(ids)) {
        const plain = await sealing.opened(entry)
        if (plain !== undefined) opened.set(id, plain)
      }
      return opened
    },
    update: (requests, options) => updateSealed(store, sealing, requests, options),
    counts: () => store.counts(),
    claim: (holder, nowMs) => store.claim(holder, nowMs),
    beat: (epoch, nowMs) => store.beat(epoch, nowMs),
    readLeadership: () => store.readLeadership(),
    readPause: () => store.readPause(),
    changePause: (change) => store.changePause(change),
    cleanup: (beforeMs) => store.cleanup(beforeMs),
    close: async () => {
      await store.close()
      await cipher.close()
    },
  }
}

/** The name of a slot tells the lane and the key: it is stored as a digest. */
async function digestOf(name: string): Promise<string> {
  const bytes = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(name)))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** An entry that was just stored, with the operation as it was given. */
function asGiven(entry: LiveEntry, queued: QueuedOperation | undefined): LiveEntry {
  const operation = queued?.operation ?? entry.operation
  return { ...entry, operation, size: textOf(operation).length }
}

/** Reads pages until as many entries could be opened as were asked for, or nothing follows. */
async function readFull<Entry>(
  limit: number,
  read: (last: Entry | undefined, count: number) => Promise<readonly Entry[]>,
  open: (entry: Entry) => Promise<Entry | undefined>,
): Promise<readonly Entry[]> {
  const full: Entry[] = []
  for (let last: Entry | undefined; ;) {
    const asked = limit - full.length
    const page = await read(last, asked)
    full.push(...(await allOf(page, open)))
    last = page.at(-1)
    if (page.length < asked || full.length >= limit) return full
  }
}

async function allOf<Entry>(
  entries: readonly Entry[],
  open: (entry: Entry) => Promise<Entry | undefined>,
): Promise<readonly Entry[]> {
  const opened = await Promise.all(entries.map(open))
  return opened.filter((entry) => entry !== undefined)
}
