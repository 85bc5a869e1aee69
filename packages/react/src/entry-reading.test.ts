import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createOneEntry } from './entries.ts'
import { createEntryList, noEntriesYet, readAgainMs } from './entry-reading.ts'
import { idOf, outboxByHand, view } from './outbox.fixture.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const settle = () => vi.advanceTimersByTimeAsync(0)

it('reads when somebody listens, and not before', async () => {
  const outbox = outboxByHand()
  outbox.show({ entries: [view('a')] })
  const list = createEntryList(outbox, {})
  expect(list.snapshot()).toBe(noEntriesYet)
  expect(outbox.readsCount()).toBe(0)
  const stop = list.subscribe(() => undefined)
  await settle()
  expect(list.snapshot()).toMatchObject({ entries: [{ id: 'a' }], next: undefined, isLoading: false })
  stop()
  expect(outbox.listeners.size).toBe(0)
})

it('keeps the objects of entries that did not change', async () => {
  const outbox = outboxByHand()
  outbox.show({ entries: [view('a'), view('b')] })
  const list = createEntryList(outbox, {})
  list.subscribe(() => undefined)
  await settle()
  const [a, b] = list.snapshot().entries
  outbox.show({
    entries: [
      view('a'),
      view('b', { kind: 'waiting', attempts: 1, notBeforeMs: 5, isAsked: false, failure: { cause: 'busy' } }),
    ],
  })
  await vi.advanceTimersByTimeAsync(2 * readAgainMs)
  expect(list.snapshot().entries[0]).toBe(a)
  expect(list.snapshot().entries[1]).not.toBe(b)
  expect(list.snapshot().entries[1]?.state.kind).toBe('waiting')
})

it('tells nobody when a read brought nothing new', async () => {
  const outbox = outboxByHand()
  outbox.show({ entries: [view('a')] })
  const list = createEntryList(outbox, {})
  const told = vi.fn<() => void>()
  list.subscribe(told)
  await settle()
  expect(told).toHaveBeenCalledTimes(1)
  outbox.show({})
  await vi.advanceTimersByTimeAsync(2 * readAgainMs)
  expect(told).toHaveBeenCalledTimes(1)
})

it('turns a thousand changes in a second into at most eleven renders', async () => {
  const outbox = outboxByHand()
  const list = createEntryList(outbox, {})
  const told = vi.fn<() => void>()
  list.subscribe(told)
  for (let change = 0; change < 1000; change += 1) {
    outbox.show({ entries: [view(`e${change}`)] })
    await vi.advanceTimersByTimeAsync(1)
  }
  expect(told.mock.calls.length).toBeLessThanOrEqual(11)
  await vi.advanceTimersByTimeAsync(2 * readAgainMs)
  expect(list.snapshot().entries[0]?.id).toBe('e999')
})

it('says where the next page begins only when the page is full', async () => {
  const outbox = outboxByHand()
  outbox.show({ entries: [view('a'), view('b')] })
  const full = createEntryList(outbox, { limit: 2 })
  const notFull = createEntryList(outbox, { limit: 3 })
  full.subscribe(() => undefined)
  notFull.subscribe(() => undefined)
  await settle()
  expect(full.snapshot().next?.id).toBe('b')
  expect(notFull.snapshot().next).toBeUndefined()
})

it('follows one entry until it is forgotten', async () => {
  const outbox = outboxByHand()
  const one = createOneEntry(outbox, idOf('a'))
  one.subscribe(() => undefined)
  await settle()
  expect(one.snapshot()).toEqual({ entry: undefined, isLoading: false })
  outbox.show({ entries: [view('a')] })
  await vi.advanceTimersByTimeAsync(2 * readAgainMs)
  expect(one.snapshot().entry?.id).toBe('a')
  const before = one.snapshot()
  outbox.show({})
  await vi.advanceTimersByTimeAsync(2 * readAgainMs)
  expect(one.snapshot()).toBe(before)
  outbox.show({ entries: [] })
  await vi.advanceTimersByTimeAsync(2 * readAgainMs)
  expect(one.snapshot()).toEqual({ entry: undefined, isLoading: false })
})
