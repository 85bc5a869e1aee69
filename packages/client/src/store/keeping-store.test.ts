import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { deliver, exponential, type DeliveryEvent } from '@holdfast/core'
import { FullDisk } from './full-disk.fixture.ts'
import { KeepingStore } from './keeping-store.ts'
import { memoryDisk, openMemoryStore } from './memory-store.ts'
import { codeOf } from './raw-database.fixture.ts'
import {
  always,
  appliedChange,
  deadState,
  idsOf,
  queuedOperation,
  readWholeLog,
  waitingUntil,
} from './store.fixture.ts'
import { idOf, type Store, type StoredEntry, type UpdateReport, type UpdateRequest } from './store.ts'

/** A clock that is moved by hand. */
class HandClock {
  nowMs = 1000
  readonly #timers = new Set<{ readonly atMs: number; readonly callback: () => void }>()

  now(): number {
    return this.nowMs
  }

  timer(delayMs: number, callback: () => void): () => void {
    const timer = { atMs: this.nowMs + delayMs, callback }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  get timers(): number {
    return this.#timers.size
  }

  async advance(byMs: number): Promise<void> {
    this.nowMs += byMs
    for (const timer of this.#timers) {
      if (timer.atMs > this.nowMs) continue
      this.#timers.delete(timer)
      timer.callback()
    }
    for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve))
  }
}

interface Setup {
  readonly disk: Store
  readonly room: FullDisk
  readonly clock: HandClock
  readonly keeping: KeepingStore
  readonly written: UpdateReport[]
  readonly epoch: number
}

async function setUp(): Promise<Setup> {
  const disk = openMemoryStore(memoryDisk())
  const [room, clock, written] = [new FullDisk(), new HandClock(), new Array<UpdateReport>()]
  const keeping = new KeepingStore(room.wrap(disk), clock, {
    onWrite: () => {},
    onKept: () => {},
    onWritten: (reports) => written.push(...reports),
  })
  return { disk, room, clock, keeping, written, epoch: await keeping.claim('tab', 1) }
}

const options = (epoch: number) => ({ epoch, durability: 'relaxed', nowMs: 5000 }) as const

