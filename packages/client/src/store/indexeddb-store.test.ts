import 'fake-indexeddb/auto'
import { describe, expect, test } from 'vitest'
import { openIndexedDbStore } from './indexeddb-store.ts'
import { makeTrouble } from './indexeddb-trouble.fixture.ts'
import { storeNames } from './migrations.ts'
import { codeOf, newName, openRaw, raw } from './raw-database.fixture.ts'
import { deletionStart, placeholderKey, segmentEntriesMax, segmentKey } from './segment.ts'
import type { StoreFault } from './store-fault.ts'
import {
  always,
  appliedChange,
  change,
  deadState,
  discardedChange,
  idsOf,
  queuedOperation,
  readWholeLog,
  testId,
  waitingUntil,
} from './store.fixture.ts'
import { isLive } from './store.ts'

describe('a full disk', () => {
  test('F037 an append whose requests succeed and whose transaction aborts is an error, and nothing is stored', async () => {
    const name = newName()
    const store = await openIndexedDbStore(name)
    using trouble = makeTrouble(name)
    trouble.next('quota-at-commit')
    const group = [queuedOperation('a', { priority: 'high' }), queuedOperation('b', { priority: 'low' })]
    expect(await codeOf(store.append(group))).toBe('quota')
    expect(await store.counts()).toEqual({ queued: 0, waiting: 0, conflicted: 0, dead: 0 })
    await store.append(group)
    expect((await store.counts()).queued).toBe(2)
  })

  test('F037 the error says what is full, as far as the browser says it, and what can be done', async () => {
    const name = newName()
    const rooms = [{ usageBytes: 9_800_000, quotaBytes: 10_000_000 }, undefined]
    const store = await openIndexedDbStore(name, { readRoom: () => Promise.resolve(rooms.shift()) })
    using trouble = makeTrouble(name)
    trouble.next('quota-at-commit', 'quota-at-commit', 'abort', 'abort')
    const error: unknown = await store.append([queuedOperation('a')]).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'quota', details: { usageBytes: 9_800_000, quotaBytes: 10_000_000 } })
    expect(String(error)).toContain('9.8 of 10.0 MB')
    expect(String(error)).toContain('Free some space')
    expect(await store.append([queuedOperation('a')]).catch((reason: unknown) => reason)).toMatchObject({
      code: 'quota',
      details: {},
    })
    // Nobody is asked for room when that was not the trouble.
    rooms.push({ usageBytes: 1, quotaBytes: 2 })
    expect(await codeOf(store.append([queuedOperation('a')]))).toBe('storage')
    expect(rooms.length).toBe(1)
  })

  test('F037 the put that Firefox refuses once afterwards is tried again, and the group is stored once', async () => {
    const name = newName()
    const store = await openIndexedDbStore(name)
    using trouble = makeTrouble(name)
    trouble.next('quota-at-commit', 'invalid-state')
    expect(await codeOf(store.append([queuedOperation('a')]))).toBe('quota')
    await store.append([queuedOperation('b'), queuedOperation('c', { priority: 'high' })])
    expect(idsOf(await readWholeLog(store, 'medium'))).toEqual(['b'])
    expect(idsOf(await readWholeLog(store, 'high'))).toEqual(['c'])
    expect(trouble.left).toBe(0)
  })

  test('F038 progress that cannot be written is an error, and every entry stays as it was', async () => {
    const name = newName()
    const store = await openIndexedDbStore(name)
    const stored = await store.append(['a', 'b'].map((id) => queuedOperation(id)))
    using trouble = makeTrouble(name)
    trouble.next('quota-at-commit')
    const requests = stored.map((entry) => always(entry, appliedChange()))
    expect(await codeOf(change(store, requests))).toBe('quota')
    expect(await readWholeLog(store, 'medium')).toEqual(stored)
    await change(store, requests)
    expect(await readWholeLog(store, 'medium')).toEqual([])
  })
})

