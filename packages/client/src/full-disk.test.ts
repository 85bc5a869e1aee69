/** An outbox on a device without free space: what was stored is sent, and nothing is said that is not true. */
import { defineLane, defineOperation, SyncError, type Schema } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import { openOutboxWith } from './open-outbox.ts'
import type { Outbox } from './outbox.ts'
import { FullDisk } from './store/full-disk.fixture.ts'
import { memoryDisk, openMemoryStore, type MemoryDisk } from './store/memory-store.ts'
import { openMemoryRegistry, type MemoryRegistryDisk } from './store/memory-registry.ts'
import type { Registry } from './store/registry.ts'
import { World } from './world.fixture.ts'

const text: Schema<string> = {
  '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value: String(value) }) },
}
const laneOf = defineLane('note')
const addNote = defineOperation({ type: 'note.add', version: 1, payload: text, lane: (note: string) => laneOf(note) })

class Device {
  readonly world: World = new World()
  readonly disk: MemoryDisk = memoryDisk()
  readonly room: FullDisk = new FullDisk()
  readonly registryDisk: MemoryRegistryDisk = { deviceId: undefined, current: undefined, identities: [] }

  open(): Promise<Outbox> {
    const environment = this.world.environment()
    return openOutboxWith(
      {
        environment,
        openStore: () => Promise.resolve(this.room.wrap(openMemoryStore(this.disk))),
        openRegistry: () => {
          const registry = openMemoryRegistry(environment.random, this.registryDisk)
          const remember: Registry['remember'] = (identity) =>
            this.room.isFullForAppends
              ? Promise.reject(new SyncError('quota', 'No room.'))
              : registry.remember(identity)
          return Promise.resolve({ ...registry, remember })
        },
      },
      {
        name: 'test',
        operations: [addNote],
        session: { tenant: 'north', user: 'ana' },
        transport: this.world.server.transport(),
      },
    )
  }

  /** Entries that wait on the disk, before anything can be sent. */
  async openWith(count: number): Promise<Outbox> {
    this.world.server.probe = 'red'
    this.world.server.misbehave = () => 'lose-request'
    const outbox = await this.open()
    await Promise.all(Array.from({ length: count }, (_, nth) => outbox.enqueue(addNote, `${nth}`)))
    await this.world.advance(1000)
    this.world.server.probe = 'green'
    this.world.server.misbehave = () => undefined
    this.world.server.requests.length = 0
    return outbox
  }

  onDisk(): Promise<number> {
    return openMemoryStore(this.disk)
      .counts()
      .then(({ queued, waiting, dead }) => queued + waiting + dead)
  }
}

