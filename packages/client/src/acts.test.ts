/** A person's acts: edit, discard, undo and skip, in every state in which they make sense, and where answers get lost. */
import { SyncError, type OperationId } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import { addNote, note, openNotes, refusing, textsOf } from './note.fixture.ts'
import type { Outbox } from './outbox.ts'
import { memoryDisk } from './store/memory-store.ts'
import type { Store } from './store/store.ts'
import { World } from './world.fixture.ts'

interface Scene {
  readonly world: World
  readonly outbox: Outbox
  /** The way to the server goes down, with everything that is sent or answered. */
  readonly cut: (what: 'lose-request' | 'lose-answer') => void
  readonly mend: () => Promise<void>
}

async function scene(): Promise<Scene> {
  const world = new World()
  const outbox = await openNotes(world, memoryDisk())
  await world.advance(1000)
  return {
    world,
    outbox,
    cut: (what) => {
      world.server.misbehave = () => what
      world.server.probe = 'red'
    },
    mend: async () => {
      world.server.misbehave = () => undefined
      world.server.probe = 'green'
      await world.hint()
      await world.advance(300_000)
    },
  }
}

const stateOf = async (outbox: Outbox, id: OperationId): Promise<unknown> => (await outbox.entry(id))?.state
const kindOf = async (outbox: Outbox, id: OperationId): Promise<string | undefined> =>
  (await outbox.entry(id))?.state.kind