describe('a leader on a disk without room', () => {
  test('F038 is told that its changes are made, and reads them as if they were written', async () => {
    const { disk, room, keeping, epoch } = await setUp()
    const stored = await keeping.append(['a', 'b', 'c', 'd'].map((id) => queuedOperation(id)))
    const [a, b, c] = stored
    if (a === undefined || b === undefined || c === undefined) throw new Error('entries')
    room.fill()
    const reports = await keeping.update(
      [always(a, appliedChange()), always(b, { state: waitingUntil(9) }), always(c, { state: deadState })],
      options(epoch),
    )
    expect(reports.map(({ entry, isChanged }) => [idOf(entry), entry.state.kind, isChanged])).toEqual([
      ['a', 'applied', true],
      ['b', 'waiting', true],
      ['c', 'dead', true],
    ])
    expect(await keeping.counts()).toEqual({ queued: 1, waiting: 1, conflicted: 0, dead: 1 })
    expect(idsOf(await readWholeLog(keeping, 'medium'))).toEqual(['d'])
    expect(idsOf(await keeping.readHeld('waiting', { limit: 5 }))).toEqual(['b'])
    expect((await keeping.find(a.operation.id))?.state.kind).toBe('applied')
    expect(idsOf(await keeping.readSettled({ limit: 5 }))).toEqual(['a'])
    // Nothing of it is on the disk.
    expect((await disk.counts()).queued).toBe(4)
  })

  test('F038 writes everything in order once there is room, and says so', async () => {
    const { disk, room, clock, keeping, written, epoch } = await setUp()
    const stored = await keeping.append(['a', 'b'].map((id) => queuedOperation(id)))
    room.fill()
    const [held] = await keeping.update([always(one(stored, 0), { state: waitingUntil(9) })], options(epoch))
    if (held === undefined) throw new Error('a report')
    await keeping.update([always(held.entry, appliedChange())], options(epoch))
    await keeping.update([always(one(stored, 1), appliedChange())], options(epoch))
    expect(room.updates).toBe(1)
    room.empty()
    await clock.advance(1000)
    expect(await disk.counts()).toEqual({ queued: 0, waiting: 0, conflicted: 0, dead: 0 })
    expect(idsOf(await disk.readSettled({ limit: 5 }))).toEqual(['b', 'a'])
    expect(new Set(written.map(({ entry }) => idOf(entry)))).toEqual(new Set(['a', 'b']))
    expect(await keeping.readSettled({ limit: 5 })).toEqual(await disk.readSettled({ limit: 5 }))
  })

  test('F038 tries again ever more rarely, and at once after something was stored', async () => {
    const { room, clock, keeping, epoch } = await setUp()
    const stored = await keeping.append([queuedOperation('a')])
    room.changesMax = 0
    await keeping.update([always(one(stored, 0), appliedChange())], options(epoch))
    for (const [afterMs, triesMax] of [
      [10_000, 10],
      [600_000, 30],
    ] as const) {
      const before = room.updates
      for (let ms = 0; ms < afterMs; ms += 500) await clock.advance(500)
      expect(room.updates - before).toBeGreaterThan(2)
      expect(room.updates - before).toBeLessThan(triesMax)
    }
    room.empty()
    await keeping.append([queuedOperation('b')])
    await clock.advance(0)
    expect((await keeping.counts()).queued).toBe(1)
    const before = room.updates
    await clock.advance(600_000)
    expect(room.updates).toBe(before)
  })

  test('F038 little room takes a few changes at a time', async () => {
    const { disk, room, clock, keeping, epoch } = await setUp()
    const stored = await keeping.append(Array.from({ length: 100 }, (_, nth) => queuedOperation(`id-${nth}`)))
    room.changesMax = 40
    await keeping.update(
      stored.map((entry) => always(entry, appliedChange())),
      options(epoch),
    )
    expect((await disk.counts()).queued).toBe(100)
    await clock.advance(1000)
    expect((await disk.counts()).queued).toBe(0)
  })

  test('F038 an entry of which only the first change is written is still shown as it is', async () => {
    const { disk, room, clock, keeping, epoch } = await setUp()
    const stored = await keeping.append(Array.from({ length: 20 }, (_, nth) => queuedOperation(`id-${nth}`)))
    room.changesMax = 0
    const reports = await keeping.update(
      stored.map((entry) => always(entry, { state: waitingUntil(9) })),
      options(epoch),
    )
    await keeping.update(
      reports.map(({ entry }) => always(entry, appliedChange())),
      options(epoch),
    )
    room.changesMax = 32
    room.updatesLeft = 1
    await clock.advance(1000)
    expect(await disk.counts()).toMatchObject({ queued: 0, waiting: 8 })
    expect(await keeping.counts()).toMatchObject({ queued: 0, waiting: 0 })
    room.empty()
    await clock.advance(2000)
    expect(await disk.counts()).toMatchObject({ queued: 0, waiting: 0 })
  })

  test('F038 I12 what is being written is taken off the counts once, whether the disk has it by then or not', async () => {
    const { disk, room, clock, keeping, epoch } = await setUp()
    const stored = await keeping.append(['a', 'b'].map((id) => queuedOperation(id)))
    room.changesMax = 0
    await keeping.update([always(one(stored, 0), appliedChange())], options(epoch))
    room.empty()
    const [held, unheard] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    room.held = held.promise
    room.unheard = unheard.promise
    // Asked for before the disk has it, and after.
    const early = keeping.counts()
    await clock.advance(1000)
    held.resolve()
    await clock.advance(0)
    expect((await disk.counts()).queued).toBe(1)
    const late = keeping.counts()
    await clock.advance(0)
    unheard.resolve()
    expect([(await early).queued, (await late).queued]).toEqual([1, 1])
  })

  test('F043 I12 what was written and reported as failed is not taken off the counts again', async () => {
    const { room, clock, keeping, epoch } = await setUp()
    const stored = await keeping.append(['a', 'b', 'c'].map((id) => queuedOperation(id)))
    room.isAmbiguous = true
    await keeping.update([always(one(stored, 0), appliedChange())], options(epoch))
    await keeping.update([always(one(stored, 1), { state: waitingUntil(9) })], options(epoch))
    const counts = { queued: 1, waiting: 1, conflicted: 0, dead: 0 }
    expect(await keeping.counts()).toEqual(counts)
    await clock.advance(1000)
    expect(await keeping.counts()).toEqual(counts)
    room.isAmbiguous = false
    await clock.advance(60_000)
    expect(await keeping.counts()).toEqual(counts)
  })

  test('F038 changes that come while the disk is tried are written too, each once', async () => {
    const { disk, room, clock, keeping, written, epoch } = await setUp()
    const stored = await keeping.append(['a', 'b', 'c'].map((id) => queuedOperation(id)))
    room.fill()
    await keeping.update([always(one(stored, 0), appliedChange())], options(epoch))
    room.empty()
    const held = Promise.withResolvers<void>()
    room.held = held.promise
    await clock.advance(1000)
    const late = keeping.update([always(one(stored, 1), appliedChange())], options(epoch))
    const act = keeping.update([always(one(stored, 2), { state: deadState })], { durability: 'strict', nowMs: 6000 })
    await clock.advance(0)
    held.resolve()
    await Promise.all([late, act])
    await clock.advance(5000)
    expect(await disk.counts()).toEqual({ queued: 0, waiting: 0, conflicted: 0, dead: 1 })
    expect(await keeping.counts()).toEqual(await disk.counts())
    expect(written.map(({ entry, isChanged }) => [idOf(entry), isChanged])).toEqual([
      ['a', true],
      ['b', true],
    ])
  })

  test('F038 after a time without trouble the first pause is short again', async () => {
    const { disk, room, clock, keeping, epoch } = await setUp()
    const stored = await keeping.append(['a', 'b'].map((id) => queuedOperation(id)))
    room.changesMax = 0
    await keeping.update([always(one(stored, 0), appliedChange())], options(epoch))
    for (let ms = 0; ms < 300_000; ms += 500) await clock.advance(500)
    room.empty()
    await clock.advance(60_000)
    expect((await disk.counts()).queued).toBe(1)
    room.changesMax = 0
    await keeping.update([always(one(stored, 1), appliedChange())], options(epoch))
    room.empty()
    await clock.advance(1000)
    expect((await disk.counts()).queued).toBe(0)
  })

  test('what is kept has an end', async () => {
    const { room, keeping, epoch } = await setUp()
    const stored = await keeping.append(
      Array.from({ length: 20 }, (_, nth) => queuedOperation(`id-${nth}`, { size: 1024 * 1024 })),
    )
    room.fill()
    const requests = stored.map((entry) => always(entry, appliedChange()))
    await keeping.update(requests.slice(0, 10), options(epoch))
    expect(keeping.isFull).toBe(false)
    await keeping.update(requests.slice(10), options(epoch))
    expect(keeping.isFull).toBe(true)
    room.empty()
    await keeping.release()
    expect(keeping.isFull).toBe(false)
  })

  test('a leadership ends with one try, and what cannot be written is as the disk has it', async () => {
    const { room, clock, keeping, epoch } = await setUp()
    const stored = await keeping.append([queuedOperation('a')])
    room.fill()
    await keeping.update([always(one(stored, 0), appliedChange())], options(epoch))
    const before = room.updates
    await keeping.release()
    // All of it, and then a few of it.
    expect(room.updates - before).toBe(2)
    expect((await keeping.counts()).queued).toBe(1)
    expect(clock.timers).toBe(0)
  })

  test('I2 what an overtaken leader has kept is never written', async () => {
    const { disk, room, clock, keeping, written, epoch } = await setUp()
    const stored = await keeping.append([queuedOperation('a')])
    room.fill()
    await keeping.update([always(one(stored, 0), { state: deadState })], options(epoch))
    await disk.claim('another tab', 2)
    room.empty()
    await clock.advance(1000)
    expect(await keeping.counts()).toEqual({ queued: 1, waiting: 0, conflicted: 0, dead: 0 })
    expect(written).toEqual([])
    expect(await codeOf(keeping.update([], options(epoch)))).toBe('fenced')
  })

  test('the act of a person is refused while its ground cannot be written, and judged by it afterwards', async () => {
    const { room, keeping, epoch } = await setUp()
    const stored = await keeping.append([queuedOperation('a')])
    room.fill()
    await keeping.update([always(one(stored, 0), appliedChange())], options(epoch))
    const seen: string[] = []
    const act: UpdateRequest = {
      entry: one(stored, 0),
      change: (current) => {
        seen.push(current.state.kind)
        return undefined
      },
    }
    const strict = { durability: 'strict', nowMs: 6000 } as const
    expect(await codeOf(keeping.update([act], strict))).toBe('quota')
    expect(seen).toEqual([])
    room.empty()
    await keeping.update([act], strict)
    expect(seen).toEqual(['applied'])
  })

  test('F038 leads without room for a claim, under the epoch before it, and is fenced by the next one that has room', async () => {
    const { disk, room, keeping, epoch } = await setUp()
    room.fill()
    expect(await keeping.claim('the next tab', 9)).toBe(epoch)
    room.empty()
    await disk.claim('another tab', 10)
    expect(await codeOf(keeping.update([], options(epoch)))).toBe('fenced')
  })

  test('F043 I3 a claim that merely failed does not share the epoch of one that shows signs of life', async () => {
    const { disk, room, clock } = await setUp()
    await disk.claim('living', 5000)
    const other = new KeepingStore(room.wrap(disk), clock, { onWrite: () => {}, onKept: () => {}, onWritten: () => {} })
    room.isBroken = true
    await expect(other.claim('other', 20_000)).rejects.toMatchObject({ code: 'storage' })
    // It has gone, it seems: what is stored must be sent all the same.
    expect(await other.claim('other', 50_000)).toBe(2)
    // A clock that was set back says nothing.
    expect(await other.claim('other', 0)).toBe(2)
  })

  test('F038 nobody leads a store without room in which nobody has led: there is nothing to send', async () => {
    const room = new FullDisk()
    room.fill()
    const listener = { onWrite: () => {}, onKept: () => {}, onWritten: () => {} }
    const keeping = new KeepingStore(room.wrap(openMemoryStore(memoryDisk())), new HandClock(), listener)
    expect(await codeOf(keeping.claim('tab', 1))).toBe('quota')
  })

  test('an append without room is refused: nothing is kept of it', async () => {
    const { room, keeping } = await setUp()
    room.fill()
    expect(await codeOf(keeping.append([queuedOperation('a')]))).toBe('quota')
    expect((await keeping.counts()).queued).toBe(0)
  })
})

