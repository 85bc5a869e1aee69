/**
 * Damaged records of a store, for people: what cannot be read is never sent, never blocks anything else and is never
 * deleted, so somebody has to be able to find it and to take it along.
 */
import { priorities, SyncError, type Priority } from '@holdfast/core'
import { unpackHeld } from './store/held-record.ts'
import { withExistingDatabase } from './store/existing-database.ts'
import { asStoreError, recordsOf, resultOf, type KeyedRecord } from './store/indexeddb-request.ts'
import { isMarked, parseMarks } from './store/marks.ts'
import { databaseVersion, sealedVersions, storeNames } from './store/migrations.ts'
import { databaseName, type Session } from './store/registry.ts'
import { isResultRecord } from './store/results.ts'
import { countOf, entryAt, openSegment } from './store/segment.ts'

/** A record that cannot be read, as it stands on the disk. */
export interface DamagedRecord {
  /** The object store that holds it. */
  readonly store: string
  readonly key: string | number
  /** Where only one entry of a segment is damaged: which. */
  readonly index?: number
  /** What stands there: its text, or its JSON. */
  readonly raw: string
}

/** Records in one read: a transaction should not stand in the way of writers for long. */
const pageRecords = 32

/**
 * Lists the damaged records of an identity's store, at most `limit` (100 unless told) of them. Reads everything, so call
 * it when somebody looks, not all the time; `status().storage.damaged` says whether any were met.
 *
 * @throws SyncError `storage`, `newer-database`
 * @example
 * const damaged = await readDamagedRecords('field-desk', session)
 * download(JSON.stringify(damaged))
 */
export async function readDamagedRecords(
  application: string,
  session: Session,
  { limit = 100 }: { readonly limit?: number } = {},
): Promise<readonly DamagedRecord[]> {
  try {
    const work = (database: IDBDatabase): Promise<readonly DamagedRecord[]> => damagedOf(database, limit)
    return (await withExistingDatabase(databaseName(application, session), work)) ?? []
  } catch (error) {
    throw asStoreError(error)
  }
}

async function damagedOf(database: IDBDatabase, limit: number): Promise<readonly DamagedRecord[]> {
  // An encrypted one has the same shape: what is sealed in it is whole as long as its record is.
  if (database.version % sealedVersions > databaseVersion) {
    throw new SyncError('newer-database', 'A newer release of the app has the database. Reload the page, then look.')
  }
  const damaged: DamagedRecord[] = []
  const look = async (store: string, judge: Judge): Promise<void> => {
    let range: IDBKeyRange | null = null
    while (damaged.length < limit) {
      const transaction: IDBTransaction = database.transaction(
        judge.marks === undefined ? [store] : [store, judge.marks],
      )
      const page: readonly KeyedRecord[] = await recordsOf(transaction.objectStore(store), range, pageRecords)
      damaged.push(...(await judge.find(page, store, transaction)))
      const last = page.at(-1)?.key
      if (last === undefined || page.length < pageRecords) return
      range = IDBKeyRange.lowerBound(last, true)
    }
  }
  for (const priority of priorities) await look(storeNames.log[priority], segmentsOf(priority))
  for (const priority of priorities) {
    await look(
      storeNames.marks[priority],
      whole((value) => parseMarks(value) !== undefined),
    )
  }
  await look(
    storeNames.held,
    whole((value) => unpackHeld(value) !== undefined),
  )
  await look(storeNames.results, whole(isResultRecord))
  return damaged.slice(0, limit)
}

/** Finds what is damaged among some records. */
interface Judge {
  /** The marks that it reads as well. */
  readonly marks?: string
  readonly find: (
    records: readonly KeyedRecord[],
    store: string,
    transaction: IDBTransaction,
  ) => Promise<readonly DamagedRecord[]>
}

/** Records that are whole or damaged. */
function whole(isGood: (value: unknown) => boolean): Judge {
  return {
    find: (records, store) =>
      Promise.resolve(
        records.flatMap(({ key, value }) => (isGood(value) ? [] : [{ store, key: nameOf(key), raw: textOf(value) }])),
      ),
  }
}

/** Segments: each entry may be damaged for itself. One that is settled is nobody's loss. */
function segmentsOf(priority: Priority): Judge {
  const marksName = storeNames.marks[priority]
  const find: Judge['find'] = async (records, store, transaction) => {
    const damaged: DamagedRecord[] = []
    for (const { key, value } of records) {
      if (typeof key !== 'number') {
        damaged.push({ store, key: nameOf(key), raw: textOf(value) })
        continue
      }
      if (countOf(key) === 0) continue
      const segment = openSegment(priority, key, value)
      if (segment === undefined) {
        damaged.push({ store, key, raw: textOf(value) })
        continue
      }
      const marks = parseMarks(await resultOf<unknown>(transaction.objectStore(marksName).get(key)))?.bits
      for (const [index, raw] of segment.texts.entries()) {
        if (!isMarked(marks, index) && entryAt(segment, index) === undefined) damaged.push({ store, key, index, raw })
      }
    }
    return damaged
  }
  return { marks: marksName, find }
}

function nameOf(key: IDBValidKey): string | number {
  return typeof key === 'number' || typeof key === 'string' ? key : textOf(key)
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  try {
    return (
      JSON.stringify(value, (_, member: unknown) => (member instanceof Uint8Array ? [...member] : member)) ??
      String(value)
    )
  } catch {
    // No JSON has it: a cycle, or a big integer.
    return String(value)
  }
}