describe('an edit', () => {
  test('F027 F095 of a dead letter goes under a new id, and its lane goes on behind it', async () => {
    const { world, outbox } = await scene()
    world.server.decide = refusing('bad')
    const bad = await outbox.enqueue(addNote, note('bad'))
    await outbox.enqueue(addNote, note('behind'))
    await world.advance(1000)
    const edited = await outbox.edit(bad.id, note('good'))
    expect(edited).toMatchObject({ concerns: bad.id, replaces: [bad.id], payload: note('good') })
    expect(await stateOf(outbox, bad.id)).toMatchObject({ kind: 'discarded', cause: 'superseded', by: edited.id })
    await world.advance(1000)
    expect((await edited.settled).kind).toBe('applied')
    expect(textsOf(world)).toEqual(['good', 'behind'])
    expect(await bad.settled).toMatchObject({ kind: 'discarded', by: edited.id, isCertain: true })
  })

  test('I3 of a queued entry keeps its place: what is before it goes first, what is behind it later', async () => {
    const { outbox, world, cut, mend } = await scene()
    cut('lose-request')
    const [, second] = await Promise.all(['one', 'two', 'three'].map((text) => outbox.enqueue(addNote, note(text))))
    if (second === undefined) throw new TypeError('three were stored')
    await world.advance(1000)
    const edited = await outbox.edit(second.id, note('TWO'))
    const again = await outbox.edit(edited.id, note('2'))
    expect(again.replaces).toEqual([edited.id, second.id])
    await outbox.enqueue(addNote, note('four'))
    await mend()
    expect(textsOf(world)).toEqual(['one', '2', 'three', 'four'])
    expect(world.server.requests.flatMap(({ operations }) => operations).map(({ id }) => id)).not.toContain(edited.id)
    for (const { id } of [second, edited]) expect(await stateOf(outbox, id)).toMatchObject({ isCertain: true })
  })

  test('I3 of a queued entry waits behind a dead letter of its lane like any other', async () => {
    const { outbox, world } = await scene()
    world.server.decide = refusing('bad')
    const bad = await outbox.enqueue(addNote, note('bad'))
    const behind = await outbox.enqueue(addNote, note('behind'))
    await world.advance(1000)
    await outbox.edit(behind.id, note('still behind'))
    await world.advance(60_000)
    expect(textsOf(world)).toEqual([])
    await outbox.edit(bad.id, note('good'))
    await world.advance(1000)
    expect(textsOf(world)).toEqual(['good', 'still behind'])
  })

  test('F012 I2 after a lost answer comes to nothing: what was applied first stands, and both say so', async () => {
    const { outbox, world, cut, mend } = await scene()
    cut('lose-answer')
    const first = await outbox.enqueue(addNote, note('one'))
    await world.advance(1000)
    const edited = await outbox.edit(first.id, note('ONE'))
    const again = await outbox.edit(edited.id, note('1'))
    await mend()
    expect(textsOf(world)).toEqual(['one'])
    expect((await first.settled).kind).toBe('applied')
    expect(await again.settled).toMatchObject({ kind: 'discarded', by: first.id, isCertain: true })
    expect(await edited.settled).toMatchObject({ kind: 'discarded', isCertain: true })
  })

  test('F014 of an edit that is still on its way: whichever arrives late has no effect', async () => {
    const { outbox, world, cut, mend } = await scene()
    cut('lose-request')
    const first = await outbox.enqueue(addNote, note('one'))
    await world.advance(30_000)
    const second = await outbox.edit(first.id, note('two'))
    world.server.probe = 'green'
    await world.advance(30_000)
    const third = await outbox.edit(second.id, note('three'))
    const late = world.server.requests.filter(({ operations }) => operations[0]?.id !== third.id)
    await mend()
    world.server.misbehave = () => undefined
    for (const request of late) await world.server.transport().send(request, new AbortController().signal)
    expect(new Set(late.flatMap(({ operations }) => operations.map(({ id }) => id)))).toEqual(
      new Set([first.id, second.id]),
    )
    expect(textsOf(world)).toEqual(['three'])
  })

  test('F091 of an entry in conflict keeps what it was made on, unless it is said anew', async () => {
    const { outbox, world } = await scene()
    world.server.decide = ({ base }) =>
      base !== undefined && 'version' in base && base.version === 1
        ? { outcome: 'conflict', version: 2 }
        : { outcome: 'applied', version: 3 }
    const mine = await outbox.enqueue(addNote, note('mine'), { base: { version: 1 } })
    await world.advance(1000)
    const same = await outbox.edit(mine.id, note('both'))
    await world.advance(1000)
    expect(await kindOf(outbox, same.id)).toBe('conflicted')
    const settled = await outbox.edit(same.id, note('both'), { base: { version: 2 } })
    await world.advance(1000)
    expect((await settled.settled).kind).toBe('applied')
    expect(textsOf(world)).toEqual(['both'])
  })

  test('of a waiting entry goes at once, and of one that the server wants later too', async () => {
    const { outbox, world } = await scene()
    world.server.decide = () => {
      throw new TypeError('nothing is decided here')
    }
    world.server.misbehave = () => ({ kind: 'none', cause: 'network' })
    const first = await outbox.enqueue(addNote, note('one'))
    await world.advance(500)
    expect(await kindOf(outbox, first.id)).toBe('waiting')
    world.server.misbehave = () => undefined
    world.server.decide = () => ({ outcome: 'applied' })
    await outbox.edit(first.id, note('two'))
    await world.advance(10)
    expect(textsOf(world)).toEqual(['two'])
  })

  test('is refused where it makes no sense, and changes nothing then', async () => {
    const { outbox, world } = await scene()
    world.server.decide = refusing('bad')
    const [done, bad] = [await outbox.enqueue(addNote, note('done', 'b')), await outbox.enqueue(addNote, note('bad'))]
    await world.advance(1000)
    const refused = async (work: Promise<unknown>): Promise<unknown> => work.catch((error: unknown) => error)
    const code = async (work: Promise<unknown>): Promise<string | undefined> => {
      const error = await refused(work)
      return error instanceof SyncError ? error.code : undefined
    }
    expect(await code(outbox.edit(done.id, note('x', 'b')))).toBe('illegal-act')
    expect(await code(outbox.edit(bad.id, { nothing: true }))).toBe('invalid-payload')
    expect(await code(outbox.edit(bad.id, note('elsewhere', 'other')))).toBe('illegal-act')
    await outbox.discard(bad.id)
    const [news] = (await outbox.entries()).filter(({ isCancel }) => isCancel)
    expect(await code(outbox.edit(news?.id ?? bad.id, note('x')))).toBe('illegal-act')
    expect(await code(outbox.discard(news?.id ?? bad.id))).toBe('illegal-act')
    expect(outbox.status().counts.dead).toBe(0)
  })

  test('can be repeated without an answer for a bounded number of times', async () => {
    const { outbox, cut } = await scene()
    cut('lose-request')
    let entry = await outbox.enqueue(addNote, note('0'))
    for (let nth = 1; nth <= 65; nth += 1) entry = await outbox.edit(entry.id, note(`${nth}`))
    await expect(outbox.edit(entry.id, note('one more'))).rejects.toMatchObject({ code: 'illegal-act' })
    expect((await outbox.entry(entry.id))?.payload).toEqual(note('65'))
  })
})

