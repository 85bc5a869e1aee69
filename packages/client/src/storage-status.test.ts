import 'fake-indexeddb/auto'
import { defineLane, defineOperation, type Schema } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import { openOutboxWith } from './open-outbox.ts'
import type { Environment } from './environment.ts'
import type { Outbox, OutboxOptions } from './outbox.ts'
import { openIndexedDbStore } from './store/indexeddb-store.ts'
import { openMemoryRegistry } from './store/memory-registry.ts'
import { storeNames } from './store/migrations.ts'
import { makeTrouble } from './store/indexeddb-trouble.fixture.ts'
import { codeOf, newName, openRaw, raw } from './store/raw-database.fixture.ts'
import { segmentKey } from './store/segment.ts'
import { World } from './world.fixture.ts'

const text: Schema<string> = {
  '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value: String(value) }) },
}
const laneOf = defineLane('note')
const addNote = defineOperation({ type: 'note.add', version: 1, payload: text, lane: (note: string) => laneOf(note) })

/** An outbox on the simulated IndexedDB, in a world whose clock is moved by hand. */
function open(
  world: World,
  name: string,
  more: Partial<OutboxOptions> = {},
  environment: Environment = world.environment(),
): Promise<Outbox> {
  return openOutboxWith(
    {
      environment,
      openStore: (_, listener) => openIndexedDbStore(name, listener),
      openRegistry: () => Promise.resolve(openMemoryRegistry(environment.random)),
    },
    {
      name: 'test',
      operations: [addNote],
      session: { tenant: 'north', user: 'ana' },
      transport: world.server.transport(),
      ...more,
    },
  )
}

describe('the status of the storage', () => {
  test('F037 a full disk is shown until a write goes well, and the refused entry is not counted', async () => {
    const [world, name] = [new World(), newName()]
    const outbox = await open(world, name, { mode: 'manual' })
    await world.advance(100)
    using trouble = makeTrouble(name)
    trouble.next('quota-at-commit')
    expect(await codeOf(outbox.enqueue(addNote, 'one'))).toBe('quota')
    expect(outbox.status()).toMatchObject({ pending: 0, storage: { kind: 'full' } })
    await outbox.enqueue(addNote, 'two')
    expect(outbox.status()).toMatchObject({ pending: 1, storage: { kind: 'ok' } })
    await outbox.close()
  })

  test('F042 a database that fails is shown until a write goes well', async () => {
    const [world, name] = [new World(), newName()]
    const outbox = await open(world, name, { mode: 'manual' })
    await world.advance(100)
    using trouble = makeTrouble(name)
    trouble.next('connection-lost', 'connection-lost')
    expect(await codeOf(outbox.enqueue(addNote, 'one'))).toBe('storage')
    expect(outbox.status().storage.kind).toBe('failing')
    await outbox.enqueue(addNote, 'two')
    expect(outbox.status().storage.kind).toBe('ok')
    await outbox.close()
  })

  test('F038 changes that are in memory alone are counted', async () => {
    const [world, name] = [new World(), newName()]
    const outbox = await open(world, name)
    await world.advance(100)
    using trouble = makeTrouble(name)
    trouble.next('none', 'quota-at-commit', 'quota-at-commit', 'quota-at-commit')
    await outbox.enqueue(addNote, 'one')
    await world.advance(100)
    expect(outbox.status()).toMatchObject({ pending: 0, storage: { kind: 'full', kept: 1 } })
    await world.advance(60_000)
    expect(outbox.status()).toMatchObject({ pending: 0, storage: { kind: 'ok', kept: 0 } })
    await outbox.close()
  })

  test('F046 damaged records are counted, those that were met while opening too', async () => {
    const [world, name] = [new World(), newName()]
    const first = await open(world, name, { mode: 'manual' })
    await Promise.all([first.enqueue(addNote, 'one'), first.enqueue(addNote, 'two')])
    await first.close()
    await raw(name, storeNames.marks.medium, (marks) => marks.put({ segment: segmentKey(1, 2), bits: 'none' }))
    await raw(name, storeNames.log.medium, (log) => log.put('damaged', segmentKey(1, 2)))
    const outbox = await open(world, name)
    expect(outbox.status().storage.damaged).toBe(1)
    await world.advance(1000)
    expect(outbox.status().storage.damaged).toBe(2)
    await outbox.enqueue(addNote, 'three')
    await world.advance(1000)
    expect(world.server.effects.map(({ payload }) => payload)).toEqual(['three'])
    await outbox.close()
  })
})

