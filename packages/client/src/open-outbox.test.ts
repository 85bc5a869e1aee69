import {
  answerMediaType,
  defineLane,
  defineOperation,
  operationIdFrom,
  operationIdRandomBytes,
  type Schema,
} from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import { openOutboxWith } from './open-outbox.ts'
import type { Outbox } from './outbox.ts'
import { memoryDisk, openMemoryStore, type MemoryDisk } from './store/memory-store.ts'
import { openMemoryRegistry } from './store/memory-registry.ts'
import { httpAnswer, refusal, World } from './world.fixture.ts'

interface Note {
  readonly subject: string
  readonly text: string
}

const noteSchema: Schema<Note> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) =>
      typeof value === 'object' && value !== null && 'subject' in value && 'text' in value
        ? { value: { subject: String(value.subject), text: String(value.text) } }
        : { issues: [{ message: 'expected a note' }] },
  },
}

const noteLane = defineLane('note')
const addNote = defineOperation({
  type: 'note.add',
  version: 1,
  payload: noteSchema,
  lane: (note: Note) => noteLane(note.subject),
})

function openTab(world: World, disk: MemoryDisk, user = 'ana'): Promise<Outbox> {
  const environment = world.environment()
  return openOutboxWith(
    {
      environment,
      openStore: () => Promise.resolve(openMemoryStore(disk)),
      openRegistry: () => Promise.resolve(openMemoryRegistry(environment.random)),
    },
    { name: 'test', operations: [addNote], session: { tenant: 'north', user }, transport: world.server.transport() },
  )
}

const texts = (world: World): unknown[] => world.server.effects.map(({ payload }) => payload)
const note = (text: string, subject = 'a'): Note => ({ subject, text })