describe('a discard', () => {
  test('keeps its reason and its content, and refuses a reason that is no short text', async () => {
    const { outbox, world } = await scene()
    world.server.decide = refusing('bad')
    const bad = await outbox.enqueue(addNote, note('bad'))
    await world.advance(1000)
    await expect(outbox.discard(bad.id, { reason: 'x'.repeat(501) })).rejects.toMatchObject({ code: 'invalid-payload' })
    const discarded = await outbox.discard(bad.id, { reason: 'counted twice' })
    expect(discarded).toMatchObject({
      state: { kind: 'discarded', reason: 'counted twice', isCertain: false },
      payload: note('bad'),
      canUndo: true,
      attempts: [{ problem: { detail: 'Not sold any more.' } }],
    })
    await world.advance(1000)
    const [settled] = await outbox.entries({ state: 'discarded' })
    expect(settled).toMatchObject({ state: { reason: 'counted twice', isCertain: true }, payload: note('bad') })
  })

  test('I3 of a queued entry: what is before it goes first, and its dead news holds nobody', async () => {
    const { outbox, world, cut, mend } = await scene()
    cut('lose-request')
    const [, second] = await Promise.all(['one', 'two', 'three'].map((text) => outbox.enqueue(addNote, note(text))))
    if (second === undefined) throw new TypeError('three were stored')
    await world.advance(1000)
    await outbox.discard(second.id)
    let refusals = 0
    world.server.refuse = ({ cancel }) => {
      if (cancel === undefined) return undefined
      refusals += 1
      return { outcome: 'rejected', problem: { type: 'urn:x', title: 'No', status: 403 } }
    }
    await mend()
    expect(refusals).toBe(1)
    expect(textsOf(world)).toEqual(['one', 'three'])
    const [dead] = await outbox.entries({ state: 'dead' })
    expect(dead).toMatchObject({ isCancel: true, isSkipped: true })
    world.server.refuse = () => undefined
    const again = await outbox.retry(dead?.id ?? second.id)
    expect(again).toMatchObject({ isCancel: true, replaces: [second.id, dead?.id] })
    await world.advance(1000)
    expect(await second.settled).toMatchObject({ kind: 'discarded', isCertain: true })
    expect(textsOf(world)).toEqual(['one', 'three'])
  })

  test('F014 of an edit takes all versions back: whichever arrives late has no effect', async () => {
    const { outbox, world, cut, mend } = await scene()
    cut('lose-request')
    const first = await outbox.enqueue(addNote, note('one'))
    await world.advance(1000)
    const second = await outbox.edit(first.id, note('two'))
    const third = await outbox.edit(second.id, note('three'))
    await outbox.discard(third.id)
    const late = [...world.server.requests]
    await mend()
    for (const request of late) await world.server.transport().send(request, new AbortController().signal)
    expect(textsOf(world)).toEqual([])
    for (const { id } of [first, second, third]) expect(world.server.ledger.get(id)?.outcome).toBe('rejected')
    for (const { settled } of [first, second, third]) expect(await settled).toMatchObject({ isCertain: true })
  })
})

