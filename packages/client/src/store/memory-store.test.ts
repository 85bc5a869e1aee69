import { describe, expect, test } from 'vitest'
import { afterPowerCut, cloneDisk, memoryDisk, openMemoryStore } from './memory-store.ts'
import { always, appliedChange, idsOf, queuedOperation, readWholeLog } from './store.fixture.ts'

describe('a memory disk', () => {
  test('a clone keeps what it was cloned from, whatever becomes of the other', async () => {
    const disk = memoryDisk()
    const store = openMemoryStore(disk)
    const stored = await store.append(['a', 'b'].map((id) => queuedOperation(id)))
    const copy = openMemoryStore(cloneDisk(disk))
    await store.update(
      stored.slice(0, 1).map((entry) => always(entry, appliedChange())),
      { durability: 'strict', nowMs: 1 },
    )
    await store.append([queuedOperation('c')])
    expect(idsOf(await readWholeLog(copy, 'medium'))).toEqual(['a', 'b'])
    expect(idsOf(await readWholeLog(store, 'medium'))).toEqual(['b', 'c'])
    expect((await copy.counts()).queued).toBe(2)
    const [entry] = await copy.append([queuedOperation('d')])
    expect(entry?.position.segment).toBeGreaterThan(stored[1]?.position.segment ?? 0)
  })

  test('F004 a power cut takes relaxed writes back to the last strict one, and no strict write ever', async () => {
    const disk = memoryDisk({ trackPowerCut: true })
    const store = openMemoryStore(disk)
    const stored = await store.append(['a', 'b', 'c'].map((id) => queuedOperation(id)))
    const settle = (nth: number, durability: 'strict' | 'relaxed'): Promise<unknown> =>
      store.update(
        stored.slice(nth, nth + 1).map((entry) => always(entry, appliedChange())),
        { durability, nowMs: 1 },
      )
    const left = async (): Promise<readonly string[]> =>
      idsOf(await readWholeLog(openMemoryStore(afterPowerCut(disk)), 'medium'))
    await settle(0, 'relaxed')
    await settle(1, 'relaxed')
    expect(await left()).toEqual(['a', 'b', 'c'])
    await store.append([queuedOperation('d')])
    expect(await left()).toEqual(['c', 'd'])
    await settle(2, 'strict')
    expect(await left()).toEqual(['d'])
  })

  test('is no durable store', () => {
    expect(openMemoryStore().durable).toBe(false)
  })
})
