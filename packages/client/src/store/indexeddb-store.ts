/**
 * The store on IndexedDB: an append-only log per priority, marks beside it, held entries and packed results. See
 * store.ts for the promises, ARCHITECTURE.md for why a log.
 */
import { isHeld, isSettled, priorities, SyncError, type OperationId, type Priority } from '@holdfast/core'
import { packHeld, unpackHeld, type HeldRecord } from './held-record.ts'
import { Connection } from './indexeddb-connection.ts'
import { completionOf, resultOf } from './indexeddb-request.ts'
import { findQueued, numbers, readLogPage } from './log-reading.ts'
import { appendGroup, LogSection } from './log-writing.ts'
import { countMarked, type Marks } from './marks.ts'
import { allStores, databaseVersion, heldByKind, leadershipKey, migrate, storeNames } from './migrations.ts'
import { findResult, forgetResults, pageResults, type FoundResult, type ResultRecord } from './results.ts'
import { textOf } from './operation-text.ts'
import { countOf } from './segment.ts'
import {
  attemptRecordsMax,
  idOf,
  isLive,
  type EntryChange,
  type Leadership,
  type LiveEntry,
  type SettledEntry,
  type Store,
  type StoredEntry,
  type UpdateOptions,
  type UpdateReport,
  type UpdateRequest,
} from './store.ts'

/**
 * Opens the store of one identity.
 *
 * @throws SyncError `storage` when there is no usable IndexedDB, `newer-database` when a newer release has been here
 */
export async function openIndexedDbStore(name: string): Promise<Store> {
  if (typeof indexedDB === 'undefined') {
    throw new SyncError('storage', 'This browser offers no IndexedDB here (a private window?). Nothing can be stored.')
  }
  const connection = new Connection({ name, version: databaseVersion, upgrade: migrate })
  const read = <Result>(
    stores: readonly string[],
    work: (transaction: IDBTransaction) => Promise<Result>,
  ): Promise<Result> => connection.run((database) => work(database.transaction(stores, 'readonly')))
  const write = <Result>(
    stores: readonly string[],
    durability: 'strict' | 'relaxed',
    work: (transaction: IDBTransaction) => Promise<Result>,
  ): Promise<Result> => connection.run((database) => inTransaction(database, stores, durability, work))
  await connection.run(() => Promise.resolve())
  return {
    durable: true,
    append: (group) => {
      const stores = priorities.filter((priority) => group.some((queued) => queued.priority === priority))
      return write(
        stores.map((priority) => storeNames.log[priority]),
        'strict',
        (transaction) => appendGroup(transaction, group),
      )
    },
    readLog: (priority, after, limits) =>
      read([storeNames.log[priority], storeNames.marks[priority]], (transaction) =>
        readLogPage(transaction, priority, after, limits),
      ),
    readHeld: (kind, { after, limit }) =>
      read([storeNames.held], async (transaction) => {
        const range = IDBKeyRange.bound([kind, after ?? ''], [kind, '\uffff'], after !== undefined)
        const index = transaction.objectStore(storeNames.held).index(heldByKind)
        const records: readonly HeldRecord[] = await resultOf(index.getAll(range, limit))
        return records.map(unpackHeld).filter((entry) => entry !== undefined)
      }),
    readSettled: ({ before, limit }) =>
      read([storeNames.results], (transaction) =>
        pageResults(transaction.objectStore(storeNames.results), before, limit),
      ),
    find: (id) => read(allStores, (transaction) => findEntry(transaction, id)),
    update: (requests, options) =>
      write(storesOf(requests), options.durability, (transaction) => updateEntries(transaction, requests, options)),
    counts: () => read(allStores, countEntries),
    claim: (holder, nowMs) =>
      write([storeNames.meta], 'strict', async (transaction) => {
        const epoch = ((await leadershipOf(transaction))?.epoch ?? 0) + 1
        const leadership: Leadership = { epoch, holder, beatAtMs: nowMs }
        transaction.objectStore(storeNames.meta).put(leadership, leadershipKey)
        return epoch
      }),
    beat: (epoch, nowMs) =>
      write([storeNames.meta], 'relaxed', async (transaction) => {
        const leadership = await leadershipOf(transaction)
        if (leadership?.epoch !== epoch) return false
        transaction.objectStore(storeNames.meta).put({ ...leadership, beatAtMs: nowMs }, leadershipKey)
        return true
      }),
    readLeadership: () => read([storeNames.meta], leadershipOf),
    cleanup: (beforeMs) =>
      write([storeNames.results], 'relaxed', (transaction) =>
        forgetResults(transaction.objectStore(storeNames.results), beforeMs),
      ),
    close: () => connection.close(),
  }
}

