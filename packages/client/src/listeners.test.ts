import { describe, expect, test } from 'vitest'
import { addNote, note, openNotes, textsOf } from './note.fixture.ts'
import { Listeners } from './listeners.ts'
import { memoryDisk } from './store/memory-store.ts'
import { World } from './world.fixture.ts'

describe('a listener that throws', () => {
  test('is reported, and every other one hears of the event', () => {
    const [reported, heard] = [new Array<unknown>(), new Array<number>()]
    const fault = new Error('mine')
    const listeners = new Listeners<[number]>((error) => reported.push(error))
    const stop = listeners.add(() => {
      throw fault
    })
    listeners.add((value) => heard.push(value))
    listeners.tell(1)
    stop()
    listeners.tell(2)
    listeners.clear()
    listeners.tell(3)
    expect([reported, heard]).toEqual([[fault], [1, 2]])
  })

  test('does no harm where nobody takes reports', () => {
    const listeners = new Listeners(undefined)
    listeners.add(() => {
      throw new Error('mine')
    })
    listeners.tell()
    expect(listeners.isEmpty).toBe(false)
  })

  test('I11 ends no leadership, and no act is called a failure that was carried out', async () => {
    const world = new World()
    const outbox = await openNotes(world, memoryDisk())
    const fault = new Error('mine')
    outbox.onSettled(() => {
      throw fault
    })
    outbox.subscribe(() => {
      throw fault
    })
    for (let nth = 0; nth < 200; nth += 1) void outbox.enqueue(addNote, note(`n${nth}`))
    await world.advance(500)
    expect(textsOf(world)).toHaveLength(200)
    world.server.probe = 'red'
    world.server.misbehave = () => 'lose-request'
    const { id } = await outbox.enqueue(addNote, note('taken back'))
    expect((await outbox.discard(id)).state.kind).toBe('discarded')
    expect(new Set(world.reported)).toEqual(new Set([fault]))
    await outbox.close()
  })
})
