import 'fake-indexeddb/auto'
import { defineLane, defineOperation, type Schema } from '@holdfast/core'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { memoryFallback } from './memory-fallback.ts'
import { openOutbox } from './open-outbox.ts'
import { codeOf, openRaw } from './store/raw-database.fixture.ts'
import { FakeServer } from './world.fixture.ts'

const text: Schema<string> = {
  '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value: String(value) }) },
}
const laneOf = defineLane('note')
const addNote = defineOperation({ type: 'note.add', version: 1, payload: text, lane: (note: string) => laneOf(note) })

const server = new FakeServer()
const options = (name: string) => ({
  name,
  operations: [addNote],
  session: { tenant: 'north', user: 'ana' },
  transport: server.transport(),
})

beforeEach(() => {
  // A page hears of the network and of its own life; here nothing ever happens to it.
  const page = new EventTarget()
  vi.stubGlobal('addEventListener', page.addEventListener.bind(page))
  vi.stubGlobal('removeEventListener', page.removeEventListener.bind(page))
})

afterEach(() => {
  vi.unstubAllGlobals()
})

describe('a browser without IndexedDB', () => {
  test('F045 is refused, unless the app has asked for memory', async () => {
    vi.stubGlobal('indexedDB', undefined)
    expect(await codeOf(openOutbox(options('none')))).toBe('storage')
  })

  test('F045 with memory, entries are sent, and the status says that they are not kept', async () => {
    vi.stubGlobal('indexedDB', undefined)
    const outbox = await openOutbox({ ...options('memory'), fallback: memoryFallback() })
    expect(outbox.status().durable).toBe(false)
    const entry = await outbox.enqueue(addNote, 'one')
    expect((await entry.settled).kind).toBe('applied')
    await outbox.close()
  })

  test('F045 two pages with memory do not wait for each other: neither can send what the other has', async () => {
    vi.stubGlobal('indexedDB', undefined)
    const first = await openOutbox({ ...options('two'), fallback: memoryFallback() })
    const second = await openOutbox({ ...options('two'), fallback: memoryFallback() })
    const entries = [await first.enqueue(addNote, 'first'), await second.enqueue(addNote, 'second')]
    await Promise.all(entries.map(({ settled }) => settled))
    expect(server.effects.map(({ payload }) => payload)).toEqual(expect.arrayContaining(['first', 'second']))
    await Promise.all([first.close(), second.close()])
  })

  test('F040 a newer database is no reason for memory: it holds entries, and the page is to be reloaded', async () => {
    const newer = await openRaw('holdfast:newer:north:ana', 2)
    newer.close()
    expect(await codeOf(openOutbox({ ...options('newer'), fallback: memoryFallback() }))).toBe('newer-database')
  })
})
