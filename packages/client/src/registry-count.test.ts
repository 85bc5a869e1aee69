import { expect, test } from 'vitest'
import { RegistryCount } from './registry-count.ts'
import { StatusBoard } from './status.ts'
import { openMemoryRegistry, type MemoryRegistryDisk } from './store/memory-registry.ts'
import { World } from './world.fixture.ts'

test('F037 a count that could not be written is written as soon as it can be', async () => {
  const world = new World()
  const { clock, random } = world.environment()
  const disk: MemoryRegistryDisk = { deviceId: undefined, current: undefined, identities: [] }
  const registry = openMemoryRegistry(random, disk)
  const board = new StatusBoard(clock, true)
  let isFull = true
  const remember: typeof registry.remember = (identity) =>
    isFull ? Promise.reject(new Error('no room')) : registry.remember(identity)
  const count = new RegistryCount(clock, { ...registry, remember }, { tenant: 'north', user: 'ana' }, board)
  board.set({ counts: { queued: 3, waiting: 0, conflicted: 0, dead: 0 } })
  count.rememberSoon()
  await world.advance(2000)
  isFull = false
  count.rememberSoon()
  await world.advance(2000)
  expect(disk.identities.map(({ pending }) => pending)).toEqual([3])
  await count.close()
})
