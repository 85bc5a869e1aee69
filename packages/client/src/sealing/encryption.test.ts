import 'fake-indexeddb/auto'
import { describe, expect, test } from 'vitest'
import { openOutboxWith } from '../open-outbox.ts'
import { addNote, note, refusing } from '../note.fixture.ts'
import type { Outbox } from '../outbox.ts'
import { removeFromDevice, signOut } from '../sign-out.ts'
import { openIndexedDbRegistry, openRegistryRecords } from '../store/indexeddb-registry.ts'
import { openIndexedDbStore } from '../store/indexeddb-store.ts'
import { databaseName, type Session } from '../store/registry.ts'
import type { StoreFault } from '../store/store-fault.ts'
import { World } from '../world.fixture.ts'
import { encryptAtRest } from './encrypt-at-rest.ts'
import { openKeyRing, shredKeys } from './key-ring.ts'

const ana: Session = { tenant: 'north', user: 'ana' }
type Writes = 'sealed' | 'plain' | 'without'

/** An app on a device whose server is away until it is told to answer. */
function device() {
  const application = crypto.randomUUID()
  const name = databaseName(application, ana)
  const world = new World()
  world.server.misbehave = () => 'lose-request'
  world.server.probe = 'red'
  const faults: StoreFault[] = []
  const open = (writes: Writes): Promise<Outbox> => {
    const environment = world.environment()
    const { clock, random } = environment
    return openOutboxWith(
      {
        environment,
        openStore: (_, { onFault }) => {
          const opened = (isSealed: boolean) => openIndexedDbStore(name, { onFault, isSealed })
          if (writes === 'without') return opened(false)
          const encryption = encryptAtRest({ writes })
          return encryption({ application, session: ana, name, clock, onFault, open: () => opened(true) })
        },
        openRegistry: () => openIndexedDbRegistry(application, random),
      },
      {
        name: application,
        operations: [addNote],
        session: ana,
        transport: world.server.transport(),
        onFault: (fault) => faults.push(fault),
      },
    )
  }
  const answer = (): void => {
    world.server.misbehave = () => undefined
    world.server.probe = 'green'
  }
  return { application, name, world, faults, open, answer }
}

/** Lets time pass until something holds. Sealing is done by threads, for which virtual time does not wait by itself. */
async function passUntil(world: World, holds: () => Promise<boolean> | boolean): Promise<void> {
  for (let seconds = 0; seconds < 1000; seconds += 1) {
    if (await holds()) return
    await world.advance(1000)
  }
  throw new Error('what was waited for did not come')
}

/** Everything that the databases of this test hold, as text. */
async function onDisk(name: string): Promise<string> {
  const database = await new Promise<IDBDatabase>((resolve) => {
    const request = indexedDB.open(name)
    request.onsuccess = () => resolve(request.result)
  })
  const texts: string[] = []
  for (const store of database.objectStoreNames) {
    const request = database.transaction(store).objectStore(store).getAll()
    await new Promise((resolve) => (request.onsuccess = resolve))
    texts.push(JSON.stringify(request.result))
  }
  database.close()
  return texts.join('\n')
}

describe('F085 with encryption on', () => {
  test.each(['without', 'sealed'] as const)(
    'nothing that says what was written stands in the database, through its whole life (%s)',
    async (writes) => {
      const { name, world, open, answer } = device()
      const outbox = await open(writes)
      const [bad, good] = [
        await outbox.enqueue(addNote, note('Confidential', 'lane-of-ana')),
        await outbox.enqueue(addNote, note('Secret')),
      ]
      const disks = [await onDisk(name)]
      world.server.decide = refusing('Confidential')
      answer()
      await passUntil(world, async () => (await outbox.entry(bad.id))?.state.kind === 'dead')
      await passUntil(world, async () => (await outbox.entry(good.id))?.state.kind === 'applied')
      disks.push(await onDisk(name))
      await outbox.discard(bad.id, { reason: 'Reason-of-ana' })
      await passUntil(world, async () => (await outbox.entries()).length === 0)
      disks.push(await onDisk(name))
      await outbox.close()
      const found = ['Confidential', 'Secret', 'lane-of-ana', 'note.add', 'Not sold any more', 'Reason-of-ana'].filter(
        (text) => disks.some((disk) => disk.includes(text)),
      )
      // Without encryption all of it is found: the search would see it.
      expect(found).toHaveLength(writes === 'sealed' ? 0 : 6)
    },
  )

  test('what was written is read back, sent and listed as it was', async () => {
    const { world, open, answer } = device()
    const first = await open('sealed')
    const entry = await first.enqueue(addNote, note('Grüße 👋', 'a'))
    await first.close()
    const again = await open('sealed')
    expect(await again.entries()).toMatchObject([{ id: entry.id, type: 'note.add', payload: note('Grüße 👋', 'a') }])
    answer()
    await passUntil(world, async () => (await again.entries()).length === 0)
    expect(world.server.effects.map(({ payload }) => payload)).toEqual([note('Grüße 👋', 'a')])
    expect(await again.entries({ state: 'applied' })).toMatchObject([{ type: 'note.add', lane: entry.lane }])
    await again.close()
  })
})

