/** Pausing, sending by hand, and what happens to types that a release does not know: nothing is lost, all of it shows. */
import {
  defineLane,
  defineOperation,
  isRecord,
  type AnyOperationDefinition,
  type OperationDefinition,
  type QueuedOperation,
} from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import { editEntry } from './acts.ts'
import { isWider, manualTypes, type Mode } from './held-back.ts'
import { openOutboxWith } from './open-outbox.ts'
import type { Outbox } from './outbox.ts'
import { afterPause } from './pause.ts'
import { openMemoryRegistry } from './store/memory-registry.ts'
import { memoryDisk, openMemoryStore, type MemoryDisk } from './store/memory-store.ts'
import { World } from './world.fixture.ts'

const [minuteMs, hourMs] = [60_000, 3_600_000]

function define(type: string): OperationDefinition<{ readonly text: string }> {
  const lane = defineLane(type)
  return defineOperation({
    type,
    version: 1,
    payload: {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (value) =>
          isRecord(value) && typeof value['text'] === 'string'
            ? { value: { text: value['text'] } }
            : { issues: [{ message: 'expected text' }] },
      },
    },
    lane: ({ text }) => lane(text),
  })
}
const [note, photo] = [define('note'), define('photo')]

interface Opening {
  readonly world: World
  readonly disk?: MemoryDisk
  readonly mode?: Mode | ((type: string) => Mode)
  readonly operations?: readonly AnyOperationDefinition[]
}

function open({
  world,
  disk = memoryDisk(),
  mode = 'automatic',
  operations = [note, photo],
}: Opening): Promise<Outbox> {
  const environment = world.environment()
  return openOutboxWith(
    {
      environment,
      openStore: () => Promise.resolve(openMemoryStore(disk)),
      openRegistry: () => Promise.resolve(openMemoryRegistry(environment.random)),
    },
    { name: 'test', operations, mode, session: { tenant: 'north', user: 'ana' }, transport: world.server.transport() },
  )
}
/** A note as a tab stores it; all of them in one lane. */
function queuedNote(world: World, text: string): QueuedOperation {
  const { type, version } = note
  const operation = { id: world.newId(), type, version, lane: 'note:lane', payload: { text }, createdAtMs: world.nowMs }
  return { operation, priority: 'medium', onDead: 'block' }
}
const sent = (world: World): readonly string[] => world.server.effects.map(({ type, lane }) => `${type} ${lane}`)

describe('a paused outbox', () => {
  test('R020 sends nothing and asks nothing, not even in a pass, and goes on when it is resumed', async () => {
    const world = new World()
    const outbox = await open({ world })
    await outbox.pause()
    const entry = await outbox.enqueue(note, { text: 'one' })
    await world.advance(10 * minuteMs)
    const pass = outbox.drain()
    await world.settle()
    expect(await pass).toEqual({ note: { synced: [], failed: [], remaining: 1, errors: [] } })
    expect([world.server.requests.length, world.server.probes]).toEqual([0, 0])
    expect(outbox.status()).toMatchObject({
      pending: 1,
      paused: { isAll: true, types: [] },
      nextAttemptAtMs: undefined,
    })
    await outbox.resume()
    await world.advance(1000)
    expect((await entry.settled).kind).toBe('applied')
    expect(outbox.status()).toMatchObject({ pending: 0, paused: { isAll: false, types: [] } })
    await outbox.close()
  })

  test('R020 stays paused after a restart, in whichever tab', async () => {
    const world = new World()
    const disk = memoryDisk()
    const first = await open({ world, disk })
    await first.pause()
    await first.enqueue(note, { text: 'one' })
    await first.close()
    const second = await open({ world, disk })
    expect(second.status().paused).toEqual({ isAll: true, types: [] })
    await world.advance(10 * minuteMs)
    expect(world.server.requests).toEqual([])
    await second.resume()
    await world.advance(1000)
    expect(sent(world)).toEqual(['note note:one'])
    await second.close()
  })

  test('one type waits, others flow, and what waited goes in its order', async () => {
    const world = new World()
    const outbox = await open({ world })
    await outbox.pause({ types: ['photo'] })
    for (const text of ['a', 'b']) {
      await outbox.enqueue(photo, { text })
      await outbox.enqueue(note, { text })
    }
    await world.advance(10 * minuteMs)
    await outbox.enqueue(photo, { text: 'c' })
    await world.advance(1000)
    expect(sent(world)).toEqual(['note note:a', 'note note:b'])
    await outbox.resume({ types: ['photo'] })
    await world.advance(1000)
    expect(sent(world).slice(2)).toEqual(['photo photo:a', 'photo photo:b', 'photo photo:c'])
    await outbox.close()
  })

  test('another tab pauses and resumes for the one that sends', async () => {
    const world = new World()
    const disk = memoryDisk()
    const [leader, other] = [await open({ world, disk }), await open({ world, disk })]
    await world.advance(1000)
    await other.pause()
    await world.settle()
    expect(leader.status().paused.isAll).toBe(true)
    await leader.enqueue(note, { text: 'one' })
    await world.advance(minuteMs)
    expect(world.server.requests).toEqual([])
    await other.resume()
    await world.advance(1000)
    expect(sent(world)).toEqual(['note note:one'])
    expect(other.status().paused.isAll).toBe(false)
    await leader.close()
    await other.close()
  })

  test('F010 the pause of a tab that dies right after its commit holds as soon as the leader reads on', async () => {
    const world = new World()
    const disk = memoryDisk()
    const leader = await open({ world, disk })
    await world.advance(1000)
    // Written, and nobody is told.
    await openMemoryStore(disk).changePause((pause) => afterPause(pause, undefined))
    await leader.enqueue(note, { text: 'one' })
    await world.advance(minuteMs)
    expect(world.server.requests).toEqual([])
    expect(leader.status().paused.isAll).toBe(true)
    await leader.close()
  })

  test('a type that the outbox does not know cannot be paused: a slip would pause nothing', async () => {
    const world = new World()
    const outbox = await open({ world })
    await expect(outbox.pause({ types: ['fotos'] })).rejects.toMatchObject({ code: 'unknown-type' })
    expect(outbox.status().paused).toEqual({ isAll: false, types: [] })
    await outbox.close()
  })
})