test('F038 with and without room, a leader reads the same, and once there is room the disks are the same', async () => {
  const events: readonly DeliveryEvent[] = [
    { kind: 'applied', applied: { outcome: 'applied' } },
    { kind: 'failed', failure: { cause: 'server-error' } },
    { kind: 'refused', reason: { kind: 'too-large' } },
    { kind: 'conflict', conflict: { outcome: 'conflict' } },
  ]
  const step = fc.record({
    roomMax: fc.constantFrom(0, 0, 2, 1000),
    advanceMs: fc.constantFrom(0, 0, 100, 70_000),
    appends: fc.nat(2),
    picks: fc.array(fc.record({ pick: fc.nat(), event: fc.constantFrom(...events) }), { maxLength: 4 }),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
      const { disk, room, clock, keeping, epoch } = await setUp()
      const model = openMemoryStore(memoryDisk())
      const modelEpoch = await model.claim('tab', 1)
      const ids: StoredEntry[] = []
      for (const [nth, { roomMax, advanceMs, appends, picks }] of steps.entries()) {
        const group = Array.from({ length: appends }, (_, index) => queuedOperation(`id-${nth}-${index}`))
        ids.push(...(await keeping.append(group)))
        await model.append(group)
        room.changesMax = roomMax
        const requests = picks.flatMap(({ pick, event }) => {
          const entry = ids[pick % Math.max(ids.length, 1)]
          return entry === undefined ? [] : [{ id: idOf(entry), event }]
        })
        const left = await updateBy(keeping, requests, epoch)
        const right = await updateBy(model, requests, modelEpoch)
        expect(left).toEqual(right)
        await clock.advance(advanceMs)
        expect(await viewOf(keeping)).toEqual(await viewOf(model))
      }
      room.empty()
      await keeping.release()
      expect(await viewOf(disk)).toEqual(await viewOf(model))
    }),
    { numRuns: 60 },
  )
})

