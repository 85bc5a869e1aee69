import { expect, test } from 'vitest'
import { Parents } from './parents.ts'
import { openMemoryStore } from './store/memory-store.ts'
import { change, deadState, discardedChange, queuedOperation, testId, waitingUntil } from './store/store.fixture.ts'
import { isLive, type Store } from './store/store.ts'

const [old, edit, second] = [testId('old'), testId('edit'), testId('second')]

/** A store in which `old` was replaced by `edit`, and that by `second`; counts its searches. */
async function replacedTwice(): Promise<{ readonly store: Store; readonly searches: () => number }> {
  const memory = openMemoryStore()
  const entries = await memory.append(['old', 'edit', 'second'].map((id) => queuedOperation(id)))
  const [first, next] = entries
  if (first === undefined || next === undefined) throw new RangeError('three entries')
  const replaced = (by: string) => ({ state: { ...discardedChange(by).state, cause: 'superseded' } }) as const
  await change(memory, [
    { entry: first, change: () => replaced('edit') },
    { entry: next, change: () => replaced('second') },
  ])
  let searches = 0
  const findMany: Store['findMany'] = (ids) => {
    searches += 1
    return memory.findMany(ids)
  }
  return { store: { ...memory, findMany }, searches: () => searches }
}

test('what took the place of an entry carries its fate, and many are looked up in one search for each step', async () => {
  const { store, searches } = await replacedTwice()
  const parents = new Parents(store, () => undefined)
  parents.want([old, testId('unknown'), edit])
  await parents.lookUp()
  expect([old, testId('unknown'), edit].map((id) => parents.stateOf(id))).toEqual(['pending', 'applied', 'pending'])
  expect(searches()).toBe(3)
  expect(new Set(parents.note(second, undefined, false))).toEqual(new Set([second, old, edit]))
})

test('I11 what is forgotten for want of room is nothing that is needed: the fate of what stands in its place is still heard', async () => {
  const { store } = await replacedTwice()
  const parents = new Parents(store, () => undefined)
  parents.want([old, edit])
  await parents.lookUp()
  parents.keep(new Set([old]))
  const carrier = await store.find(second)
  if (carrier === undefined || !isLive(carrier)) throw new RangeError('it is queued')
  expect(parents.stateOf(old)).toBe('pending')
  expect(parents.note(second, { ...carrier, state: waitingUntil(9) }, false)).toEqual([second, old])
  await change(store, [{ entry: carrier, change: () => ({ state: deadState }) }])
  await parents.lookUp()
  expect(parents.stateOf(old)).toBe('gone')
})