describe('a newer release that takes over the database', () => {
  test('F039 F040 is shown, leadership is given up, and every call says so at once', async () => {
    const [world, name] = [new World(), newName()]
    world.server.misbehave = () => 'lose-request'
    const environment = world.environment()
    let asked = 0
    const locks: Environment['locks'] = {
      acquire: (lock, options) => {
        asked += 1
        return environment.locks.acquire(lock, options)
      },
    }
    const outbox = await open(world, name, {}, { ...environment, locks })
    await outbox.enqueue(addNote, 'one')
    await world.advance(1000)
    expect(outbox.status()).toMatchObject({ isLeader: true, storage: { kind: 'ok' } })
    world.server.probe = 'red'
    const newer = await openRaw(name, 2)
    await world.advance(1000)
    expect(outbox.status()).toMatchObject({ isLeader: false, storage: { kind: 'outdated' } })
    expect(await codeOf(outbox.enqueue(addNote, 'two'))).toBe('newer-database')
    expect(await codeOf(outbox.drain())).toBe('newer-database')
    await world.advance(600_000)
    // It never stands in the way of the newer release again.
    expect(asked).toBe(1)
    newer.close()
    await outbox.close()
    expect(await raw(name, storeNames.log.medium, (log) => log.count())).toBe(1)
  })

  test('F039 a pass that was asked for before ends with that error', async () => {
    const [world, name] = [new World(), newName()]
    world.server.misbehave = () => 'lose-request'
    const transport = { ...world.server.transport(), send: () => Promise.withResolvers<never>().promise }
    const outbox = await open(world, name, { transport })
    await outbox.enqueue(addNote, 'one')
    const drain = codeOf(outbox.drain())
    await world.advance(100)
    const newer = await openRaw(name, 2)
    expect(await drain).toBe('newer-database')
    newer.close()
  })

  test('F039 a write that ends after the upgrade has begun does not hide it', async () => {
    const [world, name] = [new World(), newName()]
    const outbox = await open(world, name, { mode: 'manual' })
    await world.advance(100)
    const enqueue = outbox.enqueue(addNote, 'one')
    const newer = await openRaw(name, 2)
    expect((await enqueue).state.kind).toBe('queued')
    expect(outbox.status().storage.kind).toBe('outdated')
    newer.close()
    await outbox.close()
  })

  test('F040 an older release that meets a newer database cannot be opened, and leaves no handle open', async () => {
    const [world, name] = [new World(), newName()]
    const newer = await openRaw(name, 2)
    expect(await codeOf(open(world, name))).toBe('newer-database')
    newer.close()
    const newest = await openRaw(name, 3)
    newest.close()
  })
})

test('what is not stored yet is counted, until it is stored or refused', async () => {
  const [world, name] = [new World(), newName()]
  const outbox = await open(world, name, { mode: 'manual' })
  const first = outbox.enqueue(addNote, 'one')
  expect(outbox.unstored).toBe(1)
  await first
  expect(outbox.unstored).toBe(0)
  await world.advance(100)
  using trouble = makeTrouble(name)
  trouble.next('quota-at-commit')
  const second = codeOf(outbox.enqueue(addNote, 'two'))
  expect(outbox.unstored).toBe(1)
  await second
  expect(outbox.unstored).toBe(0)
  await outbox.close()
})