/** What a drain does: reads an entry, and has it changed by an event. Gives what it is told. */
async function updateBy(
  store: Store,
  wishes: readonly { readonly id: ReturnType<typeof idOf>; readonly event: DeliveryEvent }[],
  epoch: number,
): Promise<unknown> {
  const requests: UpdateRequest[] = []
  for (const { id, event } of wishes) {
    const entry = await store.find(id)
    if (entry === undefined) throw new Error('an entry that was appended is found')
    requests.push({
      entry,
      change: (current) => {
        const next = deliver(current.state, event, { nowMs: 7, random: 0.5, schedule: exponential() })
        return next.kind === 'changed' ? { state: next.state, attempt: { atMs: 7 } } : undefined
      },
    })
  }
  const reports = await store.update(requests, options(epoch))
  return reports.map(({ entry, isChanged }) => ({ id: idOf(entry), state: entry.state, isChanged }))
}

/** Everything that can be read, without the times of writing, which differ. */
async function viewOf(store: Store): Promise<unknown> {
  const held = []
  for (const kind of ['waiting', 'conflicted', 'dead'] as const) {
    let after: ReturnType<typeof idOf> | undefined
    for (;;) {
      const page = await store.readHeld(kind, { limit: 2, ...(after !== undefined && { after }) })
      held.push(...page)
      after = page.at(-1)?.operation.id
      if (page.length < 2) break
    }
  }
  const settled = await store.readSettled({ limit: 100 })
  return {
    counts: await store.counts(),
    queued: idsOf(await readWholeLog(store, 'medium')),
    held: held.map(({ operation, state, attempts }) => ({ id: operation.id, state, attempts })),
    settled: settled.map(({ id, state }) => ({ id, state })).toSorted((one, two) => (one.id < two.id ? -1 : 1)),
  }
}

function one(entries: readonly StoredEntry[], nth: number): StoredEntry {
  const entry = entries[nth]
  if (entry === undefined) throw new RangeError('an entry was expected')
  return entry
}