describe('an outbox', () => {
  test('I12 shows what is pending from the moment it is open', async () => {
    const world = new World()
    world.server.misbehave = () => 'lose-request'
    const disk = memoryDisk()
    const first = await openTab(world, disk)
    await first.enqueue(addNote, note('one'))
    const second = await openTab(world, disk)
    expect(second.status()).toMatchObject({ pending: 1, progress: { done: 0, total: 1 } })
    await first.close()
    await second.close()
  })

  test('sends what is enqueued and settles it', async () => {
    const world = new World()
    const outbox = await openTab(world, memoryDisk())
    const entry = await outbox.enqueue(addNote, note('one'))
    expect(entry.state.kind).toBe('queued')
    await world.advance(1000)
    expect((await entry.settled).kind).toBe('applied')
    expect(texts(world)).toEqual([note('one')])
    expect(outbox.status()).toMatchObject({ pending: 0, connectivity: 'online', sending: 0 })
    await outbox.close()
  })

  test('F012 a lost answer leads to a second send and one effect', async () => {
    const world = new World()
    const outbox = await openTab(world, memoryDisk())
    let faults = 0
    world.server.misbehave = () => ((faults += 1) <= 2 ? 'lose-answer' : undefined)
    const entry = await outbox.enqueue(addNote, note('one'))
    await world.advance(60_000)
    expect((await entry.settled).kind).toBe('applied')
    expect(world.server.requests.length).toBe(3)
    expect(texts(world)).toEqual([note('one')])
    await outbox.close()
  })

  test('F001 what a killed tab left is sent by the next one, in order', async () => {
    const world = new World()
    const disk = memoryDisk()
    world.server.probe = 'red'
    world.server.misbehave = () => 'lose-request'
    const first = await openTab(world, disk)
    for (const text of ['one', 'two', 'three']) await first.enqueue(addNote, note(text))
    await world.advance(5000)
    await first.close()
    world.server.probe = 'green'
    world.server.misbehave = () => undefined
    const second = await openTab(world, disk)
    await world.advance(120_000)
    expect(texts(world)).toEqual([note('one'), note('two'), note('three')])
    expect(second.status().pending).toBe(0)
    await second.close()
  })

  test('F006 of two tabs one sends, and the other takes over when it closes', async () => {
    const world = new World()
    const disk = memoryDisk()
    const [first, second] = [await openTab(world, disk), await openTab(world, disk)]
    await world.advance(100)
    expect([first.status().isLeader, second.status().isLeader]).toEqual([true, false])
    const entry = await second.enqueue(addNote, note('from the second'))
    await world.advance(1000)
    expect((await entry.settled).kind).toBe('applied')
    await first.close()
    await world.advance(100)
    expect(second.status().isLeader).toBe(true)
    await second.enqueue(addNote, note('after'))
    await world.advance(1000)
    expect(texts(world)).toEqual([note('from the second'), note('after')])
    await second.close()
  })

  test('F017 a captive portal acknowledges nothing', async () => {
    const world = new World()
    const outbox = await openTab(world, memoryDisk())
    world.server.probe = 'captive'
    world.server.misbehave = () => httpAnswer(200, undefined, 'text/html')
    await outbox.enqueue(addNote, note('one'))
    await world.advance(30_000)
    expect(outbox.status()).toMatchObject({ pending: 1, connectivity: 'captive' })
    world.server.probe = 'green'
    world.server.misbehave = () => undefined
    await world.advance(120_000)
    expect(texts(world)).toEqual([note('one')])
    await outbox.close()
  })

  test('F023 a 429 is waited out for as long as it asks, and at most a quarter longer', async () => {
    const world = new World()
    const outbox = await openTab(world, memoryDisk())
    let busy = true
    world.server.misbehave = () => (busy ? httpAnswer(429, undefined, 'text/plain', { retryAfter: '120' }) : undefined)
    await outbox.enqueue(addNote, note('one'))
    await world.advance(1000)
    busy = false
    await outbox.drain()
    await world.advance(100_000)
    expect(world.server.requests.length).toBe(1)
    await world.advance(49_000)
    expect(texts(world)).toEqual([note('one')])
    await outbox.close()
  })

  test('F054 a 401 pauses, uses no attempt and resumes after sign-in', async () => {
    const world = new World()
    const outbox = await openTab(world, memoryDisk())
    world.server.session = null
    await outbox.enqueue(addNote, note('one'))
    await world.advance(600_000)
    expect(outbox.status()).toMatchObject({ pending: 1, authentication: 'required' })
    expect(world.server.requests.length).toBe(1)
    world.server.session = { tenant: 'north', user: 'ana' }
    outbox.authenticated()
    await world.advance(1000)
    expect(texts(world)).toEqual([note('one')])
    await outbox.close()
  })

  test("F057 nothing is sent under somebody else's session", async () => {
    const world = new World()
    const outbox = await openTab(world, memoryDisk())
    world.server.session = { tenant: 'north', user: 'ben' }
    await outbox.enqueue(addNote, note('one'))
    await world.advance(600_000)
    expect(texts(world)).toEqual([])
    expect(outbox.status()).toMatchObject({ pending: 1, authentication: 'other' })
    world.server.session = { tenant: 'north', user: 'ana' }
    await world.advance(60_000)
    expect(texts(world)).toEqual([note('one')])
    await outbox.close()
  })

  test('R072 F027 a refused operation is a dead letter that holds its lane, and others flow', async () => {
    const world = new World()
    const outbox = await openTab(world, memoryDisk())
    world.server.decide = ({ payload }) =>
      JSON.stringify(payload).includes('bad')
        ? { outcome: 'rejected', problem: { type: 'urn:x', title: 'No', status: 422 } }
        : { outcome: 'applied' }
    const bad = await outbox.enqueue(addNote, note('bad'))
    await outbox.enqueue(addNote, note('behind'))
    await outbox.enqueue(addNote, note('elsewhere', 'b'))
    await world.advance(1000)
    expect(texts(world)).toEqual([note('elsewhere', 'b')])
    expect(outbox.status()).toMatchObject({ pending: 1, needsYou: 1 })
    expect((await outbox.entries({ state: 'dead' })).map(({ id }) => id)).toEqual([bad.id])
    await outbox.discard(bad.id, { reason: 'wrong' })
    await world.advance(1000)
    expect(texts(world)).toEqual([note('elsewhere', 'b'), note('behind')])
    expect((await bad.settled).kind).toBe('discarded')
    expect(outbox.status()).toMatchObject({ pending: 0, needsYou: 0 })
    // The news of the discard is settled too, and is told apart from what was done.
    const done = await outbox.entries({ state: 'applied' })
    expect(done.filter(({ isCancel }) => isCancel).length).toBe(1)
    expect(done.filter(({ isCancel }) => !isCancel).length).toBe(2)
    await outbox.close()
  })

  test('F095 a refused operation that is tried again goes under a new id and is applied once', async () => {
    const world = new World()
    const outbox = await openTab(world, memoryDisk())
    let isOpen = false
    world.server.decide = () =>
      isOpen ? { outcome: 'applied' } : { outcome: 'rejected', problem: { type: 'urn:x', title: 'No', status: 422 } }
    const first = await outbox.enqueue(addNote, note('one'))
    await world.advance(1000)
    isOpen = true
    const again = await outbox.retry(first.id)
    expect(again.id).not.toBe(first.id)
    await expect(outbox.retry(first.id)).rejects.toMatchObject({ code: 'illegal-act' })
    await world.advance(1000)
    expect((await again.settled).kind).toBe('applied')
    expect(texts(world)).toEqual([note('one')])
    await outbox.close()
  })

  test('a discard that comes too late turns into an applied entry', async () => {
    const world = new World()
    const outbox = await openTab(world, memoryDisk())
    let isLosing = true
    world.server.misbehave = () => (isLosing ? 'lose-answer' : undefined)
    world.server.probe = 'red'
    const entry = await outbox.enqueue(addNote, note('one'))
    await world.advance(1000)
    isLosing = false
    await outbox.discard(entry.id)
    expect((await outbox.entry(entry.id))?.state).toMatchObject({ kind: 'discarded', isCertain: false })
    world.server.probe = 'green'
    await world.advance(120_000)
    expect((await entry.settled).kind).toBe('applied')
    expect(texts(world)).toEqual([note('one')])
    await outbox.close()
  })

  test('F025 an hour of 503 makes no dead letter', async () => {
    const world = new World()
    const outbox = await openTab(world, memoryDisk())
    let isDown = true
    world.server.misbehave = () => (isDown ? httpAnswer(503, undefined, 'text/html') : undefined)
    for (let index = 0; index < 10; index += 1) await outbox.enqueue(addNote, note(String(index)))
    await world.advance(3_600_000)
    expect(outbox.status()).toMatchObject({ pending: 10, needsYou: 0 })
    isDown = false
    await world.advance(120_000)
    expect(texts(world)).toEqual(Array.from({ length: 10 }, (_, index) => note(String(index))))
    await outbox.close()
  })

  test('one operation that kills its request is found by halving, and the others arrive', async () => {
    const world = new World()
    const outbox = await openTab(world, memoryDisk())
    world.server.misbehave = (batch) =>
      batch.operations.some(({ payload }) => JSON.stringify(payload).includes('poison'))
        ? httpAnswer(500, undefined, 'text/html')
        : undefined
    for (let index = 0; index < 20; index += 1) {
      await outbox.enqueue(addNote, note(index === 13 ? 'poison' : String(index), String(index)))
    }
    await world.advance(600_000)
    expect(world.server.effects.length).toBe(19)
    expect(outbox.status()).toMatchObject({ pending: 0, needsYou: 1 })
    expect(world.server.requests.length).toBeLessThan(20)
    await outbox.close()
  })

  test('F022 a batch that is too large is halved, and a single operation that is too large is a dead letter', async () => {
    const world = new World()
    const outbox = await openTab(world, memoryDisk())
    world.server.misbehave = (batch) =>
      batch.operations.length > 3 || JSON.stringify(batch).includes('huge') ? refusal(413, 'too-large') : undefined
    for (let index = 0; index < 10; index += 1)
      await outbox.enqueue(addNote, note(index === 4 ? 'huge' : 'x', String(index)))
    await world.advance(600_000)
    expect(world.server.effects.length).toBe(9)
    expect(await outbox.entries({ state: 'dead' })).toMatchObject([{ state: { reason: { kind: 'too-large' } } }])
    await outbox.close()
  })

  test('R054 a drain reports what was synced, what failed and what remains, whoever leads', async () => {
    const world = new World()
    const disk = memoryDisk()
    const [first, second] = [await openTab(world, disk), await openTab(world, disk)]
    await world.advance(100)
    world.server.probe = 'red'
    world.server.misbehave = () => 'lose-request'
    const entry = await second.enqueue(addNote, note('one'))
    await world.advance(1000)
    const failing = second.drain()
    await world.advance(1000)
    expect(await failing).toEqual({ 'note.add': { synced: [], failed: [], remaining: 1, errors: [] } })
    world.server.probe = 'green'
    world.server.misbehave = () => undefined
    const working = second.drain()
    await world.advance(1000)
    expect(await working).toEqual({ 'note.add': { synced: [entry.id], failed: [], remaining: 0, errors: [] } })
    await first.close()
    await second.close()
  })

  test('an id that is known stores nothing again', async () => {
    const world = new World()
    const outbox = await openTab(world, memoryDisk())
    const first = await outbox.enqueue(addNote, note('one'))
    const again = await outbox.enqueue(addNote, note('one'), { id: first.id })
    expect(again.id).toBe(first.id)
    await world.advance(1000)
    expect(texts(world)).toEqual([note('one')])
    await outbox.close()
  })

  test('an invalid payload stores nothing and says what is wrong', async () => {
    const world = new World()
    const outbox = await openTab(world, memoryDisk())
    const enqueue = outbox.enqueue.bind(outbox)
    // @ts-expect-error a payload of another shape
    await expect(enqueue(addNote, { nothing: true })).rejects.toMatchObject({ code: 'invalid-payload' })
    expect(outbox.status().pending).toBe(0)
    await outbox.close()
  })

  test('F021 an operation whose outcome is missing keeps those behind it in its lane unsettled until it is known', async () => {
    const world = new World()
    world.server.probe = 'red'
    const outbox = await openTab(world, memoryDisk())
    await outbox.enqueue(addNote, note('zero'))
    world.server.misbehave = () => 'lose-request'
    await world.advance(100)
    const first = await outbox.enqueue(addNote, note('one'))
    await outbox.enqueue(addNote, note('two'))
    world.server.decide = ({ payload }) =>
      JSON.stringify(payload).includes('two') ? { outcome: 'conflict' } : { outcome: 'applied', version: 1 }
    world.server.probe = 'green'
    let isFirstAnswer = true
    world.server.misbehave = (batch) => {
      const last = batch.operations.at(-1)
      if (!isFirstAnswer || last === undefined) return undefined
      isFirstAnswer = false
      // Everything but the outcome of the last one was lost on the way.
      return httpAnswer(200, { outcomes: [{ id: last.id, outcome: 'conflict' }] }, answerMediaType)
    }
    await world.advance(120_000)
    expect((await outbox.entry(first.id))?.state.kind).toBe('applied')
    expect(outbox.status().counts).toEqual({ queued: 0, waiting: 0, conflicted: 1, dead: 0 })
    await outbox.close()
  })

  test('an entry of a context that died before it told anybody is found by the leader', async () => {
    const world = new World()
    const disk = memoryDisk()
    const outbox = await openTab(world, disk)
    await outbox.enqueue(addNote, note('one'))
    await world.advance(60_000)
    const lane = noteLane('a')
    await openMemoryStore(disk).append([
      {
        operation: {
          id: operationIdFrom(world.nowMs, new Uint8Array(operationIdRandomBytes)),
          type: addNote.type,
          version: 1,
          lane: lane.key,
          payload: { subject: 'a', text: 'two' },
          createdAtMs: world.nowMs,
        },
        priority: lane.priority,
        onDead: lane.onDead,
      },
    ])
    await world.advance(301_000)
    expect(texts(world)).toEqual([note('one'), note('two')])
    await outbox.close()
  })
})