describe('a lost connection', () => {
  test.each(['connection-lost', 'force-close', 'abort', 'invalid-state'] as const)(
    'F041 F042 after %s the call is made again on a new connection',
    async (kind) => {
      const name = newName()
      const store = await openIndexedDbStore(name)
      using trouble = makeTrouble(name)
      trouble.next(kind)
      const [entry] = await store.append([queuedOperation('a')])
      expect(trouble.left).toBe(0)
      expect(idsOf(await readWholeLog(store, 'medium'))).toEqual(['a'])
      trouble.next(kind)
      expect(await store.claim('tab', 1)).toBe(1)
      trouble.next(kind)
      if (entry !== undefined) await change(store, [always(entry, { state: deadState })])
      expect(await store.counts()).toEqual({ queued: 0, waiting: 0, conflicted: 0, dead: 1 })
    },
  )

  test('F042 the caller is told when the connection stays lost, and later calls try again', async () => {
    const name = newName()
    const store = await openIndexedDbStore(name)
    using trouble = makeTrouble(name)
    trouble.next('connection-lost', 'connection-lost')
    expect(await codeOf(store.append([queuedOperation('a')]))).toBe('storage')
    await store.append([queuedOperation('b')])
    expect(idsOf(await readWholeLog(store, 'medium'))).toEqual(['b'])
  })

  test('F043 an append that was written although it failed is not written twice', async () => {
    const name = newName()
    const store = await openIndexedDbStore(name)
    const other = await openIndexedDbStore(name)
    using trouble = makeTrouble(name)
    const large = Array.from({ length: 200 }, (_, index) => queuedOperation(`m${index}`))
    trouble.next('commit-unseen')
    const group = [...large, queuedOperation('h', { priority: 'high' })]
    const first = store.append(group)
    const second = other.append([queuedOperation('between')])
    const stored = await first
    await second
    expect(trouble.left).toBe(0)
    const read = await readWholeLog(store, 'medium')
    expect(idsOf(read.filter(({ operation }) => operation.id !== 'between'))).toEqual(
      large.map(({ operation }) => operation.id),
    )
    expect(await readWholeLog(store, 'high')).toEqual(stored.slice(200))
    expect(read.filter(({ operation }) => operation.id !== 'between')).toEqual(stored.slice(0, 200))
  })

  test('F043 nor is it when another tab has stored whole groups of segments meanwhile', async () => {
    const name = newName()
    const store = await openIndexedDbStore(name)
    const other = await openIndexedDbStore(name)
    using trouble = makeTrouble(name)
    trouble.next('commit-unseen')
    const first = store.append([queuedOperation('a'), queuedOperation('b')])
    const others = [1, 2].map((nth) =>
      other.append(Array.from({ length: 8 * segmentEntriesMax }, (_, index) => queuedOperation(`${nth}-${index}`))),
    )
    const stored = await first
    await Promise.all(others)
    expect(trouble.left).toBe(0)
    expect(await store.counts()).toEqual({ queued: 2 + 16 * segmentEntriesMax, waiting: 0, conflicted: 0, dead: 0 })
    expect((await store.readLog('medium', undefined, { entriesMax: 2, bytesMax: 1000 })).entries).toEqual(stored)
  })

  test('F043 what breaks off half way leaves nothing behind', async () => {
    const name = newName()
    const store = await openIndexedDbStore(name)
    const stored = await store.append(['a', 'b'].map((id) => queuedOperation(id)))
    using trouble = makeTrouble(name)
    const requests = stored.map((entry, index) => always(entry, index === 0 ? { state: deadState } : appliedChange()))
    trouble.next('invalid-state-later', 'invalid-state-later')
    expect(await codeOf(change(store, requests))).toBe('storage')
    trouble.next('invalid-state-later', 'invalid-state-later')
    expect(await codeOf(store.append([queuedOperation('c', { size: 200_000 }), queuedOperation('d')]))).toBe('storage')
    expect(trouble.left).toBe(0)
    expect(await readWholeLog(store, 'medium')).toEqual(stored)
    expect(await store.counts()).toEqual({ queued: 2, waiting: 0, conflicted: 0, dead: 0 })
  })

  test('F043 an update that was written although it failed reports the state that it left', async () => {
    const name = newName()
    const store = await openIndexedDbStore(name)
    const [entry] = await store.append([queuedOperation('a')])
    using trouble = makeTrouble(name)
    trouble.next('commit-unseen')
    const [report] = await change(
      store,
      entry === undefined ? [] : [{ entry, change: (current) => (isLive(current) ? appliedChange() : undefined) }],
    )
    expect(report?.entry.state.kind).toBe('applied')
    expect(await store.readSettled({ limit: 5 })).toHaveLength(1)
  })

  test('handles that were given up do not stay open: the database can be deleted', async () => {
    const name = newName()
    const store = await openIndexedDbStore(name)
    using trouble = makeTrouble(name)
    trouble.next('invalid-state', 'none', 'invalid-state')
    await store.append([queuedOperation('a')])
    await store.append([queuedOperation('b')])
    await store.close()
    const isBlocked = await new Promise<boolean>((resolve) => {
      const request = indexedDB.deleteDatabase(name)
      request.onblocked = () => resolve(true)
      request.onsuccess = () => resolve(false)
    })
    expect(isBlocked).toBe(false)
  })
})

