import {
  defineLane,
  defineOperation,
  operationIdFrom,
  operationIdRandomBytes,
  problem,
  type Schema,
} from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import { TestDevice } from './test-device.ts'

interface Note {
  readonly subject: string
  readonly text: string
}

const noteSchema: Schema<Note> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) =>
      typeof value === 'object' && value !== null && 'subject' in value && 'text' in value
        ? { value: { subject: String(value.subject), text: String(value.text) } }
        : { issues: [{ message: 'expected a note' }] },
  },
}
const noteLane = defineLane('note')
const addNote = defineOperation({
  type: 'note.add',
  version: 1,
  payload: noteSchema,
  lane: (note: Note) => noteLane(note.subject),
})
const operations = [addNote]
const note = (text: string, subject = 'a'): Note => ({ subject, text })
const texts = (device: TestDevice): unknown[] => device.server.effects.map(({ payload }) => payload)
const minuteMs = 60_000

describe('a test device', () => {
  test('F011 F012 F013 F017 F023 F025 carries operations through faults, each once and in order', async () => {
    await using device = new TestDevice()
    const outbox = await device.open({ operations })
    device.network.fail('lose-request', 'lose-answer', 'captive', { status: 503 }, { status: 429, retryAfter: '7' })
    device.network.fail({ status: 502, mediaType: 'text/html' }, 'duplicate')
    for (const text of ['one', 'two', 'three']) await outbox.enqueue(addNote, note(text))
    await device.advance(10 * minuteMs)
    expect(texts(device)).toEqual([note('one'), note('two'), note('three')])
    expect(outbox.status()).toMatchObject({ pending: 0, needsYou: 0 })
    await device.assertEverySettledOnce()
  })

  test('offline, entries wait; back online, they go within four seconds', async () => {
    await using device = new TestDevice()
    device.goOffline()
    const outbox = await device.open({ operations })
    await outbox.enqueue(addNote, note('one'))
    await device.advance(minuteMs)
    expect(device.server.requests).toEqual([])
    await expect(device.assertEverySettledOnce()).rejects.toThrow('note.add')
    await device.goOnline()
    await device.advance(4000)
    await device.assertEverySettledOnce()
  })

  test('F001 a tab that is killed with a request in flight leads to one effect', async () => {
    await using device = new TestDevice()
    device.network.roundTripMs = 200
    const outbox = await device.open({ operations })
    await outbox.enqueue(addNote, note('one'))
    await device.advance(150)
    expect(device.server.requests).toHaveLength(1)
    device.kill(outbox)
    const next = await device.open({ operations })
    await device.advance(minuteMs)
    expect(next.status().pending).toBe(0)
    expect(texts(device)).toEqual([note('one')])
    await device.assertEverySettledOnce()
  })

  test('F004 what was acknowledged survives a power cut', async () => {
    await using device = new TestDevice()
    device.goOffline()
    const outbox = await device.open({ operations })
    await outbox.enqueue(addNote, note('one'))
    device.cutPower()
    device.network.isOnline = true
    await device.open({ operations })
    await device.advance(minuteMs)
    expect(texts(device)).toEqual([note('one')])
  })

  test('F006 of two tabs one sends, and the other takes over when it is killed', async () => {
    await using device = new TestDevice()
    const first = await device.open({ operations })
    const second = await device.open({ operations })
    await device.settle()
    expect([first.status().isLeader, second.status().isLeader]).toEqual([true, false])
    device.kill(first)
    await second.enqueue(addNote, note('one'))
    await device.advance(minuteMs)
    expect(second.status()).toMatchObject({ isLeader: true, pending: 0 })
    await device.assertEverySettledOnce()
  })

  test('F037 a full disk refuses an entry, and nothing of it is stored', async () => {
    await using device = new TestDevice()
    const outbox = await device.open({ operations })
    device.isDiskFull = true
    await expect(outbox.enqueue(addNote, note('one'))).rejects.toMatchObject({ code: 'quota' })
    device.isDiskFull = false
    await outbox.enqueue(addNote, note('two'))
    await device.advance(minuteMs)
    expect(texts(device)).toEqual([note('two')])
    await device.assertEverySettledOnce()
  })

  test('F055 another person sees nothing of a queue, and cannot send it', async () => {
    await using device = new TestDevice()
    device.goOffline()
    const ana = await device.open({ operations, session: { tenant: 'north', user: 'ana' } })
    await ana.enqueue(addNote, note('of ana'))
    await ana.close()
    device.server.session = { tenant: 'north', user: 'ben' }
    await device.goOnline()
    const ben = await device.open({ operations, session: { tenant: 'north', user: 'ben' } })
    await device.advance(minuteMs)
    expect(ben.status().pending).toBe(0)
    expect(await ben.sealed()).toMatchObject([{ user: 'ana', pending: 1 }])
    expect(device.server.effects).toEqual([])
  })

  test('a decider of the test refuses, and the dead letter is not taken for settled', async () => {
    await using device = new TestDevice()
    device.server.decide = () => ({ outcome: 'rejected', problem: problem('refused', 'No.') })
    const outbox = await device.open({ operations })
    const { id } = await outbox.enqueue(addNote, note('one'))
    await device.advance(minuteMs)
    expect(outbox.status()).toMatchObject({ pending: 0, needsYou: 1 })
    await expect(device.assertEverySettledOnce()).rejects.toThrow('it is dead')
    await outbox.discard(id)
    await device.advance(minuteMs)
    await device.assertEverySettledOnce()
  })

  test('F034 a clock that is set back stops nothing', async () => {
    await using device = new TestDevice()
    const outbox = await device.open({ operations })
    device.network.fail({ status: 503 }, { status: 503 })
    await outbox.enqueue(addNote, note('one'))
    await device.advance(100)
    device.clock.jump(-24 * 60 * minuteMs)
    await device.advance(10 * minuteMs)
    await device.assertEverySettledOnce()
  })

  test('the same seed gives the same ids, another one others', async () => {
    const idOf = async (seed: number): Promise<string> => {
      await using device = new TestDevice(seed)
      const outbox = await device.open({ operations })
      return (await outbox.enqueue(addNote, note('one'))).id
    }
    expect(await idOf(7)).toBe(await idOf(7))
    expect(await idOf(7)).not.toBe(await idOf(8))
  })
})

describe('the assertion that everything was settled once', () => {
  test('sees an effect that was lost, doubled, reordered, or of nobody', async () => {
    await using device = new TestDevice()
    const outbox = await device.open({ operations })
    for (const text of ['one', 'two', 'three']) await outbox.enqueue(addNote, note(text))
    await device.advance(minuteMs)
    await device.assertEverySettledOnce()
    const { effects } = device.server
    const broken = async (change: typeof effects): Promise<void> => {
      const before = effects.splice(0, effects.length, ...change)
      await device.assertEverySettledOnce().finally(() => effects.splice(0, effects.length, ...before))
    }
    const strange = operationIdFrom(0, new Uint8Array(operationIdRandomBytes))
    const [one, two, three] = effects
    if (one === undefined || two === undefined || three === undefined) throw new Error('three effects were expected')
    await expect(broken([one, three])).rejects.toThrow('had no effect')
    await expect(broken([one, two, three, two])).rejects.toThrow('had an effect after')
    await expect(broken([two, one, three])).rejects.toThrow('was stored before it')
    await expect(broken([one, two, three, { ...three, id: strange }])).rejects.toThrow('never stored')
  })
})
