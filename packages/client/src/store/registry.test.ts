import 'fake-indexeddb/auto'
import { describe, expect, test } from 'vitest'
import type { Random } from '../environment.ts'
import { openIndexedDbRegistry } from './indexeddb-registry.ts'
import { openMemoryRegistry, type MemoryRegistryDisk } from './memory-registry.ts'
import { registryContract } from './registry.contract.ts'
import { openRaw } from './raw-database.fixture.ts'
import { databaseName } from './registry.ts'

let drawn = 0
const random: Random = {
  fraction: () => 0.5,
  bytes: (count) => Uint8Array.from({ length: count }, () => (drawn += 37) & 255),
}

describe.each(registryContract)('a registry: $name', ({ run }) => {
  test('in memory', () =>
    run(() => {
      const disk: MemoryRegistryDisk = { deviceId: undefined, current: undefined, identities: [] }
      return { open: () => Promise.resolve(openMemoryRegistry(random, disk)) }
    }))
  test('on IndexedDB', () =>
    run(() => {
      const name = crypto.randomUUID()
      return { open: () => openIndexedDbRegistry(name, random) }
    }))
})

test('I5 the names of two identities are never the same, whatever stands in them', () => {
  const names = [
    databaseName('app', { tenant: 'a', user: 'b:c' }),
    databaseName('app', { tenant: 'a:b', user: 'c' }),
    databaseName('app:a', { tenant: 'b', user: 'c' }),
    databaseName('app', { tenant: 'a%3Ab', user: 'c' }),
    databaseName('app', { tenant: 'a', user: 'B:C' }),
    databaseName('app', { tenant: 'a', user: 'é' }),
    databaseName('app', { tenant: 'a', user: 'e\u0301' }),
    databaseName('app', { tenant: 'a', user: '\ud83d' }),
    databaseName('app', { tenant: 'a', user: '\ud83e' }),
    databaseName('app', { tenant: 'a', user: 'x'.repeat(5000) }),
    databaseName('app', { tenant: 'a', user: 'x'.repeat(5001) }),
  ]
  expect(new Set(names).size).toBe(names.length)
})

test('I5 somebody whose database cannot be counted hides nobody: the last count stands in', async () => {
  const application = crypto.randomUUID()
  const [ana, ben] = ['ana', 'ben'].map((user) => ({ tenant: 'north', user, pending: 3, usedAtMs: 1 }))
  if (ana === undefined || ben === undefined) throw new RangeError('two people')
  // A database of that name without any of our stores.
  const broken = await openRaw(databaseName(application, ana), 1)
  broken.close()
  const registry = await openIndexedDbRegistry(application, random)
  await registry.remember(ana)
  await registry.remember(ben)
  expect(await registry.identities()).toEqual([ana, ben])
  await registry.close()
})
