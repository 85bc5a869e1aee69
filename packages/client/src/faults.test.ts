/** Faults of coordination: what is missing, stolen, frozen, throttled, set wrong or doubled must not cost an entry. */
import { describe, expect, test } from 'vitest'
import type { Environment } from './environment.ts'
import type { Outbox } from './outbox.ts'
import { memoryDisk, openMemoryStore, type MemoryDisk } from './store/memory-store.ts'
import type { MemoryRegistryDisk } from './store/memory-registry.ts'
import { databaseName } from './store/registry.ts'
import { addNote, openTab } from './tab.fixture.ts'
import type { Transport } from './transport/transport.ts'
import { World } from './world.fixture.ts'

const [minuteMs, hourMs, dayMs] = [60_000, 3_600_000, 86_400_000]

/** A tab whose timers stop when the test says so: it is frozen, or dead, and goes on when the test says so. */
function sleeper(environment: Environment): { readonly environment: Environment; fall: () => void; rise: () => void } {
  let isAsleep = false
  const missed: (() => void)[] = []
  return {
    environment: {
      ...environment,
      clock: {
        ...environment.clock,
        timer: (delayMs, callback) =>
          environment.clock.timer(delayMs, () => {
            if (isAsleep) missed.push(callback)
            else callback()
          }),
      },
    },
    fall: () => {
      isAsleep = true
    },
    rise: () => {
      isAsleep = false
      for (const callback of missed.splice(0)) callback()
    },
  }
}

function notes(tabs: readonly Outbox[], round: number): Promise<unknown> {
  return Promise.all(tabs.map((tab, nth) => tab.enqueue(addNote, `note ${round} of ${nth}`)))
}

/** The ids of all effects, and how many of them are different. */
function effectsOf({ server }: World): { readonly all: number; readonly different: number } {
  return { all: server.effects.length, different: new Set(server.effects.map(({ id }) => id)).size }
}

describe('a platform that lacks what contexts share', () => {
  test('F009 without locks each entry has its effect once, one tab leads at a time, and nobody thrashes', async () => {
    const [world, disk] = [new World(), memoryDisk()]
    const tabs = await Promise.all(
      Array.from({ length: 3 }, () => openTab(world, disk, { environment: world.environment('locks') })),
    )
    for (let round = 0; round < 20; round += 1) {
      await notes(tabs, round)
      await world.advance(minuteMs)
    }
    expect(effectsOf(world)).toEqual({ all: 60, different: 60 })
    expect(tabs.map((tab) => tab.status().pending)).toEqual([0, 0, 0])
    expect(disk.leadership?.epoch).toBeLessThanOrEqual(4)
    expect(world.server.requests.flatMap(({ operations }) => operations).length).toBeLessThanOrEqual(66)
  })

  test('F009 without locks the next tab leads seconds after the leader was closed', async () => {
    const [world, disk] = [new World(), memoryDisk()]
    const open = (): Promise<Outbox> => openTab(world, disk, { environment: world.environment('locks') })
    const [first, second] = [await open(), await open()]
    await world.advance(minuteMs)
    expect([first.status().isLeader, second.status().isLeader]).toEqual([false, true])
    await second.close()
    await first.enqueue(addNote, 'one')
    await world.advance(6000)
    expect(effectsOf(world).all).toBe(1)
    await first.close()
  })

  test('F009 without locks a leader that died is replaced within four minutes', async () => {
    const [world, disk] = [new World(), memoryDisk()]
    const first = await openTab(world, disk, { environment: world.environment('locks') })
    await world.advance(1000)
    const dead = sleeper(world.environment('locks'))
    const never: Transport = { ...world.server.transport(), send: () => Promise.withResolvers<never>().promise }
    await openTab(world, disk, { environment: dead.environment, transport: never })
    await world.advance(30_000)
    await first.enqueue(addNote, 'one')
    await world.advance(1000)
    dead.fall()
    await world.advance(4 * minuteMs)
    expect(effectsOf(world)).toEqual({ all: 1, different: 1 })
    await first.close()
  })

  test('F009 without channels a follower is served and hears of it within seconds, and a pass comes to its end', async () => {
    const [world, disk] = [new World(), memoryDisk()]
    const open = (): Promise<Outbox> => openTab(world, disk, { environment: world.environment('channels') })
    const [leader, follower] = [await open(), await open()]
    await world.advance(minuteMs)
    const entry = await follower.enqueue(addNote, 'one')
    const { settled } = entry
    const pass = follower.drain()
    await world.advance(25_000)
    expect(await Promise.race([settled, Promise.resolve('unsettled')])).toMatchObject({ kind: 'applied' })
    expect(await Promise.race([pass, Promise.resolve('unfinished')])).toEqual({})
    expect([leader.status().pending, follower.status().pending]).toEqual([0, 0])
    await leader.close()
    await follower.close()
  })

  test('F009 without locks and channels three tabs lose nothing and double nothing', async () => {
    const [world, disk] = [new World(), memoryDisk()]
    const tabs = await Promise.all(
      Array.from({ length: 3 }, () => openTab(world, disk, { environment: world.environment('locks', 'channels') })),
    )
    for (let round = 0; round < 5; round += 1) {
      await notes(tabs, round)
      await world.advance(minuteMs)
    }
    expect(effectsOf(world)).toEqual({ all: 15, different: 15 })
    expect(tabs.map((tab) => tab.status().pending)).toEqual([0, 0, 0])
  })
})

