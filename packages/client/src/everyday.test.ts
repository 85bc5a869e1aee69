// What a day with the outbox looks like, a claim at a time: opening, storing, sending, looking, and tidying up.
import { defineLane, defineOperation, type Schema } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import { openOutboxWith } from './open-outbox.ts'
import type { Outbox, SettledEvent } from './outbox.ts'
import { memoryDisk, openMemoryStore, type MemoryDisk } from './store/memory-store.ts'
import { openMemoryRegistry } from './store/memory-registry.ts'
import type { Transport } from './transport/transport.ts'
import { World } from './world.fixture.ts'

const anyText: Schema<string> = {
  '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value: String(value) }) },
}
const cardLane = defineLane('card')
const noteLane = defineLane('note')
/** Cards travel in threes, each in a lane of its own. */
const addCard = defineOperation({
  type: 'card.add',
  version: 1,
  payload: anyText,
  lane: cardLane,
  policy: { batch: { max: 3 } },
})
/** Notes share one lane. */
const addNote = defineOperation({ type: 'note.add', version: 1, payload: anyText, lane: () => noteLane('all') })

const session = { tenant: 'north', user: 'ana' }

function open(
  world: World,
  disk: MemoryDisk = memoryDisk(),
  transport: Transport = world.server.transport(),
): Promise<Outbox> {
  const environment = world.environment()
  const ports = {
    environment,
    openStore: () => Promise.resolve(openMemoryStore(disk)),
    openRegistry: () => Promise.resolve(openMemoryRegistry(environment.random)),
  }
  return openOutboxWith(ports, { name: 'test', operations: [addCard, addNote], session, transport })
}

/** Five cards that are stored and held back, so that they leave together. */
async function fiveCards(world: World) {
  const outbox = await open(world)
  await outbox.pause()
  const cards = []
  for (const text of ['a', 'b', 'c', 'd', 'e']) cards.push(await outbox.enqueue(addCard, text))
  return { outbox, cards, ids: cards.map(({ id }) => id) }
}

const applied = (world: World): unknown[] => world.server.effects.map(({ payload }) => payload)

test('R047 one call opens it all: what is on the disk is counted, and a hint of the network sends it', async () => {
  const [world, disk] = [new World(), memoryDisk()]
  world.server.probe = 'red'
  world.server.misbehave = () => 'lose-request'
  const before = await open(world, disk)
  await before.enqueue(addNote, 'one')
  await before.close()
  const outbox = await open(world, disk)
  expect(outbox.status().pending).toBe(1)
  await world.advance(600_000)
  world.server.probe = 'green'
  world.server.misbehave = () => undefined
  await world.hint()
  await world.advance(3500)
  expect(applied(world)).toEqual(['one'])
  await outbox.close()
})