test('an outbox from before is read and sent, and what changes is sealed; and the way back reads everything again', async () => {
  const { name, world, open, answer } = device()
  const before = await open('without')
  await before.enqueue(addNote, note('elderly', 'a'))
  await before.close()
  const sealed = await open('sealed')
  await sealed.enqueue(addNote, note('newer', 'b'))
  expect((await sealed.entries()).map(({ payload }) => payload)).toEqual([note('elderly', 'a'), note('newer', 'b')])
  const disk = await onDisk(name)
  expect([disk.includes('elderly'), disk.includes('newer')]).toEqual([true, false])
  // Both are touched: refused, and so held.
  world.server.decide = () => ({ outcome: 'rejected', problem: { type: 'urn:x', title: 'No', status: 422 } })
  answer()
  await passUntil(world, async () => (await sealed.entries({ state: 'dead' })).length === 2)
  await sealed.close()
  expect(await onDisk(name)).not.toContain('elderly')

  const back = await open('plain')
  expect((await back.entries({ state: 'dead' })).map(({ payload }) => payload)).toEqual(
    expect.arrayContaining([note('elderly', 'a'), note('newer', 'b')]),
  )
  world.server.decide = () => ({ outcome: 'applied', version: 1 })
  for (const { id } of await back.entries({ state: 'dead' })) await back.retry(id)
  await back.enqueue(addNote, note('newest', 'c'))
  await passUntil(world, async () => (await back.entries()).length === 0)
  expect(world.server.effects).toHaveLength(3)
  await back.close()
})

test('I5 a page without encryption cannot open what may be sealed: nothing sealed is ever sent as it stands', async () => {
  const { open } = device()
  const old = await open('without')
  const sealed = await open('sealed')
  await sealed.enqueue(addNote, note('secret'))
  await expect(open('without')).rejects.toMatchObject({ code: 'newer-database' })
  await expect(old.enqueue(addNote, note('late'))).rejects.toMatchObject({ code: 'newer-database' })
  await Promise.all([old.close(), sealed.close()])
})

describe('a key that is lost', () => {
  test.each(['lost', 'another one'])(
    '(%s) is reported, drops nothing and crashes nothing; new entries go on',
    async (how) => {
      const { application, name, world, faults, open, answer } = device()
      const first = await open('sealed')
      const hidden = await first.enqueue(addNote, note('hidden', 'a'))
      await first.close()
      const records = await openRegistryRecords(application)
      const other = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt'])
      await records.change(`keys:${name}`, (keys) =>
        how === 'lost' || !Array.isArray(keys) ? [] : keys.map((key: object) => ({ ...key, key: other })),
      )
      const again = await open('sealed')
      answer()
      const fresh = await again.enqueue(addNote, note('fresh', 'b'))
      await passUntil(world, async () => (await again.entry(fresh.id))?.state.kind === 'applied')
      expect(await again.entry(hidden.id)).toBeUndefined()
      expect(faults).toContainEqual({ kind: 'sealed', store: 'queued', key: hidden.id })
      expect(again.status().pending).toBe(1)
      await again.close()
      await records.close()
    },
  )

  test('a sealed text that was changed, or stands in for another entry, does not open', async () => {
    const { name, open, faults } = device()
    const first = await open('sealed')
    const entry = await first.enqueue(addNote, note('one'))
    await first.close()
    const database = await new Promise<IDBDatabase>((resolve) => {
      const request = indexedDB.open(name)
      request.onsuccess = () => resolve(request.result)
    })
    const log = database.transaction('log-medium', 'readwrite').objectStore('log-medium')
    const cursor = await new Promise<IDBCursorWithValue | null>((resolve) => {
      const request = log.openCursor()
      request.onsuccess = () => resolve(request.result)
    })
    cursor?.update(
      String(cursor.value).replace(
        entry.id,
        entry.id.replace(/.$/, (last) => (last === '0' ? '1' : '0')),
      ),
    )
    await new Promise((resolve) => (log.transaction.oncomplete = resolve))
    database.close()
    const again = await open('sealed')
    expect(await again.entries()).toEqual([])
    expect(faults).toHaveLength(1)
    await again.close()
  })
})

