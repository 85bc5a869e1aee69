import 'fake-indexeddb/auto'
import { describe, expect, test } from 'vitest'
import { appendUnlessKnown, type WriteStrictly } from './append-once.ts'
import { inTransaction } from './indexeddb-request.ts'
import { openIndexedDbStore } from './indexeddb-store.ts'
import type { ReadTransaction } from './log-reading.ts'
import { newName, openRaw } from './raw-database.fixture.ts'
import { always, appliedChange, change, idsOf, queuedOperation, readWholeLog } from './store.fixture.ts'
import { idOf, type Appended, type Store } from './store.ts'

const own = queuedOperation('own')

/** Appends an id once; between the search and the write, another tab does something. Gives how often was tried to write. */
async function appendWhile(
  meanwhile: (other: Store) => Promise<unknown>,
): Promise<{ readonly store: Store; readonly appended: readonly Appended[]; readonly writes: number }> {
  const name = newName()
  const store = await openIndexedDbStore(name)
  await store.append([queuedOperation('before')])
  const database = await openRaw(name)
  let writes = 0
  const read: ReadTransaction = (stores, work) => work(database.transaction(stores, 'readonly'))
  const write: WriteStrictly = async (stores, work) => {
    writes += 1
    if (writes === 1) await meanwhile(store)
    return inTransaction(database, stores, 'strict', work)
  }
  const appended = await appendUnlessKnown(read, write, [own], () => {})
  database.close()
  return { store, appended, writes }
}

describe('an id that another tab stores between the search and the write', () => {
  test('is not stored again', async () => {
    const { store, appended } = await appendWhile((other) => other.append([queuedOperation('x'), own]))
    expect(appended.map(({ entry, isNew }) => [idOf(entry), isNew])).toEqual([['own', false]])
    expect(idsOf(await readWholeLog(store, 'medium'))).toEqual(['before', 'x', 'own'])
  })

  test('is not stored again when it went into another log', async () => {
    const { store, appended } = await appendWhile((other) =>
      other.append([queuedOperation('own', { priority: 'low' })]),
    )
    expect(appended.map(({ isNew }) => isNew)).toEqual([false])
    expect((await store.counts()).queued).toBe(2)
  })

  test('is not stored again when it is settled and gone from the log by then', async () => {
    const { store, appended } = await appendWhile(async (other) => {
      for (const queued of [own, queuedOperation('later')]) {
        const entries = await other.append([queued])
        await change(
          other,
          entries.map((entry) => always(entry, appliedChange())),
        )
      }
    })
    expect(appended.map(({ entry, isNew }) => [entry.state.kind, isNew])).toEqual([['applied', false]])
    expect(idsOf(await readWholeLog(store, 'medium'))).toEqual(['before'])
  })

  test('something else that came in does not make it search again', async () => {
    const { store, appended, writes } = await appendWhile((other) => other.append([queuedOperation('x')]))
    expect([appended.map(({ isNew }) => isNew), writes]).toEqual([[true], 1])
    expect(idsOf(await readWholeLog(store, 'medium'))).toEqual(['before', 'x', 'own'])
  })
})