describe('sending', () => {
  test('R049 online, a new entry goes at once', async () => {
    const world = new World()
    const outbox = await open(world)
    await world.advance(1000)
    await outbox.enqueue(addNote, 'one')
    await world.advance(100)
    expect(applied(world)).toEqual(['one'])
    await outbox.close()
  })

  test('R012 R053 of five that are queued all are sent, once, and nothing is left in the queue', async () => {
    const world = new World()
    const { outbox, ids } = await fiveCards(world)
    await outbox.resume()
    await world.advance(1000)
    expect(world.server.effects.map(({ id }) => id)).toEqual(ids)
    expect(await outbox.entries()).toEqual([])
    expect(outbox.status()).toMatchObject({ pending: 0, needsYou: 0 })
    await outbox.close()
  })

  test('R015 the connection breaks after three of five: three are done, two remain, and they go when it is back', async () => {
    const world = new World()
    const { outbox, ids } = await fiveCards(world)
    let requests = 0
    world.server.misbehave = () => {
      requests += 1
      if (requests > 1) world.server.probe = 'red'
      return requests > 1 ? 'lose-request' : undefined
    }
    await outbox.resume()
    const pass = outbox.drain()
    await world.advance(2000)
    expect(await pass).toMatchObject({ 'card.add': { synced: ids.slice(0, 3), failed: [], remaining: 2, errors: [] } })
    expect((await outbox.entries()).map(({ id }) => id)).toEqual(ids.slice(3))
    world.server.probe = 'green'
    world.server.misbehave = () => undefined
    await world.advance(120_000)
    expect(world.server.effects.map(({ id }) => id)).toEqual(ids)
    await outbox.close()
  })

  test('R043 after a request that failed, the queue is as it was, and goes in the same order', async () => {
    const world = new World()
    const { outbox, ids } = await fiveCards(world)
    world.server.probe = 'red'
    world.server.misbehave = () => 'lose-request'
    await outbox.resume()
    await world.advance(5000)
    expect(world.server.requests.length).toBeGreaterThan(0)
    expect((await outbox.entries()).map(({ id, state }) => [id, state.kind])).toEqual(ids.map((id) => [id, 'queued']))
    world.server.probe = 'green'
    world.server.misbehave = () => undefined
    await world.advance(120_000)
    expect(world.server.effects.map(({ id }) => id)).toEqual(ids)
    await outbox.close()
  })

  test('R051 R052 one request at a time, and in none what another one carries, however many tabs ask', async () => {
    const [world, disk] = [new World(), memoryDisk()]
    const server = world.server.transport()
    let [inFlight, most] = [0, 0]
    const counting: Transport = {
      ...server,
      send: async (batch, signal) => {
        inFlight += 1
        most = Math.max(most, inFlight)
        await new Promise<void>((resolve) => world.environment().clock.timer(500, resolve))
        inFlight -= 1
        return server.send(batch, signal)
      },
    }
    const [first, second] = [await open(world, disk, counting), await open(world, disk, counting)]
    for (const text of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) await second.enqueue(addCard, text)
    const passes = [first.drain(), second.drain(), first.drain()]
    await world.advance(10_000)
    await Promise.all(passes)
    const sent = world.server.requests.flatMap(({ operations }) => operations.map(({ id }) => id))
    expect([most, sent.length, new Set(sent).size]).toEqual([1, 7, 7])
    await first.close()
    await second.close()
  })

  test('R004 one pass sends every type, and says of each what became of it', async () => {
    const world = new World()
    const outbox = await open(world)
    await outbox.pause()
    const [card, note] = [await outbox.enqueue(addCard, 'a'), await outbox.enqueue(addNote, 'b')]
    await outbox.resume()
    const pass = outbox.drain()
    await world.advance(2000)
    expect(await pass).toEqual({
      'card.add': { synced: [card.id], failed: [], remaining: 0, errors: [] },
      'note.add': { synced: [note.id], failed: [], remaining: 0, errors: [] },
    })
    await outbox.close()
  })

  test('R018 a pass says what went, what failed and why, and what remains', async () => {
    const world = new World()
    const { outbox, ids } = await fiveCards(world)
    const problem = { type: 'urn:x', title: 'Not sold any more', status: 422 }
    world.server.decide = ({ id }) =>
      id === ids[1] ? { outcome: 'rejected', problem } : { outcome: 'applied', version: 1 }
    await outbox.resume()
    const pass = outbox.drain()
    await world.advance(5000)
    const { 'card.add': report } = await pass
    expect(report).toMatchObject({ synced: ids.filter((id) => id !== ids[1]), failed: [ids[1]], remaining: 0 })
    expect(report?.errors).toMatchObject([{ id: ids[1], attempts: 1 }])
    expect(report?.errors[0]?.message).toContain('Not sold any more')
    await outbox.close()
  })
})