/** Runs work in a transaction; resolves only when it is complete, and undoes everything when the work fails. */
async function inTransaction<Result>(
  database: IDBDatabase,
  stores: readonly string[],
  durability: 'strict' | 'relaxed',
  work: (transaction: IDBTransaction) => Promise<Result>,
): Promise<Result> {
  const transaction = database.transaction(stores, 'readwrite', { durability })
  const completion = completionOf(transaction)
  // A request that fails on a full disk rejects the work first; the transaction's own error says why.
  completion.catch(() => {})
  let result: Result
  try {
    result = await work(transaction)
  } catch (error) {
    abort(transaction)
    await completion.catch((reason: unknown) => {
      if (transaction.error !== null) throw reason
    })
    throw error
  }
  await completion
  return result
}

function abort(transaction: IDBTransaction): void {
  try {
    transaction.abort()
  } catch (error) {
    // It has ended by itself already: that is what was wanted.
    if (!(error instanceof DOMException && error.name === 'InvalidStateError')) throw error
  }
}

async function leadershipOf(transaction: IDBTransaction): Promise<Leadership | undefined> {
  const leadership: Leadership | undefined = await resultOf(transaction.objectStore(storeNames.meta).get(leadershipKey))
  return leadership
}

async function findEntry(transaction: IDBTransaction, id: OperationId): Promise<StoredEntry | undefined> {
  const held = await findHeld(transaction, id)
  if (held !== undefined) return held
  const result = await findResult(transaction.objectStore(storeNames.results), id)
  return result?.entry ?? findQueued(transaction, id)
}

async function findHeld(transaction: IDBTransaction, id: OperationId): Promise<LiveEntry | undefined> {
  const record: HeldRecord | undefined = await resultOf(transaction.objectStore(storeNames.held).get(id))
  return record === undefined ? undefined : unpackHeld(record)
}

async function countEntries(
  transaction: IDBTransaction,
): Promise<{ queued: number; waiting: number; conflicted: number; dead: number }> {
  const held = transaction.objectStore(storeNames.held).index(heldByKind)
  const ofKind = (kind: string): Promise<number> =>
    resultOf(held.count(IDBKeyRange.bound([kind, ''], [kind, '\uffff'])))
  const [waiting, conflicted, dead] = [ofKind('waiting'), ofKind('conflicted'), ofKind('dead')]
  let queued = 0
  for (const priority of priorities) {
    const keys = resultOf(transaction.objectStore(storeNames.log[priority]).getAllKeys())
    const marks: Promise<readonly Marks[]> = resultOf(transaction.objectStore(storeNames.marks[priority]).getAll())
    for (const key of numbers(await keys)) queued += countOf(key)
    for (const value of await marks) queued -= countMarked(value)
  }
  return { queued, waiting: await waiting, conflicted: await conflicted, dead: await dead }
}

/** The object stores that an update may touch. */
function storesOf(requests: readonly UpdateRequest[]): readonly string[] {
  const touched = prioritiesOf(requests)
  return [
    storeNames.meta,
    storeNames.held,
    storeNames.results,
    ...touched.flatMap((priority) => [storeNames.log[priority], storeNames.marks[priority]]),
  ]
}

function prioritiesOf(requests: readonly UpdateRequest[]): readonly Priority[] {
  return priorities.filter((priority) => requests.some(({ entry }) => isLive(entry) && entry.priority === priority))
}