describe('a leader that is not itself', () => {
  test('F008 one that is frozen in mid-request is overtaken, and does no harm when it thaws', async () => {
    const [world, disk] = [new World(), memoryDisk()]
    const frozen = sleeper(world.environment())
    const answer = Promise.withResolvers<void>()
    const real = world.server.transport()
    const slow: Transport = { ...real, send: (batch, signal) => answer.promise.then(() => real.send(batch, signal)) }
    const first = await openTab(world, disk, { environment: frozen.environment, transport: slow })
    const second = await openTab(world, disk)
    await world.advance(1000)
    await first.enqueue(addNote, 'one')
    await world.advance(1000)
    frozen.fall()
    await world.advance(5 * minuteMs)
    expect(effectsOf(world)).toEqual({ all: 1, different: 1 })
    await second.enqueue(addNote, 'one')
    answer.resolve()
    frozen.rise()
    await world.advance(minuteMs)
    expect(effectsOf(world)).toEqual({ all: 2, different: 2 })
    expect([first.status(), second.status()].map(({ pending, isLeader }) => [pending, isLeader])).toEqual([
      [0, false],
      [0, true],
    ])
  })

  test('I3 a leader that learns by its own write that it was overtaken sends nothing more of what it has read', async () => {
    const [world, disk] = [new World(), memoryDisk()]
    const leader = await openTab(world, disk)
    await world.advance(1000)
    await leader.pause()
    for (let nth = 0; nth < 150; nth += 1) void leader.enqueue(addNote, `note ${nth}`)
    await world.advance(1000)
    const name = databaseName('test', leader.session)
    const channel = world.environment().openChannel(name, () => {})
    world.server.misbehave = () => {
      if (world.server.requests.length === 1) {
        void openMemoryStore(disk).claim('another tab', world.nowMs)
        channel.post({ holdfast: 1, kind: 'stored', priorities: ['medium'], count: 0 })
      }
      return undefined
    }
    await leader.resume()
    await world.settle()
    expect(world.server.requests.map(({ operations }) => operations.length)).toEqual([100])
    await world.advance(10_000)
    expect(effectsOf(world)).toEqual({ all: 150, different: 150 })
    await leader.close()
  })

  test('a context that is replaced in the middle of a request leaves nothing to be applied twice', async () => {
    const [world, disk] = [new World(), memoryDisk()]
    const answer = Promise.withResolvers<void>()
    const real = world.server.transport()
    // The old worker's request arrives; its answer never does.
    const old: Transport = {
      ...real,
      send: async (batch, signal) =>
        real.send(batch, signal).then(() => answer.promise.then(() => ({ kind: 'none', cause: 'network' }))),
    }
    const before = await openTab(world, disk, { transport: old })
    await world.advance(1000)
    const entry = await before.enqueue(addNote, 'one')
    await world.advance(1000)
    const after = await openTab(world, disk)
    const closing = before.close()
    answer.resolve()
    await world.advance(10_000)
    await closing
    expect(effectsOf(world)).toEqual({ all: 1, different: 1 })
    expect((await after.entry(entry.id))?.state.kind).toBe('applied')
    await after.close()
  })

  test('F036 a hidden leader whose timers run once a minute sends everything, and is not taken for dead', async () => {
    const [world, disk] = [new World(), memoryDisk()]
    const environment = world.environment()
    const throttled: Environment = {
      ...environment,
      clock: {
        ...environment.clock,
        timer: (delayMs, callback) =>
          environment.clock.timer(Math.ceil(Math.max(delayMs, 1) / minuteMs) * minuteMs, callback),
      },
    }
    const hidden = await openTab(world, disk, { environment: throttled })
    await openTab(world, disk)
    world.server.misbehave = () => (world.server.requests.length < 4 ? 'lose-request' : undefined)
    await hidden.enqueue(addNote, 'one')
    await world.advance(15 * minuteMs)
    expect(effectsOf(world)).toEqual({ all: 1, different: 1 })
    expect([hidden.status().isLeader, disk.leadership?.epoch]).toEqual([true, 1])
  })
})