describe('looking', () => {
  test('R044 of an entry that waits it is known what it is, since when, in which lane, and what was tried', async () => {
    const world = new World()
    const outbox = await open(world)
    const atMs = world.nowMs
    world.server.misbehave = () => ({ kind: 'none', cause: 'timeout' })
    const { id } = await outbox.enqueue(addNote, 'one')
    await world.advance(5000)
    const [seen] = await outbox.entries()
    expect(seen).toMatchObject({ id, type: 'note.add', payload: 'one', createdAtMs: atMs, lane: 'note:all' })
    expect(seen?.state).toMatchObject({ kind: 'waiting', attempts: seen?.attempts.length })
    expect(seen?.attempts.map(({ failure }) => failure?.cause)).toContain('timeout')
    expect(seen?.attempts[0]?.atMs).toBeGreaterThanOrEqual(atMs)
    await outbox.close()
  })

  test('R067 R070 word of its arrival brings both ids, and the copy on the device goes', async () => {
    const world = new World()
    const outbox = await open(world)
    world.server.decide = () => ({ outcome: 'applied', version: 1, ids: { card: 'A-17' } })
    const heard: SettledEvent[] = []
    outbox.onSettled((event) => heard.push(event))
    const { id } = await outbox.enqueue(addCard, 'one')
    await world.advance(1000)
    expect(heard).toMatchObject([
      { id, type: 'card.add', state: { kind: 'applied', applied: { ids: { card: 'A-17' } } } },
    ])
    const kept = await outbox.entry(id)
    expect([kept?.state.kind, kept?.payload]).toEqual(['applied', undefined])
    await outbox.close()
  })

  test('R138 a queue can be listed, its next entry read, one changed and one taken out', async () => {
    const world = new World()
    const outbox = await open(world)
    await outbox.pause()
    for (const text of ['first', 'second', 'third']) await outbox.enqueue(addNote, text)
    const [next, ...others] = await outbox.entries({ limit: 1 })
    expect([next?.payload, others]).toEqual(['first', []])
    const rest = await outbox.entries(next === undefined ? {} : { after: next })
    expect(rest.map(({ payload }) => payload)).toEqual(['second', 'third'])
    for (const { id, payload } of rest) {
      if (payload === 'second') await outbox.edit(id, 'changed')
      else await outbox.discard(id)
    }
    await outbox.resume()
    await world.advance(2000)
    expect(applied(world)).toEqual(['first', 'changed'])
    expect(await outbox.entries()).toEqual([])
    await outbox.close()
  })

  test('R130 an app can watch it: counts, the way, each failure and each word of arrival, and never what was written', async () => {
    const world = new World()
    world.server.misbehave = () => ({ kind: 'none', cause: 'timeout' })
    const outbox = await open(world)
    const seen: string[] = []
    outbox.subscribe(() => seen.push(JSON.stringify(outbox.status())))
    outbox.onSettled((event) => seen.push(JSON.stringify(event)))
    const { id } = await outbox.enqueue(addNote, 'a secret')
    await world.advance(2000)
    expect(outbox.status()).toMatchObject({ counts: { waiting: 1 }, progress: { done: 0, total: 1 } })
    expect(outbox.status().nextAttemptAtMs).toBeGreaterThan(world.nowMs)
    const [entry] = await outbox.entries()
    expect(entry?.attempts.map(({ failure }) => failure?.cause)).toContain('timeout')
    world.server.misbehave = () => undefined
    await world.advance(600_000)
    expect(outbox.status()).toMatchObject({ pending: 0, circuit: 'closed', connectivity: 'online' })
    expect(outbox.status().acknowledgedAtMs).toBeGreaterThan(0)
    expect(seen.some((text) => text.includes(id) && text.includes('applied'))).toBe(true)
    expect(seen.join()).not.toContain('a secret')
    await outbox.close()
  })

  test('R139 cleaning up after a week says how many went, and nothing that is pending is ever among them', async () => {
    const world = new World()
    const outbox = await open(world)
    const done = await outbox.enqueue(addNote, 'done')
    await world.advance(1000)
    await outbox.pause()
    const pending = await outbox.enqueue(addNote, 'pending')
    const weekMs = 7 * 86_400_000
    world.jumpClock(weekMs - 3_600_000)
    expect(await outbox.cleanup({ olderThanMs: weekMs })).toBe(0)
    world.jumpClock(7_200_000)
    expect(await outbox.cleanup({ olderThanMs: weekMs })).toBe(1)
    expect(await outbox.entry(done.id)).toBeUndefined()
    expect((await outbox.entries()).map(({ id }) => id)).toEqual([pending.id])
    await outbox.close()
  })
})
