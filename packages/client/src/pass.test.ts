import { describe, expect, test } from 'vitest'
import { addNote, note, openNotes, refusing } from './note.fixture.ts'
import { Pass } from './pass.ts'
import { memoryDisk, openMemoryStore } from './store/memory-store.ts'
import { testId, waitingUntil } from './store/store.fixture.ts'
import { World } from './world.fixture.ts'

describe('a pass', () => {
  test('I13 is over when what was stored before it is sent, however much is stored meanwhile', async () => {
    const world = new World()
    const outbox = await openNotes(world, memoryDisk())
    await world.advance(1000)
    let stored = 0
    world.server.misbehave = () => {
      stored += 1
      if (stored < 500) void outbox.enqueue(addNote, note(`late ${stored}`, 'late'))
      return undefined
    }
    await outbox.pause()
    const early = await Promise.all(
      Array.from({ length: 150 }, (_, nth) => outbox.enqueue(addNote, note(`early ${nth}`, `s${nth % 7}`))),
    )
    await outbox.resume()
    let storedAtEnd = 0
    const pass = outbox.drain().then((report) => {
      storedAtEnd = stored
      return report
    })
    await world.advance(20_000)
    const report = (await pass)['note.add']
    expect(early.every(({ id }) => report?.synced.includes(id) === true)).toBe(true)
    expect(storedAtEnd).toBeLessThan(10)
    await outbox.close()
  })

  test('sends what was there when it began, although an entry of it fails and waits', async () => {
    const world = new World()
    const outbox = await openNotes(world, memoryDisk())
    world.server.decide = refusing('bad')
    await world.advance(1000)
    await outbox.pause()
    const bad = await outbox.enqueue(addNote, note('bad', 'a'))
    const good = await outbox.enqueue(addNote, note('good', 'b'))
    await outbox.resume()
    const pass = outbox.drain()
    await world.advance(1000)
    expect((await pass)['note.add']).toMatchObject({ synced: [good.id], failed: [bad.id], remaining: 0 })
    await outbox.close()
  })

  test('says of each entry what became of it last, once', async () => {
    const [x, y, z] = [testId('x'), testId('y'), testId('z')]
    const store = openMemoryStore(memoryDisk())
    const pass = new Pass({})
    const applied = { kind: 'applied', applied: { outcome: 'applied' } } as const
    for (const id of [x, y, z]) pass.note(id, 'note', waitingUntil(5))
    pass.note(x, 'note', applied)
    pass.note(y, 'note', waitingUntil(9, 2))
    pass.note(z, 'note', { kind: 'discarded', cause: 'superseded', by: x, isCertain: true })
    await pass.finish(store, await store.counts())
    const error = { id: y, attempts: 2, code: 'server-error', message: 'HTTP 503' }
    expect(await pass.report).toEqual({ note: { synced: [x], failed: [y], remaining: 0, errors: [error] } })
  })
})