describe('releases', () => {
  test('F039 an open store gives way to a newer release, and says afterwards that there is one', async () => {
    const name = newName()
    const store = await openIndexedDbStore(name)
    await store.append([queuedOperation('a')])
    const newer = await openRaw(name, 2)
    expect(await codeOf(store.append([queuedOperation('b')]))).toBe('newer-database')
    expect(await codeOf(store.counts())).toBe('newer-database')
    newer.close()
  })

  test('F040 old code that meets a newer database says so and leaves its entries intact', async () => {
    const name = newName()
    const store = await openIndexedDbStore(name)
    await store.append([queuedOperation('a')])
    await store.close()
    const newer = await openRaw(name, 2)
    const before = await new Promise<number>((resolve) => {
      const request = newer.transaction(storeNames.log.medium).objectStore(storeNames.log.medium).count()
      request.onsuccess = () => resolve(request.result)
    })
    expect(await codeOf(openIndexedDbStore(name))).toBe('newer-database')
    expect(before).toBe(1)
    newer.close()
  })

  test('a store whose database was cleared under it goes on with an empty one, and fences the leader of before', async () => {
    const name = newName()
    const store = await openIndexedDbStore(name)
    await store.append([queuedOperation('a')])
    const epoch = await store.claim('tab', 1)
    await new Promise((resolve) => {
      indexedDB.deleteDatabase(name).onsuccess = resolve
    })
    expect(await store.counts()).toEqual({ queued: 0, waiting: 0, conflicted: 0, dead: 0 })
    expect(await codeOf(store.update([], { epoch, durability: 'relaxed', nowMs: 1 }))).toBe('fenced')
    await store.append([queuedOperation('b')])
    expect(idsOf(await readWholeLog(store, 'medium'))).toEqual(['b'])
  })
})

describe('F046 damaged records are passed over, told once, and never deleted', () => {
  test('a segment, and a single entry of one', async () => {
    const name = newName()
    const faults: StoreFault[] = []
    const store = await openIndexedDbStore(name, { onFault: (fault) => faults.push(fault) })
    const [a] = await store.append([queuedOperation('a'), queuedOperation('a2')])
    const [b] = await store.append([queuedOperation('b'), queuedOperation('b2')])
    await store.append([queuedOperation('c')])
    if (a === undefined || b === undefined) throw new Error('two entries')
    await raw(name, storeNames.log.medium, (log) => log.put('{"format":1}\nonly one', a.position.segment))
    const text = JSON.stringify(queuedOperation('b2').operation)
    await raw(name, storeNames.log.medium, (log) => log.put(`{"format":1}\n{"id":\n${text}`, b.position.segment))
    expect(idsOf(await readWholeLog(store, 'medium'))).toEqual(['b2', 'c'])
    expect(idsOf(await readWholeLog(store, 'medium', { entriesMax: 1, bytesMax: 1 }))).toEqual(['b2', 'c'])
    expect(await store.find(testId('a'))).toBeUndefined()
    expect(idsOf([(await store.find(testId('c'))) ?? a])).toEqual(['c'])
    expect((await store.counts()).queued).toBe(5)
    expect(faults).toEqual([
      { kind: 'damaged', store: storeNames.log.medium, key: a.position.segment },
      { kind: 'damaged', store: storeNames.log.medium, key: b.position.segment, index: 0 },
    ])
  })

  test('a held entry, a result, and marks', async () => {
    const name = newName()
    const faults: StoreFault[] = []
    const store = await openIndexedDbStore(name, { onFault: (fault) => faults.push(fault) })
    const stored = await store.append(['a', 'b', 'c', 'd', 'e'].map((id) => queuedOperation(id)))
    const [a, b, c, d] = stored
    if (a === undefined || b === undefined || c === undefined || d === undefined) throw new Error('four entries')
    await change(store, [always(a, { state: waitingUntil(1) }), always(b, { state: waitingUntil(1) })])
    await change(store, [always(c, appliedChange())], 10)
    await change(store, [always(d, discardedChange('x'))], 20)
    await raw(name, storeNames.held, (held) => held.put({ id: 'a', kind: 'waiting', text: '{]\n{}' }))
    await raw(name, storeNames.results, (results) => results.put({ settledAtMs: 10, text: '{"id":7}' }, 1))
    expect(idsOf(await store.readHeld('waiting', { limit: 1 }))).toEqual(['b'])
    expect(await store.find(testId('a'))).toBeUndefined()
    expect(idsOf(await store.readSettled({ limit: 5 }))).toEqual(['d'])
    expect(await store.cleanup(1_000)).toBe(0)
    expect(await raw(name, storeNames.results, (results) => results.count())).toBe(2)
    expect(await raw(name, storeNames.held, (held) => held.count())).toBe(2)
    await raw(name, storeNames.marks.medium, (marks) => marks.put({ segment: a.position.segment, bits: 'none' }))
    expect(idsOf(await readWholeLog(store, 'medium'))).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect(faults.map((fault) => fault.store)).toEqual([storeNames.held, storeNames.results, storeNames.marks.medium])
  })
})

