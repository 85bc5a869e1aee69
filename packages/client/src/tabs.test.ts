/** Several contexts of one person: what each of them shows, and what is known of what a dead one left. */
import { answerMediaType, parseOperationId, type QueuedOperation } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import { encodeMessage } from './coordination/messages.ts'
import type { Outbox } from './outbox.ts'
import { memoryDisk, openMemoryStore } from './store/memory-store.ts'
import type { MemoryRegistryDisk } from './store/memory-registry.ts'
import { databaseName } from './store/registry.ts'
import { addAlarm, addNote, calm, openTab } from './tab.fixture.ts'
import type { Transport } from './transport/transport.ts'
import { httpAnswer, World } from './world.fixture.ts'

/** A note as another tab's outbox would store it. */
function noteOf(world: World, payload: string): QueuedOperation {
  const { key, priority, onDead } = calm(payload)
  const id = world.newId()
  return { operation: { id, type: addNote.type, version: 1, lane: key, payload, createdAtMs: 0 }, priority, onDead }
}

describe('contexts of one person', () => {
  test('I12 no tab shows zero while an entry of a follower is on its way', async () => {
    const [world, disk] = [new World(), memoryDisk()]
    const transport: Transport = { ...world.server.transport(), send: () => Promise.withResolvers<never>().promise }
    const leader = await openTab(world, disk, { transport })
    const follower = await openTab(world, disk)
    await world.advance(1000)
    await follower.enqueue(addNote, 'one')
    const seen = new Set<number>()
    for (let turn = 0; turn < 40; turn += 1) {
      await world.advance(10)
      seen.add(leader.status().pending).add(follower.status().pending)
    }
    expect([...seen]).toEqual([1])
  })

  test('every tab knows which entries are on their way, and that none is any more', async () => {
    const [world, disk] = [new World(), memoryDisk()]
    const answer = Promise.withResolvers<void>()
    const real = world.server.transport()
    const send: Transport['send'] = (batch, signal) => answer.promise.then(() => real.send(batch, signal))
    const tabs = [await openTab(world, disk, { transport: { ...real, send } }), await openTab(world, disk)]
    await world.advance(1000)
    const first = await tabs[1]?.enqueue(addNote, 'first')
    await world.advance(1000)
    const second = await tabs[0]?.enqueue(addNote, 'second')
    await world.advance(1000)
    expect(tabs.map((tab) => tab.status().sendingIds)).toEqual([[first?.id], [first?.id]])
    answer.resolve()
    await first?.settled
    await second?.settled
    await world.advance(1000)
    expect(tabs.map((tab) => [tab.status().sendingIds, tab.status().sending])).toEqual([
      [[], 0],
      [[], 0],
    ])
  })

  test('I12 a leader that slept cannot make a follower say that nothing is left', async () => {
    const [world, disk] = [new World(), memoryDisk()]
    const transport: Transport = { ...world.server.transport(), send: () => Promise.withResolvers<never>().promise }
    const leader = await openTab(world, disk, { transport })
    const follower = await openTab(world, disk)
    await world.advance(1000)
    await follower.enqueue(addNote, 'one')
    await world.advance(1000)
    const status = { ...leader.status(), counts: { queued: 0, waiting: 0, conflicted: 0, dead: 0 } }
    world
      .environment()
      .openChannel(databaseName('test', follower.session), () => {})
      .post(encodeMessage({ kind: 'status', status }))
    await world.settle()
    expect(follower.status().pending).toBe(1)
    await world.advance(1000)
    expect(follower.status().pending).toBe(1)
  })

  test('I12 a leader that was not told of an entry does not subtract it from the others', async () => {
    const [world, disk] = [new World(), memoryDisk()]
    const answer = Promise.withResolvers<void>()
    const real = world.server.transport()
    const send: Transport['send'] = (batch, signal) => answer.promise.then(() => real.send(batch, signal))
    const leader = await openTab(world, disk, { transport: { ...real, send } })
    await world.advance(1000)
    // A tab that dies right after its commit tells nobody.
    await openMemoryStore(disk).append([noteOf(world, 'untold')])
    await leader.enqueue(addNote, 'told')
    await world.advance(1000)
    await leader.enqueue(addNote, 'while they are on their way')
    const falseZeros: number[] = []
    leader.subscribe(() => {
      if (leader.status().pending === 0) falseZeros.push(3 - world.server.effects.length)
    })
    answer.resolve()
    await world.advance(5000)
    expect(world.server.effects).toHaveLength(3)
    expect(Math.max(0, ...falseZeros)).toBe(0)
    expect(leader.status().pending).toBe(0)
    await leader.close()
  })

  test('a tab that opens late hears that a sign-in is missing', async () => {
    const [world, disk] = [new World(), memoryDisk()]
    world.server.session = null
    const first = await openTab(world, disk)
    await first.enqueue(addNote, 'one')
    await world.advance(5000)
    const second = await openTab(world, disk)
    await world.advance(1000)
    expect([first.status().authentication, second.status().authentication]).toEqual(['required', 'required'])
    await first.close()
    await second.close()
  })

  test('the registry knows how many entries a killed tab has left', async () => {
    const world = new World()
    const registry: MemoryRegistryDisk = { deviceId: undefined, current: undefined, identities: [] }
    const killed = await openTab(world, memoryDisk(), { registry })
    await world.advance(1000)
    world.server.misbehave = () => 'lose-request'
    world.server.probe = 'red'
    for (const name of ['one', 'two', 'three']) await killed.enqueue(addNote, name)
    await world.advance(2000)
    expect(registry.identities.map(({ pending }) => pending)).toEqual([3])
  })

  test('two enqueues of one id at the same time store it once', async () => {
    const [world, disk] = [new World(), memoryDisk()]
    world.server.misbehave = () => 'lose-request'
    const outbox = await openTab(world, disk)
    const id = parseOperationId('order-1')
    if (id === undefined) throw new RangeError('the id is one')
    const entries = await Promise.all([outbox.enqueue(addNote, 'one', { id }), outbox.enqueue(addNote, 'one', { id })])
    expect(entries.map((entry) => entry.id)).toEqual([id, id])
    expect((await openMemoryStore(disk).counts()).queued).toBe(1)
    await outbox.close()
  })
})