describe('a disk without room', () => {
  test('F038 everything is sent once, the pass ends, and the disk follows when there is room', async () => {
    const device = new Device()
    const { world, room } = device
    const outbox = await device.openWith(250)
    const [last] = (await outbox.entries({ limit: 500 })).slice(-1)
    const entry = last === undefined ? undefined : await outbox.entry(last.id)
    room.fill()
    const drain = outbox.drain()
    await world.advance(1000)
    const report = await drain
    expect(report['note.add']?.synced.length).toBe(250)
    expect(report['note.add']?.remaining).toBe(0)
    expect((await entry?.settled)?.kind).toBe('applied')
    expect(outbox.status()).toMatchObject({ pending: 0, needsYou: 0 })
    await world.advance(600_000)
    // Not even once more, although a leader reads everything anew every five minutes.
    expect(world.server.requests.reduce((sum, { operations }) => sum + operations.length, 0)).toBe(250)
    expect(await device.onDisk()).toBe(250)
    room.empty()
    await world.advance(61_000)
    expect(await device.onDisk()).toBe(0)
    expect((await outbox.entries({ state: 'applied', limit: 500 })).length).toBe(250)
    await outbox.close()
  })

  test('F038 another tab hears of an entry once the disk has it', async () => {
    const device = new Device()
    const { world, room } = device
    const outbox = await device.openWith(1)
    const other = await device.open()
    const [view] = await other.entries()
    const entry = view === undefined ? undefined : await other.entry(view.id)
    let settled = 'no'
    void entry?.settled.then(({ kind }) => (settled = kind))
    room.fill()
    await world.hint()
    await world.advance(5000)
    expect([outbox.status().pending, settled]).toEqual([0, 'no'])
    room.empty()
    await world.advance(61_000)
    expect(settled).toBe('applied')
    await other.close()
    await outbox.close()
  })

  test('F038 failed attempts are counted and waited out in memory, to the dead letter', async () => {
    const device = new Device()
    const { world, room } = device
    const outbox = await device.openWith(3)
    world.server.decide = ({ payload }) =>
      payload === '1'
        ? { outcome: 'rejected', problem: { type: 'urn:x', title: 'No', status: 422 } }
        : { outcome: 'applied', version: 1 }
    room.fill()
    await world.hint()
    await world.advance(60_000)
    expect(outbox.status()).toMatchObject({ pending: 0, needsYou: 1 })
    expect((await outbox.entries({ state: 'dead' })).map(({ payload }) => payload)).toEqual(['1'])
    expect(world.server.requests.length).toBe(1)
    room.empty()
    await world.advance(61_000)
    expect(await openMemoryStore(device.disk).counts()).toEqual({ queued: 0, waiting: 0, conflicted: 0, dead: 1 })
    await outbox.close()
  })

  test('F038 closing does not wait for room, and the next leader sends again what the disk knows nothing of', async () => {
    const device = new Device()
    const { world, room } = device
    const outbox = await device.openWith(5)
    room.fill()
    await world.hint()
    await world.advance(4000)
    let isClosed = false
    void outbox.close().then(() => (isClosed = true))
    await world.advance(1000)
    expect(isClosed).toBe(true)
    const next = await device.open()
    expect(next.status().pending).toBe(5)
    await world.advance(5000)
    expect(next.status().pending).toBe(0)
    expect(world.server.effects.length).toBe(5)
    expect(world.server.requests.length).toBe(2)
    await next.close()
  })

  test('F038 a leader that goes makes use of room that has just been made', async () => {
    const device = new Device()
    const { world, room } = device
    const outbox = await device.openWith(5)
    room.fill()
    const drain = outbox.drain()
    await world.advance(10)
    await drain
    expect(world.server.effects.length).toBe(5)
    expect(await device.onDisk()).toBe(5)
    room.empty()
    await outbox.close()
    expect(await device.onDisk()).toBe(0)
  })

  test('F038 a pass ends when memory has taken what it can, and says what remains', async () => {
    const device = new Device()
    const { world, room } = device
    const outbox = await device.openWith(7500)
    room.fill()
    const drain = outbox.drain()
    await world.advance(1000)
    const { synced = [], remaining } = (await drain)['note.add'] ?? {}
    expect(synced.length).toBeGreaterThanOrEqual(5000)
    expect(remaining).toBe(7500 - synced.length)
    expect(remaining).toBeGreaterThan(0)
    room.empty()
    await world.advance(61_000)
    expect(await device.onDisk()).toBe(0)
    expect(world.server.effects.length).toBe(7500)
    await outbox.close()
  })

  test('F038 an outbox that is opened without any room sends what is there', async () => {
    const device = new Device()
    const { world, room } = device
    const first = await device.openWith(5)
    room.fill()
    await first.close()
    const outbox = await device.open()
    await world.advance(60_000)
    expect(world.server.effects.length).toBe(5)
    expect(outbox.status()).toMatchObject({ pending: 0, storage: { kind: 'full', kept: 5 } })
    await outbox.close()
  })

  test('F037 a person without a queue here cannot open one without room: who has a queue must be known first', async () => {
    const device = new Device()
    device.room.fill()
    await expect(device.open()).rejects.toMatchObject({ code: 'quota' })
  })
})
