import { expect, test } from 'vitest'
import { QueueWindow } from './queue-window.ts'
import { openMemoryStore } from './store/memory-store.ts'
import {
  always,
  appliedChange,
  change,
  discardedChange,
  queuedOperation,
  testId,
  waitingUntil,
} from './store/store.fixture.ts'

test('I3 what is appended to a lane in which an entry was passed does not overtake that one', async () => {
  const store = openMemoryStore()
  const lane = 'note:1'
  await store.append([
    queuedOperation('first', { lane }),
    queuedOperation('passed', { lane }),
    queuedOperation('behind', { lane }),
    queuedOperation('other', { lane: 'note:2' }),
  ])
  const window = new QueueWindow(store)
  await window.fill()
  window.pass(window.streams.medium.filter(({ id }) => id === 'passed'))
  await store.append([queuedOperation('later', { lane })])
  window.noteGrowth(['medium'])
  await window.fill()
  expect(window.streams.medium.map(({ id }) => id)).toEqual(['first', 'other'])
  window.pass(window.streams.medium.filter(({ id }) => id === 'first'))
  expect(window.streams.medium.map(({ id }) => id)).toEqual(['other'])
  window.rewind()
  await window.fill()
  expect(window.streams.medium.map(({ id }) => id)).toEqual(['first', 'passed', 'behind', 'other', 'later'])
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

test('I10 what comes after a discarded entry waits here until the server knows of the discard', async () => {
  const store = openMemoryStore()
  const [parent] = await store.append([queuedOperation('parent', { lane: 'note:1' })])
  if (parent === undefined) throw new RangeError('an entry was stored')
  const { operation, ...rest } = queuedOperation('child', { lane: 'note:2' })
  await store.append([{ ...rest, operation: { ...operation, after: [testId('parent')] } }])
  await change(store, [always(parent, discardedChange('cancel'))])
  const window = new QueueWindow(store)
  await window.fill()
  expect(window.parentState(testId('parent'))).toBe('pending')
  const settled = await store.find(testId('parent'))
  if (settled === undefined) throw new RangeError('the entry is there')
  await change(store, [always(settled, discardedChange('cancel', true))])
  await window.fill()
  expect(window.parentState(testId('parent'))).toBe('applied')
})