describe('an undo', () => {
  test('of a discard that nobody has heard of: the entry goes out under a new id, at its old place', async () => {
    const { outbox, world, cut, mend } = await scene()
    cut('lose-request')
    const [first] = await Promise.all(['one', 'two'].map((text) => outbox.enqueue(addNote, note(text))))
    if (first === undefined) throw new TypeError('two were stored')
    await world.advance(1000)
    await outbox.discard(first.id)
    const again = await outbox.undo(first.id)
    expect(again).toMatchObject({ payload: note('one'), replaces: [first.id] })
    expect(again.id).not.toBe(first.id)
    await mend()
    expect(textsOf(world)).toEqual(['one', 'two'])
    expect(await first.settled).toMatchObject({ kind: 'discarded', cause: 'superseded', by: again.id })
    expect(outbox.status()).toMatchObject({ pending: 0, needsYou: 0 })
    expect(await outbox.entries()).toEqual([])
  })

  test('of a discard that the server has noted: it still goes before what is queued behind it', async () => {
    const { outbox, world, cut, mend } = await scene()
    cut('lose-request')
    const first = await outbox.enqueue(addNote, note('one'))
    await world.advance(1000)
    await outbox.discard(first.id, { reason: 'mistake' })
    await mend()
    expect(await stateOf(outbox, first.id)).toMatchObject({ isCertain: true })
    cut('lose-request')
    await outbox.enqueue(addNote, note('later'))
    const again = await outbox.undo(first.id)
    await expect(outbox.undo(first.id)).rejects.toMatchObject({ code: 'illegal-act' })
    await mend()
    expect(textsOf(world)).toEqual(['one', 'later'])
    expect((await again.settled).kind).toBe('applied')
  })

  test('I3 of a discard behind a dead letter: the server hears of it at once, and what is put back waits its turn', async () => {
    const { outbox, world } = await scene()
    world.server.decide = refusing('bad')
    const [bad, , third] = await Promise.all(['bad', 'two', 'three'].map((text) => outbox.enqueue(addNote, note(text))))
    if (bad === undefined || third === undefined) throw new TypeError('three were stored')
    await world.advance(1000)
    await outbox.discard(third.id)
    await world.advance(1000)
    expect(await stateOf(outbox, third.id)).toMatchObject({ kind: 'discarded', isCertain: true })
    await outbox.undo(third.id)
    await outbox.enqueue(addNote, note('four'))
    await world.advance(1000)
    expect(textsOf(world)).toEqual([])
    await outbox.edit(bad.id, note('one'))
    await world.advance(1000)
    expect(textsOf(world)).toEqual(['one', 'two', 'three', 'four'])
  })

  test('F012 I2 of a discard that came too late: it was applied, once, and nothing more happens', async () => {
    const { outbox, world, cut, mend } = await scene()
    cut('lose-answer')
    const first = await outbox.enqueue(addNote, note('one'))
    await world.advance(1000)
    await outbox.discard(first.id)
    const again = await outbox.undo(first.id)
    await mend()
    expect(textsOf(world)).toEqual(['one'])
    expect((await first.settled).kind).toBe('applied')
    expect(await again.settled).toMatchObject({ kind: 'discarded', by: first.id, isCertain: true })
    await expect(outbox.undo(first.id)).rejects.toMatchObject({ code: 'illegal-act' })
  })

  test('F012 I2 of the discard of an edit does nothing when what was edited had been applied', async () => {
    const { outbox, world, cut, mend } = await scene()
    cut('lose-answer')
    const first = await outbox.enqueue(addNote, note('one'))
    await world.advance(1000)
    const second = await outbox.edit(first.id, note('two'))
    await outbox.discard(second.id)
    await mend()
    expect(await stateOf(outbox, second.id)).toMatchObject({ kind: 'discarded', isCertain: true })
    await outbox.undo(second.id)
    await mend()
    expect(textsOf(world)).toEqual(['one'])
    expect(outbox.status()).toMatchObject({ pending: 0, needsYou: 0 })
  })

  test('of a discard whose answer was lost: the entry goes out once', async () => {
    const { outbox, world, cut, mend } = await scene()
    cut('lose-request')
    const first = await outbox.enqueue(addNote, note('one'))
    await world.advance(1000)
    await outbox.discard(first.id)
    cut('lose-answer')
    await world.advance(120_000)
    world.server.probe = 'green'
    await world.advance(120_000)
    expect(world.server.ledger.get(first.id)?.outcome).toBe('rejected')
    await outbox.undo(first.id)
    await mend()
    expect(textsOf(world)).toEqual(['one'])
  })

  test('of an edit puts the version before it back, and an edit of an edit goes back step by step', async () => {
    const { outbox, world, cut, mend } = await scene()
    cut('lose-request')
    const first = await outbox.enqueue(addNote, note('one'))
    const second = await outbox.edit(first.id, note('two'))
    await outbox.edit(second.id, note('three'))
    await expect(outbox.undo(first.id)).rejects.toMatchObject({ code: 'illegal-act' })
    const back = await outbox.undo(second.id)
    expect(back.payload).toEqual(note('two'))
    await mend()
    expect(textsOf(world)).toEqual(['two'])
    await expect(outbox.undo(second.id)).rejects.toMatchObject({ code: 'illegal-act' })
  })

  test('of an undo puts the edit back', async () => {
    const { outbox, world, cut, mend } = await scene()
    cut('lose-request')
    const first = await outbox.enqueue(addNote, note('one'))
    const second = await outbox.edit(first.id, note('two'))
    await outbox.undo(first.id)
    await outbox.undo(second.id)
    await mend()
    expect(textsOf(world)).toEqual(['two'])
  })

  test('of what was not taken back is refused', async () => {
    const { outbox, world, cut } = await scene()
    const done = await outbox.enqueue(addNote, note('one'))
    await world.advance(1000)
    cut('lose-request')
    const queued = await outbox.enqueue(addNote, note('two'))
    for (const { id } of [done, queued]) await expect(outbox.undo(id)).rejects.toMatchObject({ code: 'illegal-act' })
    world.server.decide = refusing('bad')
  })
})

