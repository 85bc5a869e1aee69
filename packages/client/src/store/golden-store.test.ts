/**
 * Every released format of the store is read and drained by today's code. The dump of the newest format is written by
 * this file, when there is none: `vitest run --project client src/store/golden-store.test.ts -u` writes it again, which
 * is right only before a release with it; a format that was released needs a new version instead.
 */
import 'fake-indexeddb/auto'
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { defineLane, defineOperation, isRecord, type Schema } from '@holdfast/core'
import { openOutboxWith } from '../open-outbox.ts'
import { World } from '../world.fixture.ts'
import {
  dumpDatabase,
  fillGolden,
  goldenContent,
  loadDatabase,
  parseGolden,
  type GoldenStore,
} from './golden-store.fixture.ts'
import { openIndexedDbStore } from './indexeddb-store.ts'
import { openMemoryRegistry } from './memory-registry.ts'
import { databaseVersion } from './migrations.ts'
import { newName, openRaw, raw } from './raw-database.fixture.ts'
import { idsOf, readWholeLog } from './store.fixture.ts'

const fileOf = (version: number): string => `${import.meta.dirname}/../../golden/store-${version}.json`
const released = Array.from({ length: databaseVersion }, (_, index) => index + 1)

function goldenOf(version: number): GoldenStore {
  return parseGolden(readFileSync(fileOf(version), 'utf8'))
}

test('F047 every version of the store before this one has its golden dump', () => {
  expect(released.slice(0, -1).filter((version) => !existsSync(fileOf(version)))).toEqual([])
})

test('F047 what is written today is the format of the newest golden dump, to the byte', async () => {
  const name = newName()
  const store = await openIndexedDbStore(name)
  await fillGolden(store)
  await store.close()
  const database = await openRaw(name)
  const dump = await dumpDatabase(database)
  database.close()
  expect(dump.version).toBe(databaseVersion)
  await expect(`${JSON.stringify(dump, undefined, 1)}\n`).toMatchFileSnapshot(fileOf(databaseVersion))
})

test('F045 nothing but text, numbers, bytes and plain records is written: WebKit refuses Blobs in private windows', async () => {
  const name = newName()
  const store = await openIndexedDbStore(name)
  await fillGolden(store)
  await store.close()
  const database = await openRaw(name)
  const kinds = new Set<string>()
  const look = (value: unknown): void => {
    kinds.add(Object.prototype.toString.call(value).slice(8, -1))
    const isPlain = isRecord(value) && Object.getPrototypeOf(value) === Object.prototype
    if (isPlain) for (const member of Object.values(value)) look(member)
  }
  for (const each of database.objectStoreNames) {
    const values = await raw<unknown[]>(name, each, (records) => records.getAll())
    for (const value of values) look(value)
  }
  database.close()
  expect([...kinds].toSorted()).toEqual(['Array', 'Boolean', 'Number', 'Object', 'String', 'Uint8Array'])
})

describe.each(released)('F047 a store of version %i', (version) => {
  test('is read by today’s code', async () => {
    const name = newName()
    await loadDatabase(name, goldenOf(version))
    const store = await openIndexedDbStore(name, {
      onFault: (fault) => {
        throw new Error(`damaged: ${JSON.stringify(fault)}`)
      },
    })
    expect(await store.counts()).toEqual({ queued: 4, waiting: 1, conflicted: 1, dead: 1 })
    const queued = []
    for (const priority of ['high', 'medium', 'low'] as const) queued.push(...(await readWholeLog(store, priority)))
    expect(idsOf(queued)).toEqual(goldenContent.queued)
    expect(queued.map(({ onDead }) => onDead)).toEqual(['block', 'block', 'block', 'skip'])
    expect(queued[0]?.operation.lane).toBe('high:ä 💶')
    for (const kind of ['waiting', 'conflicted', 'dead'] as const) {
      expect(idsOf(await store.readHeld(kind, { limit: 5 }))).toEqual(goldenContent[kind])
    }
    expect(idsOf(await store.readSettled({ limit: 5 }))).toEqual(goldenContent.settled)
    expect(await store.readPause()).toEqual({ isAll: false, types: ['other.write'] })
    expect((await store.readLeadership())?.epoch).toBe(1)
    // The drained log goes on behind the position that it had reached.
    const [next] = await store.append([{ ...lastOf(queued), priority: 'low' }])
    expect(next?.position.segment).toBeGreaterThan(lastOf(queued).position.segment + 1024)
    await store.close()
  })

  test('is drained by today’s code: once, in order, and what needs a person stays', async () => {
    const name = newName()
    await loadDatabase(name, goldenOf(version))
    const world = new World()
    const environment = world.environment()
    const outbox = await openOutboxWith(
      {
        environment,
        openStore: (_, listener) => openIndexedDbStore(name, listener),
        openRegistry: () => Promise.resolve(openMemoryRegistry(environment.random)),
      },
      {
        name: 'test',
        operations: [testWrite],
        session: { tenant: 'north', user: 'ana' },
        transport: world.server.transport(),
      },
    )
    await world.advance(86_400_000)
    expect(world.server.effects.map(({ id }) => id).toSorted()).toEqual(
      [...goldenContent.queued, ...goldenContent.waiting].toSorted(),
    )
    expect(outbox.status().counts).toEqual({ queued: 0, waiting: 0, conflicted: 1, dead: 1 })
    expect((await outbox.entries({ state: 'dead' })).map(({ payload }) => payload)).toEqual(['xxxx'])
    await outbox.close()
  })
})

const anything: Schema<string> = {
  '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value: String(value) }) },
}
const lane = defineLane('test')
const testWrite = defineOperation({ type: 'test.write', version: 1, payload: anything, lane: (text) => lane(text) })

function lastOf<Item>(items: readonly Item[]): Item {
  const last = items.at(-1)
  if (last === undefined) throw new RangeError('an item was expected')
  return last
}
