/**
 * Collections in IndexedDB, in a database of their own beside the outbox's: dropping it never touches a write. Rows are
 * keyed by kind and id; nothing is written strictly, because the server has all of it.
 */
import { isJson, isRecord } from '@holdfast/core'
import type { Clock } from '../environment.ts'
import { Connection } from '../store/indexeddb-connection.ts'
import { inReading, inTransaction, resultOf } from '../store/indexeddb-request.ts'
import { goesOn, type CollectionStore, type FeedMark, type KeptRow } from './collection-store.ts'

const rowsName = 'rows'
const markName = 'mark'
const markKey = 'feed'

/**
 * Opens the collections of one identity.
 *
 * @throws SyncError `storage`, `blocked` or `newer-database`, at the first call that needs the database
 */
export function openIndexedDbCollectionStore(name: string, clock?: Clock): CollectionStore {
  const connection = new Connection({
    name,
    version: 1,
    ...(clock !== undefined && { clock }),
    upgrade: (database) => {
      database.createObjectStore(rowsName, { keyPath: ['kind', 'id'] })
      database.createObjectStore(markName)
    },
  })
  return {
    readMark: () =>
      connection.run((database) =>
        inReading(database, [markName], async (transaction) =>
          parseMark(await resultOf(transaction.objectStore(markName).get(markKey))),
        ),
      ),
    readKind: (kind) =>
      connection.run((database) =>
        inReading(database, [rowsName], async (transaction) => {
          const range = IDBKeyRange.bound([kind], [kind, []])
          const found: readonly unknown[] = await resultOf(transaction.objectStore(rowsName).getAll(range))
          return found.flatMap((value) => parseRow(value) ?? [])
        }),
      ),
    readRows: (keys) =>
      connection.run((database) =>
        inReading(database, [rowsName], async (transaction) => {
          const rows = transaction.objectStore(rowsName)
          const found: readonly unknown[] = await Promise.all(
            keys.map(({ kind, id }) => resultOf(rows.get([kind, id]))),
          )
          return found.map(parseRow)
        }),
      ),
    write: (page) =>
      connection.run((database) =>
        inTransaction(database, [rowsName, markName], 'relaxed', async (transaction) => {
          const rows = transaction.objectStore(rowsName)
          const marks = transaction.objectStore(markName)
          if (!goesOn(parseMark(await resultOf(marks.get(markKey))), page)) return false
          if (page.isAnew) rows.clear()
          for (const { kind, id } of page.removes) rows.delete([kind, id])
          for (const row of page.puts) rows.put(row)
          marks.put(page.mark, markKey)
          return true
        }),
      ),
    close: () => connection.close(),
  }
}

function parseRow(value: unknown): KeptRow | undefined {
  if (!isRecord(value)) return undefined
  const { kind, id, version, state } = value
  if (typeof kind !== 'string' || typeof id !== 'string' || typeof version !== 'number' || !isJson(state))
    return undefined
  return { kind, id, version, state }
}

/** A mark that cannot be read is none: everything is read anew. */
function parseMark(value: unknown): FeedMark | undefined {
  if (!isRecord(value) || !isRecord(value['versions'])) return undefined
  const { epoch, after, isComplete, versions } = value
  if (typeof epoch !== 'string' || typeof after !== 'number') return undefined
  const known: Record<string, number> = {}
  for (const [kind, version] of Object.entries(versions)) if (typeof version === 'number') known[kind] = version
  return { epoch, after, isComplete: isComplete === true, versions: known }
}