describe('what is on disk', () => {
  const keysOf = (name: string, store: string): Promise<IDBValidKey[]> => raw(name, store, (log) => log.getAllKeys())

  test('R010 a drained log leaves one placeholder and no body, however often it is filled again', async () => {
    const name = newName()
    const store = await openIndexedDbStore(name)
    for (let round = 1; round <= 4; round += 1) {
      const stored = await store.append(['a', 'b'].map((id) => queuedOperation(`${id}${round}`)))
      expect(stored[0]?.position.segment).toBe(segmentKey(round, 2))
      await change(
        store,
        stored.map((entry) => always(entry, appliedChange())),
      )
      expect(await keysOf(name, storeNames.log.medium)).toEqual([placeholderKey(round)])
      expect(await raw(name, storeNames.log.medium, (log) => log.get(placeholderKey(round)))).toBe('')
      expect(await keysOf(name, storeNames.marks.medium)).toEqual([])
    }
  })

  test('segments that are settled out of order leave no placeholder behind', async () => {
    const name = newName()
    const store = await openIndexedDbStore(name)
    const groups = []
    for (let nth = 0; nth < 6; nth += 1) groups.push(await store.append([queuedOperation(`id-${nth}`)]))
    for (const nth of [5, 2, 0, 4, 1]) {
      await change(
        store,
        (groups[nth] ?? []).map((entry) => always(entry, appliedChange())),
      )
    }
    expect(await keysOf(name, storeNames.log.medium)).toEqual([segmentKey(4, 1), placeholderKey(6)])
    await store.append([queuedOperation('next')])
    const rest = (await readWholeLog(store, 'medium')).map((entry) => always(entry, appliedChange()))
    await change(store, rest)
    expect(await keysOf(name, storeNames.log.medium)).toEqual([placeholderKey(7)])
  })

  test('the range that deletes a segment begins behind the segment before it', () => {
    expect(deletionStart(segmentKey(7, 3))).toBe(placeholderKey(6))
    expect(deletionStart(segmentKey(7, 3))).toBeGreaterThan(segmentKey(6, 1_000))
  })

  test('a replaced result leaves no second one, and an emptied record goes', async () => {
    const name = newName()
    const store = await openIndexedDbStore(name)
    const stored = await store.append(['a', 'b'].map((id) => queuedOperation(id)))
    const reports = await change(
      store,
      stored.map((entry) => always(entry, discardedChange('cancel'))),
      10,
    )
    await change(
      store,
      reports.map(({ entry }) => always(entry, discardedChange('cancel', true))),
      10,
    )
    expect(await raw(name, storeNames.results, (results) => results.count())).toBe(1)
    expect(idsOf(await store.readSettled({ limit: 5 }))).toEqual(['b', 'a'])
  })

  test('a browser without getAllRecords reads the same pages', async () => {
    const name = newName()
    const store = await openIndexedDbStore(name)
    const stored = await store.append(Array.from({ length: 300 }, (_, index) => queuedOperation(`id-${index}`)))
    const descriptor = Object.getOwnPropertyDescriptor(IDBObjectStore.prototype, 'getAllRecords')
    Reflect.deleteProperty(IDBObjectStore.prototype, 'getAllRecords')
    try {
      expect(await readWholeLog(store, 'medium')).toEqual(stored)
    } finally {
      if (descriptor !== undefined) Object.defineProperty(IDBObjectStore.prototype, 'getAllRecords', descriptor)
    }
  })
})

describe('searching', () => {
  test('an entry that moves on while everything is searched is found all the same', async () => {
    const store = await openIndexedDbStore(newName())
    for (let nth = 0; nth < 40; nth += 1) await store.append([queuedOperation(`filler-${nth}`)])
    for (let turns = 0; turns < 60; turns += 1) {
      const [entry] = await store.append([queuedOperation(`moving-${turns}`)])
      if (entry === undefined) throw new Error('an entry')
      const search = store.find(entry.operation.id)
      // Later and later into the search, so that some round meets each of its steps.
      for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve))
      const [report] = await change(store, [always(entry, { state: deadState })])
      if (turns % 2 === 0 && report !== undefined) await change(store, [always(report.entry, appliedChange())])
      expect(await search, `after ${turns} turns`).toBeDefined()
    }
  })
})

test('F045 without IndexedDB opening says so, and nothing pretends to be stored', async () => {
  const descriptor = Object.getOwnPropertyDescriptor(globalThis, 'indexedDB')
  Object.defineProperty(globalThis, 'indexedDB', { value: undefined, configurable: true, writable: true })
  try {
    expect(await codeOf(openIndexedDbStore(newName()))).toBe('storage')
  } finally {
    if (descriptor !== undefined) Object.defineProperty(globalThis, 'indexedDB', descriptor)
  }
})