describe('sending by hand', () => {
  test('R020 nothing goes by itself; a pass sends everything, a machine sends nothing', async () => {
    const world = new World()
    const outbox = await open({ world, mode: 'manual' })
    await outbox.enqueue(note, { text: 'one' })
    await world.advance(10 * minuteMs)
    const byMachine = outbox.drain({ isAutomatic: true })
    await world.settle()
    expect((await byMachine)['note']?.remaining).toBe(1)
    expect(world.server.requests).toEqual([])
    const byPerson = outbox.drain()
    await world.settle()
    expect((await byPerson)['note']?.synced).toHaveLength(1)
    await outbox.enqueue(note, { text: 'two' })
    await world.advance(10 * minuteMs)
    expect(sent(world)).toEqual(['note note:one'])
    await outbox.close()
  })

  test('of one type only: others go by themselves, and one pass does not let later ones go', async () => {
    const world = new World()
    const outbox = await open({ world, mode: (type) => (type === 'photo' ? 'manual' : 'automatic') })
    expect(outbox.status().manual).toEqual({ isAll: false, types: ['photo'] })
    await outbox.enqueue(photo, { text: 'a' })
    await outbox.enqueue(note, { text: 'a' })
    await world.advance(minuteMs)
    expect(sent(world)).toEqual(['note note:a'])
    const pass = outbox.drain()
    await world.settle()
    await pass
    await outbox.enqueue(photo, { text: 'b' })
    await outbox.enqueue(note, { text: 'b' })
    await world.advance(10 * minuteMs)
    expect(sent(world)).toEqual(['note note:a', 'photo photo:a', 'note note:b'])
    await outbox.close()
  })

  test('I3 an edit that nobody told the leader of keeps its place, though it is read while nothing can be sent', async () => {
    const world = new World()
    const disk = memoryDisk()
    const leader = await open({ world, disk, mode: (type) => (type === 'photo' ? 'manual' : 'automatic') })
    const other = await open({ world, disk })
    world.server.probe = 'red'
    world.server.misbehave = () => 'lose-request'
    await leader.enqueue(note, { text: 'before' })
    await world.advance(20_000)
    const store = openMemoryStore(disk)
    const definitions = new Map([[note.type, note]])
    const ground = { store, environment: world.environment() }
    const [first] = await store.append(['one', 'two'].map((text) => queuedNote(world, text)))
    if (first === undefined) throw new RangeError('two were appended')
    await editEntry(ground, definitions, first.operation.id, { text: 'lane' }, {})
    // The tab that did this has died; another one tells the leader that there is more to read.
    await other.enqueue(photo, { text: 'a' })
    await world.advance(1000)
    world.server.probe = 'green'
    world.server.misbehave = () => undefined
    await world.advance(10 * minuteMs)
    const ids = world.server.effects.map(({ id }) => id)
    expect(ids).toHaveLength(3)
    const replaced = await store.find(first.operation.id)
    expect(replaced?.state).toMatchObject({ kind: 'discarded', by: ids[1] })
    await leader.close()
    await other.close()
  })

  test('a pass of a tab that does not lead sends by hand too, and a machine there does not', async () => {
    const world = new World()
    const disk = memoryDisk()
    const [leader, other] = [await open({ world, disk, mode: 'manual' }), await open({ world, disk, mode: 'manual' })]
    await world.advance(1000)
    await other.enqueue(note, { text: 'one' })
    const byMachine = other.drain({ isAutomatic: true })
    await world.advance(1000)
    await byMachine
    expect(sent(world)).toEqual([])
    const byPerson = other.drain()
    await world.advance(1000)
    await byPerson
    expect(sent(world)).toEqual(['note note:one'])
    await leader.close()
    await other.close()
  })

  test.each<[string, Mode | ((type: string) => Mode), boolean]>([
    ['everything by hand', 'manual', true],
    ['one type by hand', (type) => (type === 'photo' ? 'manual' : 'automatic'), true],
    ['everything by itself', 'automatic', false],
  ])('R007 I6 with %s, what is overdue is warned of: %s', async (_, mode, isWarned) => {
    const world = new World()
    world.server.probe = 'red'
    world.server.misbehave = () => 'lose-request'
    const outbox = await open({ world, mode })
    await outbox.enqueue(photo, { text: 'a' })
    await world.advance(71 * hourMs)
    expect(outbox.status().warning).toBeUndefined()
    await world.advance(1.2 * hourMs)
    expect(outbox.status().warning).toBe(isWarned ? 'overdue' : undefined)
    world.server.probe = 'green'
    world.server.misbehave = () => undefined
    const pass = outbox.drain()
    await world.advance(1000)
    await pass
    expect(outbox.status().warning).toBeUndefined()
    await outbox.close()
  })

  test('which types those are is said in the shape of a pause', () => {
    expect(manualTypes('automatic', ['a', 'b'])).toEqual({ isAll: false, types: [] })
    expect(manualTypes('manual', ['a', 'b'])).toEqual({ isAll: true, types: [] })
    expect(manualTypes((type) => (type === 'b' ? 'manual' : 'automatic'), ['a', 'b'])).toEqual({
      isAll: false,
      types: ['b'],
    })
    expect(manualTypes(() => 'manual', ['a', 'b'])).toEqual({ isAll: true, types: ['a', 'b'] })
  })

  test.each<[readonly string[] | undefined, readonly string[] | undefined, boolean]>([
    [undefined, undefined, false],
    [['a'], undefined, false],
    [undefined, ['a'], true],
    [['a', 'b'], ['a'], true],
    [['a'], ['a', 'b'], false],
    [['b'], ['a'], true],
  ])('from %j, %j is wider: %s', (now, before, expected) => {
    const setOf = (types: readonly string[] | undefined): ReadonlySet<string> | undefined =>
      types === undefined ? undefined : new Set(types)
    expect(isWider(setOf(now), setOf(before))).toBe(expected)
  })
})

describe('a type that this release does not know', () => {
  test('F046 F047 R055 is parked and shown, others flow, and it goes once a release knows it again', async () => {
    const world = new World()
    const disk = memoryDisk()
    world.server.probe = 'red'
    world.server.misbehave = () => 'lose-request'
    const newer = await open({ world, disk })
    const { id } = await newer.enqueue(photo, { text: 'a' })
    await newer.close()
    world.server.probe = 'green'
    world.server.misbehave = () => undefined
    const older = await open({ world, disk, operations: [note] })
    const other = await older.enqueue(note, { text: 'a' })
    await world.advance(100 * hourMs)
    expect((await other.settled).kind).toBe('applied')
    expect(await older.entries()).toMatchObject([{ id, type: 'photo', isParked: true, payload: { text: 'a' } }])
    expect((await older.entry(id))?.isParked).toBe(true)
    expect(other.isParked).toBe(false)
    expect(older.status().pending).toBe(1)
    await older.close()
    const again = await open({ world, disk })
    await world.advance(1000)
    expect(sent(world)).toEqual(['note note:a', 'photo photo:a'])
    expect((await again.entry(id))?.isParked).toBe(false)
    await again.close()
  })
})