describe('one id in two tabs', () => {
  test('of two tabs that enqueue one id at once, one stores it, both follow it, and the server sees it once', async () => {
    const [world, disk] = [new World(), memoryDisk()]
    const [one, two] = [await openTab(world, disk), await openTab(world, disk)]
    await world.advance(1000)
    const id = world.newId()
    const entries = await Promise.all([
      one.enqueue(addNote, 'a', { id }),
      two.enqueue(addNote, 'a', { id }),
      two.enqueue(addNote, 'b'),
    ])
    expect(one.status().pending + two.status().pending).toBeGreaterThanOrEqual(2)
    await world.advance(2000)
    expect(world.server.effects.map(({ payload }) => payload)).toEqual(['a', 'b'])
    expect(await Promise.all(entries.map(({ settled }) => settled))).toHaveLength(3)
    expect(world.server.requests.flatMap(({ operations }) => operations)).toHaveLength(2)
  })

  test('a later call does not overtake one whose id is looked up, in the same lane', async () => {
    const [world, disk] = [new World(), memoryDisk()]
    const outbox = await openTab(world, disk)
    const calls = [outbox.enqueue(addNote, 'first', { id: world.newId() }), outbox.enqueue(addNote, 'second')]
    await Promise.all(calls)
    await world.advance(2000)
    expect(world.server.effects.map(({ payload }) => payload)).toEqual(['first', 'second'])
    await outbox.close()
  })

  test('an entry that another context stored and told nobody of is sent when its id is enqueued again', async () => {
    const [world, disk] = [new World(), memoryDisk()]
    const outbox = await openTab(world, disk)
    await world.advance(1000)
    const untold = noteOf(world, 'untold')
    await openMemoryStore(disk).append([untold])
    await outbox.enqueue(addNote, 'untold', { id: untold.operation.id })
    await world.advance(2000)
    expect(world.server.effects).toHaveLength(1)
    await outbox.close()
  })
})