describe('discarding shreds the keys', () => {
  const keysOf = async (application: string, name: string): Promise<unknown> => {
    const records = await openRegistryRecords(application)
    const keys = await records.get(`keys:${name}`)
    await records.close()
    return keys
  }

  test('of whoever signs out with it, and of whoever is removed', async () => {
    const { application, name, open } = device()
    const outbox = await open('sealed')
    await outbox.enqueue(addNote, note('one'))
    expect(await keysOf(application, name)).toHaveLength(1)
    await signOut(application, outbox, { how: 'discard', count: 1 })
    expect(await keysOf(application, name)).toEqual([])
    const again = await open('sealed')
    await again.enqueue(addNote, note('two'))
    await signOut(application, again)
    expect(await keysOf(application, name)).toHaveLength(1)
    await removeFromDevice(application, ana, { count: 1 })
    expect(await keysOf(application, name)).toEqual([])
  })

  test('I1 an entry that another tab acknowledges behind it keeps its key', async () => {
    const { application, open } = device()
    const other = await open('sealed')
    await other.enqueue(addNote, note('one', 'a'))
    const outbox = await open('sealed')
    await signOut(application, outbox, { how: 'discard', count: 1 })
    const entry = await other.enqueue(addNote, note('two', 'b'))
    await other.close()
    const later = await open('sealed')
    expect((await later.entry(entry.id))?.payload).toEqual(note('two', 'b'))
    await later.close()
  })

  test('I1 keys stay while there is an entry that they have sealed', async () => {
    const { application, name, open } = device()
    const outbox = await open('sealed')
    await outbox.enqueue(addNote, note('one'))
    await shredKeys(application, ana)
    expect(await keysOf(application, name)).toMatchObject([{ isRetiring: false }])
    await outbox.close()
  })
})

test('a key that has sealed enough seals no more and still opens: another one takes over', async () => {
  const { application, name, open } = device()
  const first = await open('sealed')
  const entry = await first.enqueue(addNote, note('old key'))
  await first.close()
  const records = await openRegistryRecords(application)
  await records.change(`keys:${name}`, (keys) =>
    Array.isArray(keys) ? keys.map((key: object) => ({ ...key, used: 2 ** 32 })) : [],
  )
  const again = await open('sealed')
  await again.enqueue(addNote, note('new key'))
  expect((await again.entry(entry.id))?.payload).toEqual(note('old key'))
  await again.close()
  expect(await records.get(`keys:${name}`)).toHaveLength(2)
  await records.close()
})

test('calls that meet share one reservation of messages, and a key cannot be taken out', async () => {
  const application = crypto.randomUUID()
  const ring = await openKeyRing(application, ana)
  const keys = await Promise.all(Array.from({ length: 50 }, () => ring.current()))
  expect(new Set(keys.map(({ id }) => id)).size).toBe(1)
  const [first] = keys
  expect(first?.key.extractable).toBe(false)
  await ring.close()
})

test('what replaces an entry inherits its attempts, and can be opened', async () => {
  const { world, open, answer } = device()
  const outbox = await open('sealed')
  const bad = await outbox.enqueue(addNote, note('bad'))
  world.server.decide = refusing('bad')
  answer()
  await passUntil(world, async () => (await outbox.entry(bad.id))?.state.kind === 'dead')
  const again = await outbox.retry(bad.id)
  await passUntil(world, async () => (await outbox.entry(again.id))?.attempts.length === 2)
  await outbox.close()
})
