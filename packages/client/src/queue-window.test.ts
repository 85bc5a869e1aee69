import { expect, test } from 'vitest'
import { QueueWindow } from './queue-window.ts'
import { openMemoryStore } from './store/memory-store.ts'
import { always, appliedChange, change, queuedOperation, testId, waitingUntil } from './store/store.fixture.ts'

test('I3 a lane in which an entry was passed stays closed for what is appended later, until it is gone back to', async () => {
  const store = openMemoryStore()
  await store.append([queuedOperation('first', { lane: 'note:1' }), queuedOperation('other', { lane: 'note:2' })])
  const window = new QueueWindow(store)
  await window.fill()
  const [first] = window.streams.medium
  window.pass(first === undefined ? [] : [first])
  await store.append([queuedOperation('later', { lane: 'note:1' })])
  window.noteGrowth()
  await window.fill()
  expect(window.streams.medium.map(({ id }) => id)).toEqual(['other', 'later'])
  expect([window.blockedLanes.has('note:1'), window.blockedLanes.has('note:2')]).toEqual([true, false])
  window.rewind()
  await window.fill()
  expect(window.streams.medium.map(({ id }) => id)).toEqual(['first', 'other', 'later'])
  expect(window.blockedLanes.has('note:1')).toBe(false)
})

test('an entry that waits for its retry goes on after a reload when what it comes after is applied', async () => {
  const store = openMemoryStore()
  const { operation, ...rest } = queuedOperation('child', { lane: 'note:2' })
  const [parent, child] = await store.append([
    queuedOperation('parent', { lane: 'note:1' }),
    { ...rest, operation: { ...operation, after: [testId('parent')] } },
  ])
  if (parent === undefined || child === undefined) throw new RangeError('two entries were stored')
  await change(store, [always(child, { state: waitingUntil(0) }), always(parent, appliedChange())])
  const window = new QueueWindow(store)
  await window.reload()
  await window.fill()
  expect(window.waiting.map(({ id }) => id)).toEqual(['child'])
  expect(window.parentState(testId('parent'))).toBe('applied')
})