describe('a session that has ended', () => {
  test('F054 of three tabs that meet it, one is asked to renew the session, once, and sending goes on at once', async () => {
    const [world, disk] = [new World(), memoryDisk()]
    const session = world.server.session
    world.server.session = null
    const asked: string[] = []
    const renewed = Promise.withResolvers<void>()
    const open = (name: string): Promise<Outbox> =>
      openTab(world, disk, {
        onAuthRequired: async (why) => {
          asked.push(`${name}: ${why}`)
          await renewed.promise
          world.server.session = session
        },
      })
    const tabs = [await open('one'), await open('two'), await open('three')]
    await Promise.all(tabs.map((tab, nth) => tab.enqueue(addNote, `note ${nth}`)))
    await world.advance(120_000)
    expect(asked).toEqual(['one: required'])
    renewed.resolve()
    await world.advance(1000)
    expect(world.server.effects).toHaveLength(3)
    world.server.session = null
    await tabs[2]?.enqueue(addNote, 'after another end')
    await world.advance(1000)
    expect(asked).toEqual(['one: required', 'one: required'])
    await Promise.all(tabs.map((tab) => tab.close()))
  })

  test('F054 an application that cannot renew it is not asked in a circle, and a later sign-in is noticed', async () => {
    const [world, disk] = [new World(), memoryDisk()]
    const session = world.server.session
    world.server.session = null
    let asked = 0
    const outbox = await openTab(world, disk, {
      onAuthRequired: () => {
        asked += 1
        return Promise.reject(new Error('the refresh token has expired'))
      },
    })
    await outbox.enqueue(addNote, 'one')
    await world.advance(600_000)
    expect(asked).toBe(1)
    world.server.session = session
    await world.advance(31_000)
    expect(world.server.effects).toHaveLength(1)
    await outbox.close()
  })
})

describe('the way to the server', () => {
  test('a leader with nothing to send asks for the way and the session less and less often', async () => {
    const world = new World()
    world.server.probe = 'red'
    const outbox = await openTab(world, memoryDisk())
    await world.advance(3_600_000)
    expect(world.server.probes).toBeLessThan(15)
    world.server.probe = 'green'
    await outbox.enqueue(addNote, 'one')
    await world.advance(2000)
    expect(world.server.effects).toHaveLength(1)
    await outbox.close()
  })

  test('I11 a clock that is set back by hours does not prolong a backoff', async () => {
    const world = new World()
    const outbox = await openTab(world, memoryDisk())
    world.server.misbehave = () => httpAnswer(503, undefined, 'text/html')
    await outbox.enqueue(addNote, 'one')
    await world.advance(100)
    world.server.misbehave = () => undefined
    world.nowMs -= 12 * 3_600_000
    await world.hint()
    await world.advance(100)
    expect(outbox.status().pending).toBe(0)
    await outbox.close()
  })

  test('I11 an operation that breaks its request is found while urgent ones keep coming', async () => {
    const world = new World()
    const outbox = await openTab(world, memoryDisk())
    await world.advance(1000)
    world.server.misbehave = ({ operations }) =>
      operations.some(({ payload }) => payload === 'poison') ? httpAnswer(500, undefined, answerMediaType) : undefined
    const notes = ['poison', ...Array.from({ length: 100 }, (_, nth) => `fine ${nth}`)]
    await Promise.all(notes.map((note) => outbox.enqueue(addNote, note)))
    for (let nth = 0; nth < 240; nth += 1) {
      await outbox.enqueue(addAlarm, `alarm ${nth}`)
      await world.advance(250)
    }
    expect(world.server.effects.filter(({ type }) => type === 'note.add').length).toBe(100)
    await outbox.close()
  })
})
