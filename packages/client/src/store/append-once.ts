/**
 * Appending entries whose ids somebody else may have stored, on IndexedDB.
 *
 *   where do the logs end? ──▶ search everywhere ── found ──▶ that is the entry
 *      ▲                            │ not found
 *      │                            ▼
 *      └── something came in ── one transaction: does anything behind those ends hold the id, or is it gone already?
 *                                   │ no
 *                                   ▼
 *                                append
 *
 * The search is outside of the transaction that appends, so that nobody waits for it, and the transaction sees all that
 * came in meanwhile. An id comes into a store through a log alone, and sequences have no gaps: what was appended and
 * deleted again since is missed there, and the search begins anew.
 */
import { priorities, type OperationId, type Priority, type QueuedOperation } from '@holdfast/core'
import { findEntries } from './entry-search.ts'
import { recordsOf } from './indexeddb-request.ts'
import type { ReadTransaction } from './log-reading.ts'
import { appendGroup, lastKeys } from './log-writing.ts'
import { storeNames } from './migrations.ts'
import { countOf, segmentKey, sequenceOf } from './segment.ts'
import type { FaultListener } from './store-fault.ts'
import type { Appended, LiveEntry } from './store.ts'

/** Segments behind the known ends that are looked through in the transaction; behind more of them the search is cheaper. */
const newSegmentsMax = 64

/** The last segment of each log. */
type Ends = ReadonlyMap<Priority, number>

/** How the entries are written: in one strict transaction over the stores named. */
export type WriteStrictly = <Result>(
  stores: readonly string[],
  work: (transaction: IDBTransaction) => Promise<Result>,
) => Promise<Result>

const logNames: readonly string[] = Object.values(storeNames.log)

/** Appends those of a group that no store holds yet, and gives the others as they are. */
export async function appendUnlessKnown(
  read: ReadTransaction,
  write: WriteStrictly,
  group: readonly QueuedOperation[],
  onFault: FaultListener,
): Promise<readonly Appended[]> {
  // The first of each id: a group may name one twice.
  const byId = new Map(group.toReversed().map((queued) => [queued.operation.id, queued]))
  for (;;) {
    const ends = await read(logNames, lastKeys)
    const known = await findEntries(read, new Set(byId.keys()), onFault, { isLikelyQueued: false })
    const unknown = group.filter(
      (queued) => byId.get(queued.operation.id) === queued && !known.has(queued.operation.id),
    )
    const stored =
      unknown.length === 0 ? [] : await write(logNames, (transaction) => appendAfter(transaction, unknown, ends))
    if (stored === undefined) continue
    const fresh = new Map<OperationId, LiveEntry>(stored.map((entry) => [entry.operation.id, entry]))
    return group.flatMap((queued) => {
      const { id } = queued.operation
      const entry = fresh.get(id) ?? known.get(id)
      return entry === undefined ? [] : [{ entry, isNew: fresh.has(id) && byId.get(id) === queued }]
    })
  }
}

/** Appends unless one of the ids may have come in behind the ends; `undefined` then, and nothing is written. */
async function appendAfter(
  transaction: IDBTransaction,
  group: readonly QueuedOperation[],
  ends: Ends,
): Promise<readonly LiveEntry[] | undefined> {
  const ids = group.map(({ operation }) => operation.id)
  for (const priority of priorities) {
    const log = transaction.objectStore(storeNames.log[priority])
    const end = sequenceOf(ends.get(priority) ?? 0)
    const came = await recordsOf(log, IDBKeyRange.lowerBound(segmentKey(end + 1, 0)), newSegmentsMax + 1)
    if (came.length > newSegmentsMax) return undefined
    for (const [nth, { key, value }] of came.entries()) {
      const isWhole = typeof key === 'number' && sequenceOf(key) === end + 1 + nth && countOf(key) > 0
      if (!isWhole || typeof value !== 'string' || ids.some((id) => value.includes(`"${id}"`))) return undefined
    }
  }
  return appendGroup(transaction, group, false, new Map())
}
