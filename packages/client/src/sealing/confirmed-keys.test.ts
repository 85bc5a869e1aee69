import { describe, expect, test } from 'vitest'
import { addNote, note, textsOf } from '../note.fixture.ts'
import { openOutboxWith } from '../open-outbox.ts'
import { openGroupCommit } from '../store/group-commit.ts'
import { openMemoryRegistry } from '../store/memory-registry.ts'
import { memoryDisk, openMemoryStore } from '../store/memory-store.ts'
import { codeOf } from '../store/raw-database.fixture.ts'
import { always, conflictedState, queuedOperation } from '../store/store.fixture.ts'
import type { Store } from '../store/store.ts'
import { World } from '../world.fixture.ts'
import { openCipher } from './cipher.ts'
import { memoryKeyRing } from './key-ring.fixture.ts'
import { openSealedStore } from './sealed-store.ts'

/** A sealed store whose registry fails, or does not, when it is asked behind a commit; always after those named. */
function sealedStore(failures: readonly boolean[] = []): Store {
  const ring = memoryKeyRing()
  const left = [...failures]
  const keep: typeof ring.keep = (key) =>
    left.shift() === false ? ring.keep(key) : Promise.reject(new Error('the registry is gone'))
  return openSealedStore(openMemoryStore(memoryDisk()), {
    cipher: openCipher('test', { ...ring, keep }),
    writes: 'sealed',
  })
}

describe('a key that is not seen behind the commit', () => {
  test('F042 at the first try is looked for again, and the entry is acknowledged', async () => {
    const store = sealedStore([true, true, false])
    expect(await store.append([queuedOperation('a')])).toHaveLength(1)
  })

  test('I2 at all has its entries stored once, and says so instead of "not stored"', async () => {
    const store = sealedStore()
    const log = openGroupCommit(store, { onStored: () => {}, onKnown: () => {} })
    const codes = ['a', 'b'].map((id) => codeOf(log.append(queuedOperation(id))))
    expect(await Promise.all(codes)).toEqual(['unconfirmed', 'unconfirmed'])
    expect(await codeOf(store.appendOnce([queuedOperation('a')]))).toBe('unconfirmed')
    expect(await codeOf(store.appendOnce([queuedOperation('c')]))).toBe('unconfirmed')
    expect((await store.counts()).queued).toBe(3)
  })

  test('at all leaves a change that is made, and says so', async () => {
    // The append is confirmed at its third try, and then nothing is any more.
    const store = sealedStore([true, true, false])
    const [a] = await store.append([queuedOperation('a')])
    if (a === undefined) throw new RangeError('an entry')
    const acting = store.update([always(a, { state: conflictedState })], { durability: 'strict', nowMs: 1 })
    expect(await codeOf(acting)).toBe('unconfirmed')
    expect(await store.counts()).toMatchObject({ queued: 0, conflicted: 1 })
  })

  test('I12 is told to whoever enqueued, and the entry shows and is sent all the same, once', async () => {
    const world = new World()
    const environment = world.environment()
    const outbox = await openOutboxWith(
      {
        environment,
        openStore: () => Promise.resolve(sealedStore()),
        openRegistry: () => Promise.resolve(openMemoryRegistry(environment.random)),
      },
      {
        name: 'test',
        operations: [addNote],
        session: { tenant: 'north', user: 'ana' },
        transport: world.server.transport(),
      },
    )
    await world.advance(1000)
    world.server.probe = 'red'
    world.server.misbehave = () => 'lose-request'
    expect(await codeOf(outbox.enqueue(addNote, note('once')))).toBe('unconfirmed')
    for (let turns = 0; turns < 50 && outbox.status().pending === 0; turns += 1) await world.advance(1000)
    expect(outbox.status().pending).toBe(1)
    world.server.probe = 'green'
    world.server.misbehave = () => undefined
    for (let turns = 0; turns < 500 && outbox.status().pending > 0; turns += 1) await world.advance(1000)
    expect(textsOf(world)).toEqual(['once'])
    await outbox.close()
  })
})
