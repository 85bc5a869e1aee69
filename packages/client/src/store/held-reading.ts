/** Reading held entries on IndexedDB: by id, and by kind in pages. */
import type { HeldState, OperationId } from '@holdfast/core'
import { unpackHeld } from './held-record.ts'
import { resultOf } from './indexeddb-request.ts'
import { heldByKind, storeNames } from './migrations.ts'
import type { FaultListener } from './store-fault.ts'
import type { LiveEntry } from './store.ts'

/** Held entries of a kind, ordered by the id, after `after`. */
export async function heldPage(
  transaction: IDBTransaction,
  kind: HeldState['kind'],
  after: OperationId | undefined,
  limit: number,
  onFault: FaultListener,
): Promise<readonly LiveEntry[]> {
  const index = transaction.objectStore(storeNames.held).index(heldByKind)
  const page: LiveEntry[] = []
  // An array sorts behind every text: this is the end of the kind.
  let range = IDBKeyRange.bound(after === undefined ? [kind] : [kind, after], [kind, []], true)
  while (page.length < limit) {
    const asked = limit - page.length
    const [ids, records] = await Promise.all([
      resultOf(index.getAllKeys(range, asked)),
      resultOf<unknown[]>(index.getAll(range, asked)),
    ])
    for (const [nth, id] of ids.entries()) {
      const entry = unpackHeld(records[nth])
      if (entry !== undefined) page.push(entry)
      else onFault({ kind: 'damaged', store: storeNames.held, key: typeof id === 'string' ? id : 'unknown' })
    }
    const lastId = ids.at(-1)
    if (lastId === undefined || ids.length < asked) break
    range = IDBKeyRange.bound([kind, lastId], [kind, []], true)
  }
  return page
}

/** The held entries among some ids. */
export async function heldOf(
  transaction: IDBTransaction,
  ids: ReadonlySet<OperationId>,
  onFault: FaultListener,
): Promise<ReadonlyMap<OperationId, LiveEntry>> {
  const held = transaction.objectStore(storeNames.held)
  const found = new Map<OperationId, LiveEntry>()
  const read = async (id: OperationId): Promise<void> => {
    const record: unknown = await resultOf(held.get(id))
    const entry = unpackHeld(record)
    if (entry !== undefined) found.set(id, entry)
    else if (record !== undefined) onFault({ kind: 'damaged', store: storeNames.held, key: id })
  }
  await Promise.all([...ids].map(read))
  return found
}
