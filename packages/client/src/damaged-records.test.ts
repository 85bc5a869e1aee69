import 'fake-indexeddb/auto'
import { describe, expect, test } from 'vitest'
import { readDamagedRecords } from './damaged-records.ts'
import { openCipher } from './sealing/cipher.ts'
import { memoryKeyRing } from './sealing/key-ring.fixture.ts'
import { openSealedStore } from './sealing/sealed-store.ts'
import { openIndexedDbStore } from './store/indexeddb-store.ts'
import { databaseVersion, storeNames } from './store/migrations.ts'
import { codeOf, openRaw, raw } from './store/raw-database.fixture.ts'
import { databaseName } from './store/registry.ts'
import { cutIntoSegments, packSegment, placeholderKey, segmentKey } from './store/segment.ts'
import { always, appliedChange, change, deadState, queuedOperation, readWholeLog } from './store/store.fixture.ts'
import type { Store } from './store/store.ts'

const session = { tenant: 'north', user: 'ana' }

async function open(application: string): Promise<{ store: Store; name: string }> {
  const name = databaseName(application, session)
  return { name, store: await openIndexedDbStore(name) }
}

describe('F046 damaged records', () => {
  test('of every kind are listed with what stands there, and stay where they are', async () => {
    const { store, name } = await open('every kind')
    const stored = await store.append(['a', 'b', 'c', 'd', 'e'].map((id) => queuedOperation(id)))
    await store.append([queuedOperation('f')])
    const [, , c, d, e] = stored
    if (c === undefined || d === undefined || e === undefined) throw new Error('five entries')
    await change(store, [always(c, { state: deadState }), always(d, appliedChange()), always(e, appliedChange())])
    const text = packSegment(cutIntoSegments(stored, 'medium')[0] ?? []).split('\n')
    await raw(name, storeNames.log.medium, (log) => {
      // b is damaged, and d, which is settled: that is nobody's loss.
      log.put([text[0], text[1], '{"id":', text[3], '{"id":', text[5]].join('\n'), segmentKey(1, 5))
      log.put(placeholderKey(7), placeholderKey(7))
      return log.put({ not: 'text', bytes: new Uint8Array([1, 2]) }, segmentKey(2, 1))
    })
    await raw(name, storeNames.held, (held) => held.put({ id: 'c', kind: 'dead', text: '{]\n{}' }))
    await raw(name, storeNames.results, (results) => results.put({ settledAtMs: 1, text: '{"id":7}' }, 1))
    await raw(name, storeNames.marks.low, (marks) => marks.put({ segment: 9, bits: 'none' }))
    const expected = [
      { store: storeNames.log.medium, key: segmentKey(1, 5), index: 1, raw: '{"id":' },
      { store: storeNames.log.medium, key: segmentKey(2, 1), raw: '{"not":"text","bytes":[1,2]}' },
      { store: storeNames.marks.low, key: 9, raw: '{"segment":9,"bits":"none"}' },
      { store: storeNames.held, key: 'c', raw: '{"id":"c","kind":"dead","text":"{]\\n{}"}' },
      { store: storeNames.results, key: 1, raw: '{"settledAtMs":1,"text":"{\\"id\\":7}"}' },
    ]
    expect(await readDamagedRecords('every kind', session)).toEqual(expected)
    expect(await readDamagedRecords('every kind', session)).toEqual(expected)
    expect(await readDamagedRecords('every kind', session, { limit: 2 })).toEqual(expected.slice(0, 2))
    expect((await readWholeLog(store, 'medium')).map(({ operation }) => operation.id)).toEqual(['a'])
  })

  test('behind many good ones are found', async () => {
    const { store, name } = await open('many')
    for (let nth = 0; nth < 100; nth += 1) await store.append([queuedOperation(`id-${nth}`)])
    await raw(name, storeNames.log.medium, (log) => log.put('damaged', segmentKey(99, 1)))
    expect((await readDamagedRecords('many', session)).map(({ key }) => key)).toEqual([segmentKey(99, 1)])
  })

  test('are none in a store that is whole, and in one that was never there', async () => {
    const { store } = await open('whole')
    const stored = await store.append(['a', 'b'].map((id) => queuedOperation(id)))
    await change(
      store,
      stored.slice(0, 1).map((entry) => always(entry, appliedChange())),
    )
    expect(await readDamagedRecords('whole', session)).toEqual([])
    expect(await readDamagedRecords('never there', session)).toEqual([])
  })

  test('F085 are listed of an encrypted store too, in which what is sealed is whole', async () => {
    const ben = { tenant: 'north', user: 'ben' }
    const name = databaseName('encrypted', ben)
    const store = openSealedStore(await openIndexedDbStore(name, { isSealed: true }), {
      cipher: openCipher(name, memoryKeyRing()),
      writes: 'sealed',
    })
    await store.append([queuedOperation('a')])
    expect(await readDamagedRecords('encrypted', ben)).toEqual([])
    await raw(name, storeNames.log.medium, (log) => log.put('damaged', segmentKey(9, 1)))
    expect((await readDamagedRecords('encrypted', ben)).map(({ key }) => key)).toEqual([segmentKey(9, 1)])
    await store.close()
  })

  test('F040 of a newer release are not judged by this one', async () => {
    const newer = databaseName('newer', session)
    ;(await openRaw(newer, databaseVersion + 1)).close()
    expect(await codeOf(readDamagedRecords('newer', session))).toBe('newer-database')
    // Nothing of it was changed by looking.
    const database = await openRaw(newer)
    expect(database.version).toBe(databaseVersion + 1)
    database.close()
  })
})