describe('a clock that is wrong', () => {
  test.each([
    ['F034 a day back', -dayMs],
    ['F034 a day ahead', dayMs],
    ['F035 ten years back', -3650 * dayMs],
    ['F035 ten years ahead', 3650 * dayMs],
  ])(
    '%s, in the middle of a backoff and of an idle hour: followers are served and nobody gives an entry up',
    async (_name, jumpMs) => {
      const [world, disk] = [new World(), memoryDisk()]
      const [leader, follower] = [await openTab(world, disk), await openTab(world, disk)]
      await world.advance(hourMs)
      world.server.misbehave = () => 'lose-request'
      world.server.probe = 'red'
      const entry = await follower.enqueue(addNote, 'one')
      await world.advance(2 * minuteMs)
      world.jumpClock(jumpMs)
      world.server.misbehave = () => undefined
      world.server.probe = 'green'
      await world.advance(2 * minuteMs)
      expect((await leader.entry(entry.id))?.state.kind).toBe('applied')
      expect(effectsOf(world)).toEqual({ all: 1, different: 1 })
      await follower.enqueue(addNote, 'after the jump')
      await world.advance(2 * minuteMs)
      expect([leader.status().pending, follower.status().pending, effectsOf(world).all]).toEqual([0, 0, 2])
    },
  )
})

describe('a network that lies', () => {
  test.each([true, false])(
    'F031 entries go out although the browser says online: %s, whatever is true',
    async (isOnline) => {
      const [world, disk] = [new World(), memoryDisk()]
      world.isOnline = isOnline
      const outbox = await openTab(world, disk)
      world.server.probe = 'red'
      world.server.misbehave = () => 'lose-request'
      await outbox.enqueue(addNote, 'one')
      await world.advance(minuteMs)
      expect(outbox.status().pending).toBe(1)
      world.server.probe = 'green'
      world.server.misbehave = () => undefined
      await world.advance(2 * minuteMs)
      expect(effectsOf(world).all).toBe(1)
      await outbox.close()
    },
  )

  test('F032 a way that is there every other second and loses a fifth gets everything through, without a storm', async () => {
    const [world, disk] = [new World(), memoryDisk()]
    const outbox = await openTab(world, disk)
    const { random } = world.environment()
    world.server.misbehave = () =>
      Math.floor(world.nowMs / 1000) % 2 === 0 || random.fraction() < 0.2
        ? random.fraction() < 0.5
          ? 'lose-request'
          : 'lose-answer'
        : undefined
    for (let nth = 0; nth < 50; nth += 1) {
      await outbox.enqueue(addNote, `note ${nth}`)
      await world.advance(1300)
    }
    world.server.misbehave = () => undefined
    await world.advance(10 * minuteMs)
    expect(effectsOf(world)).toEqual({ all: 50, different: 50 })
    expect(world.server.requests.length).toBeLessThan(120)
    await outbox.close()
  })
})

describe('two clients that are the same device', () => {
  test('I10 a server that is down is not asked once for every order that is stored meanwhile', async () => {
    const [world, disk] = [new World(), memoryDisk()]
    world.server.probe = 'red'
    world.server.misbehave = () => 'lose-request'
    const tab = await openTab(world, disk)
    for (let second = 0; second < 600; second += 1) {
      void tab.enqueue(addNote, `note ${second}`)
      await world.advance(1000)
    }
    expect(world.server.requests.length + world.server.probes).toBeLessThan(25)
    await tab.close()
  })

  test('F089 a cloned profile with an equal device id sends its own entries, and each effect happens once', async () => {
    const world = new World()
    const registry: MemoryRegistryDisk = { deviceId: undefined, current: undefined, identities: [] }
    const disks: readonly MemoryDisk[] = [memoryDisk(), memoryDisk()]
    const original = await openTab(world, disks[0] ?? memoryDisk(), { registry })
    // A lock and a channel of its own: it is another machine.
    const elsewhere = new World()
    const clone = await openTab(elsewhere, disks[1] ?? memoryDisk(), { registry, transport: world.server.transport() })
    await original.enqueue(addNote, 'mine')
    await clone.enqueue(addNote, 'mine')
    await Promise.all([world.advance(2000), elsewhere.advance(2000)])
    expect(new Set(world.server.requests.map(({ device }) => device)).size).toBe(1)
    expect(effectsOf(world)).toEqual({ all: 2, different: 2 })
    expect([original.status().pending, clone.status().pending]).toEqual([0, 0])
  })
})
