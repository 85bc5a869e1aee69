import 'fake-indexeddb/auto'
import { describe, expect, test } from 'vitest'
import { Connection } from './indexeddb-connection.ts'
import { openIndexedDbStore } from './indexeddb-store.ts'
import { storeNames } from './migrations.ts'
import { codeOf, newName, openRaw, raw } from './raw-database.fixture.ts'
import { queuedOperation } from './store.fixture.ts'

/** Timers that run out when the test says so. */
class HandTimers {
  made = 0
  readonly #due = new Set<() => void>()

  timer(_delayMs: number, callback: () => void): () => void {
    this.made += 1
    this.#due.add(callback)
    return () => this.#due.delete(callback)
  }

  get count(): number {
    return this.#due.size
  }

  runOut(): void {
    for (const callback of this.#due) callback()
  }
}

const nothing = (): Promise<void> => Promise.resolve()
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('a newer release', () => {
  test('F039 an old tab closes its handle, is told so, and fails at once while the upgrade still runs', async () => {
    const name = newName()
    let told = 0
    const store = await openIndexedDbStore(name, { onOutdated: () => (told += 1) })
    await store.append([queuedOperation('a')])
    let isUpgrading = true
    const newer = openRaw(name, 2, (_, transaction) => {
      // An upgrade that goes on until the test has seen enough.
      const meta = transaction.objectStore(storeNames.meta)
      const again = (): void => {
        if (isUpgrading) meta.count().onsuccess = again
      }
      again()
    })
    while (told === 0) await turn()
    expect(await codeOf(store.append([queuedOperation('b')]))).toBe('newer-database')
    expect(await codeOf(store.counts())).toBe('newer-database')
    isUpgrading = false
    const database = await newer
    database.close()
    expect(await codeOf(store.counts())).toBe('newer-database')
    expect(told).toBe(1)
    expect(await raw(name, storeNames.log.medium, (log) => log.count())).toBe(1)
  })

  test('F040 F047 an older release that opens a newer database is told so once, and changes nothing', async () => {
    const name = newName()
    const first = await openIndexedDbStore(name)
    await first.append([queuedOperation('a')])
    await first.close()
    const newer = await openRaw(name, 2, (database) => database.createObjectStore('new in version 2'))
    newer.close()
    let told = 0
    expect(await codeOf(openIndexedDbStore(name, { onOutdated: () => (told += 1) }))).toBe('newer-database')
    expect(told).toBe(1)
    const after = await openRaw(name)
    expect(after.version).toBe(2)
    expect(after.objectStoreNames).toContain('new in version 2')
    after.close()
    expect(await raw(name, storeNames.log.medium, (log) => log.count())).toBe(1)
  })

  test('a database that is deleted is no newer release: the store goes on', async () => {
    const name = newName()
    let told = 0
    const store = await openIndexedDbStore(name, { onOutdated: () => (told += 1) })
    await new Promise((resolve) => {
      indexedDB.deleteDatabase(name).onsuccess = resolve
    })
    await store.append([queuedOperation('a')])
    expect((await store.counts()).queued).toBe(1)
    expect(told).toBe(0)
  })
})

describe('a database that does not open', () => {
  test('F039 a tab that does not give way makes calls fail in time, and once it is closed they work', async () => {
    const name = newName()
    const rude = await openRaw(name, 1)
    const timers = new HandTimers()
    const connection = new Connection({ name, version: 2, upgrade: () => {}, clock: timers })
    const first = codeOf(connection.run(nothing))
    for (let turns = 0; turns < 20; turns += 1) await turn()
    timers.runOut()
    expect(await first).toBe('blocked')
    const second = codeOf(connection.run(nothing))
    rude.close()
    expect(await second).toBe('none')
    // Nothing is left that would run out, and an open database needs no timer.
    expect(timers).toMatchObject({ count: 0, made: 2 })
    expect(await codeOf(connection.run(nothing))).toBe('none')
    expect(timers.made).toBe(2)
    await connection.close()
  })

  test('F042 a browser that never answers makes calls fail in time, and closing does not wait for it', async () => {
    const open = Object.getOwnPropertyDescriptor(IDBFactory.prototype, 'open')
    if (open === undefined) throw new Error('IDBFactory has no open')
    // A request that nothing ever happens to, as Safari was seen to give.
    Object.defineProperty(IDBFactory.prototype, 'open', { ...open, value: () => new EventTarget() })
    try {
      const timers = new HandTimers()
      const connection = new Connection({ name: newName(), version: 1, upgrade: () => {}, clock: timers })
      const call = codeOf(connection.run(nothing))
      await turn()
      timers.runOut()
      expect(await call).toBe('storage')
      const closing = connection.close()
      await turn()
      timers.runOut()
      await closing
      expect(await codeOf(connection.run(nothing))).toBe('closed')
    } finally {
      Object.defineProperty(IDBFactory.prototype, 'open', open)
    }
  })
})