describe('a lane that goes on', () => {
  test('I8 without its dead letter, which stays until a person settles it', async () => {
    const { outbox, world } = await scene()
    world.server.decide = refusing('bad')
    const bad = await outbox.enqueue(addNote, note('bad'))
    await outbox.enqueue(addNote, note('behind'))
    await world.advance(60_000)
    expect(textsOf(world)).toEqual([])
    expect(await outbox.skip(bad.id)).toMatchObject({ isSkipped: true, state: { kind: 'dead' } })
    await world.advance(1000)
    expect(textsOf(world)).toEqual(['behind'])
    expect(outbox.status()).toMatchObject({ pending: 0, needsYou: 1 })
    world.server.decide = () => ({ outcome: 'applied' })
    await outbox.edit(bad.id, note('good'))
    await world.advance(1000)
    expect(textsOf(world)).toEqual(['behind', 'good'])
  })

  test('is for what needs a person: anything else goes on by itself', async () => {
    const { outbox, cut } = await scene()
    cut('lose-request')
    const queued = await outbox.enqueue(addNote, note('one'))
    await expect(outbox.skip(queued.id)).rejects.toMatchObject({ code: 'illegal-act' })
  })
})

describe('F043 an act whose commit was not seen, and which is written again', () => {
  /** A store that loses its connection after each strict commit, and repeats what it has written. */
  const repeating = (store: Store): Store => ({
    ...store,
    update: async (requests, options) => {
      if (options.durability === 'strict') await store.update(requests, options)
      return store.update(requests, options)
    },
  })

  test('is carried out once, and gives the entry to follow', async () => {
    const world = new World()
    const outbox = await openNotes(world, memoryDisk(), repeating)
    await world.advance(1000)
    await outbox.pause()
    const [first, second, third] = await Promise.all(
      ['one', 'two', 'three'].map((text) => outbox.enqueue(addNote, note(text))),
    )
    if (first === undefined || second === undefined || third === undefined) throw new RangeError('three were stored')
    const edited = await outbox.edit(first.id, note('ONE'))
    expect(edited).toMatchObject({ concerns: first.id, payload: note('ONE') })
    expect((await outbox.discard(second.id)).state.kind).toBe('discarded')
    const back = await outbox.undo(second.id)
    expect(back).toMatchObject({ payload: note('two') })
    await outbox.resume()
    await world.advance(1000)
    expect(textsOf(world)).toHaveLength(3)
    expect(new Set(textsOf(world))).toEqual(new Set(['ONE', 'two', 'three']))
    expect((await edited.settled).kind).toBe('applied')
    expect((await back.settled).kind).toBe('applied')
    await outbox.close()
  })
})