async function updateEntries(
  transaction: IDBTransaction,
  requests: readonly UpdateRequest[],
  { epoch, nowMs }: UpdateOptions,
): Promise<readonly UpdateReport[]> {
  if (epoch !== undefined && (await leadershipOf(transaction))?.epoch !== epoch) {
    throw new SyncError('fenced', 'Another context leads now; nothing was changed.')
  }
  const sections = await readSections(transaction, requests)
  const held = transaction.objectStore(storeNames.held)
  const results = transaction.objectStore(storeNames.results)
  const settled: SettledEntry[] = []
  const reports: UpdateReport[] = []
  for (const { entry, change } of requests) {
    const { current, result } = await currentState(transaction, sections, entry, settled)
    const wanted = change(current)
    if (wanted === undefined) {
      reports.push({ entry: current, isChanged: false })
      continue
    }
    const next = changedEntry(current, wanted, nowMs)
    if (isLive(current)) {
      if (current.state.kind === 'queued') sections.get(current.priority)?.mark(current.position)
      else if (!isLive(next)) held.delete(current.operation.id)
    }
    if (isLive(next)) held.put(packHeld(next))
    else if (result !== undefined) results.put(withEntry(result, next), result.key)
    else replaceOrAdd(settled, next)
    const replacement = replacementOf(current, wanted)
    if (replacement !== undefined) held.put(packHeld(replacement))
    reports.push({ entry: next, isChanged: true, ...(replacement !== undefined && { replacement }) })
  }
  if (settled.length > 0) {
    const record: ResultRecord = { format: 1, settledAtMs: nowMs, entries: settled }
    results.add(record)
  }
  for (const section of sections.values()) await section.write()
  return reports
}

async function readSections(
  transaction: IDBTransaction,
  requests: readonly UpdateRequest[],
): Promise<ReadonlyMap<Priority, LogSection>> {
  const sections = new Map<Priority, LogSection>()
  for (const priority of prioritiesOf(requests)) {
    const segments = requests.flatMap(({ entry }) =>
      isLive(entry) && entry.priority === priority ? [entry.position.segment] : [],
    )
    const [from, to] = [Math.min(...segments), Math.max(...segments)]
    sections.set(priority, await LogSection.read(transaction, priority, from, to))
  }
  return sections
}

/** The entry as it is inside the transaction, and where its result stands if it has one. */
async function currentState(
  transaction: IDBTransaction,
  sections: ReadonlyMap<Priority, LogSection>,
  entry: StoredEntry,
  settledNow: readonly SettledEntry[],
): Promise<{ readonly current: StoredEntry; readonly result?: FoundResult }> {
  const id = idOf(entry)
  const isReplacement = isLive(entry) && entry.state.kind !== 'queued'
  if (isLive(entry) && !isReplacement && sections.get(entry.priority)?.isQueued(entry.position) === true) {
    return { current: { ...entry, state: { kind: 'queued' }, attempts: [] } }
  }
  const held = await findHeld(transaction, id)
  if (held !== undefined) return { current: held }
  const justSettled = settledNow.find((candidate) => candidate.id === id)
  if (justSettled !== undefined) return { current: justSettled }
  const result = await findResult(transaction.objectStore(storeNames.results), id)
  return result === undefined ? { current: entry } : { current: result.entry, result }
}

function changedEntry(current: StoredEntry, { state, attempt }: EntryChange, nowMs: number): StoredEntry {
  if (isSettled(state)) {
    if (!isLive(current)) return { ...current, state }
    const { id, type, lane, createdAtMs } = current.operation
    return { id, type, lane, createdAtMs, settledAtMs: nowMs, state }
  }
  if (!isLive(current) || !isHeld(state)) {
    throw new SyncError('illegal-act', `"${idOf(current)}" is ${current.state.kind} and cannot become ${state.kind}.`)
  }
  const attempts = attempt === undefined ? current.attempts : [...current.attempts, attempt].slice(-attemptRecordsMax)
  return { ...current, state, attempts }
}

function replacementOf(current: StoredEntry, { replacement }: EntryChange): LiveEntry | undefined {
  if (replacement === undefined || !isLive(current)) return undefined
  const { queued, state } = replacement
  const { length: size } = textOf(queued.operation)
  return { ...queued, position: current.position, size, state, attempts: [] }
}

function withEntry({ record, entry }: FoundResult, next: SettledEntry): ResultRecord {
  return { ...record, entries: record.entries.map((other) => (other.id === entry.id ? next : other)) }
}

function replaceOrAdd(settled: SettledEntry[], next: SettledEntry): void {
  const index = settled.findIndex(({ id }) => id === next.id)
  if (index >= 0) settled[index] = next
  else settled.push(next)
}
