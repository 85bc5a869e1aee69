import type { QueuedOperation } from '@holdfast/core'
import { expect, test } from 'vitest'
import { QueueWindow } from './queue-window.ts'
import { openMemoryStore } from './store/memory-store.ts'
import {
  always,
  appliedChange,
  change,
  deadState,
  discardedChange,
  queuedOperation,
  testId,
  waitingUntil,
} from './store/store.fixture.ts'
import { isLive, type LiveEntry, type Store } from './store/store.ts'

test('I3 what is appended to a lane in which an entry was passed does not overtake that one', async () => {
  const store = openMemoryStore()
  const lane = 'note:1'
  await store.append([
    queuedOperation('first', { lane }),
    queuedOperation('passed', { lane }),
    queuedOperation('behind', { lane }),
    queuedOperation('other', { lane: 'note:2' }),
  ])
  const window = new QueueWindow(store, await store.claim('here', 0))
  await window.fill()
  window.pass(window.streams().medium.filter(({ id }) => id === 'passed'))
  await store.append([queuedOperation('later', { lane })])
  window.noteGrowth(['medium'])
  await window.fill()
  expect(window.streams().medium.map(({ id }) => id)).toEqual(['first', 'other'])
  window.pass(window.streams().medium.filter(({ id }) => id === 'first'))
  expect(window.streams().medium.map(({ id }) => id)).toEqual(['other'])
  window.rewind()
  await window.fill()
  expect(window.streams().medium.map(({ id }) => id)).toEqual(['first', 'passed', 'behind', 'other', 'later'])
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
  const window = new QueueWindow(store, await store.claim('here', 0))
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
  const window = new QueueWindow(store, await store.claim('here', 0))
  await window.fill()
  expect(window.parentState(testId('parent'))).toBe('pending')
  const discarded = await store.find(testId('parent'))
  if (discarded === undefined) throw new RangeError('the entry is there')
  await change(store, [always(discarded, discardedChange('cancel', true))])
  window.apply([{ id: testId('parent'), lane: 'note:1', entry: undefined }])
  expect(window.parentState(testId('parent'))).toBe('applied')
})

test('a lane that waits for an entry elsewhere goes on when that one is settled', async () => {
  const { store, window, parent } = await parentAndChild()
  const child = window.streams().medium.filter(({ id }) => id === 'child')
  window.pass(child)
  await change(store, [always(parent, appliedChange())])
  window.apply([{ id: testId('parent'), lane: 'note:1', entry: undefined }])
  await window.fill()
  expect(window.streams().medium.map(({ id }) => id)).toEqual(['child'])
  expect(window.parentState(testId('parent'))).toBe('applied')
})

test('F053 what comes after an entry that another one has replaced waits for that one', async () => {
  const store = openMemoryStore()
  const [parent] = await store.append([queuedOperation('parent', { lane: 'note:1' })])
  if (parent === undefined) throw new RangeError('an entry was stored')
  const { operation, ...rest } = queuedOperation('child', { lane: 'note:2' })
  await store.append([{ ...rest, operation: { ...operation, after: [testId('parent')] } }])
  const queued = queuedOperation('heir', { lane: 'note:1' })
  const [report] = await change(store, [
    always(parent, {
      state: { kind: 'discarded', cause: 'superseded', by: testId('heir'), isCertain: true },
      replacement: { operation: queued.operation, state: waitingUntil(0) },
    }),
  ])
  const heir = report?.replacement
  if (heir === undefined) throw new RangeError('the replacement was stored')
  const window = new QueueWindow(store, await store.claim('here', 0))
  await window.reload()
  await window.fill()
  expect(window.parentState(testId('parent'))).toBe('pending')
  window.pass(window.streams().medium)
  await change(store, [always(heir, appliedChange())])
  window.apply([{ id: testId('heir'), lane: 'note:1', entry: undefined }])
  await window.fill()
  expect(window.streams().medium.map(({ id }) => id)).toEqual(['child'])
  expect(window.parentState(testId('parent'))).toBe('applied')
})

test('I11 an entry that was passed goes on when what stands before it is settled, whatever is held behind it', async () => {
  const store = openMemoryStore()
  const lane = 'note:1'
  const [first, , last] = await store.append([
    queuedOperation('first', { lane }),
    queuedOperation('second', { lane }),
    queuedOperation('last', { lane }),
  ])
  if (first === undefined || last === undefined) throw new RangeError('three entries were stored')
  await change(store, [always(first, { state: waitingUntil(9000) }), always(last, { state: deadState })])
  const window = new QueueWindow(store, await store.claim('here', 0))
  await window.reload()
  await window.fill()
  window.pass(window.streams().medium)
  window.apply([{ id: testId('first'), lane, entry: undefined }])
  await window.fill()
  const [second] = window.streams().medium
  expect(second?.id).toBe('second')
  expect(second === undefined ? undefined : window.isAhead(second)).toBe(true)
})

test('what an entry comes after is looked up once', async () => {
  const { store, finds, window, parent } = await parentAndChild()
  expect(finds).toEqual(['parent'])
  await store.append([childOf('parent', 'second')])
  window.noteGrowth(['medium'])
  await window.fill()
  await window.fill()
  expect(finds).toEqual(['parent'])
  const [report] = await change(store, [always(parent, { state: deadState })])
  if (report === undefined || !isLive(report.entry)) throw new RangeError('the entry is held')
  window.apply([{ id: testId('parent'), lane: 'note:1', entry: report.entry }])
  expect(window.parentState(testId('parent'))).toBe('gone')
  expect(finds).toEqual(['parent'])
})

test('what is read while another context leads is not sent', async () => {
  const store = openMemoryStore()
  await store.append([queuedOperation('entry')])
  const window = new QueueWindow(store, await store.claim('here', 0))
  await store.claim('elsewhere', 0)
  await expect(window.fill()).rejects.toMatchObject({ code: 'fenced' })
})

function childOf(parent: string, id: string): QueuedOperation {
  const { operation, ...rest } = queuedOperation(id, { lane: `note:${id}` })
  return { ...rest, operation: { ...operation, after: [testId(parent)] } }
}

/** A window over an entry and one that comes after it, which counts what it looks up. */
async function parentAndChild(): Promise<{
  readonly store: Store
  readonly finds: string[]
  readonly window: QueueWindow
  readonly parent: LiveEntry
}> {
  const memory = openMemoryStore()
  const finds: string[] = []
  const store: Store = {
    ...memory,
    findMany: (ids) => {
      finds.push(...ids)
      return memory.findMany(ids)
    },
  }
  const [parent] = await store.append([queuedOperation('parent', { lane: 'note:1' }), childOf('parent', 'child')])
  if (parent === undefined) throw new RangeError('an entry was stored')
  const window = new QueueWindow(store, await store.claim('here', 0))
  await window.fill()
  return { store, finds, window, parent }
}

test('I3 a window that was loaded before an act of a person says that it is stale when it reads on', async () => {
  const store = openMemoryStore()
  const lane = 'note:1'
  const [first] = await store.append([queuedOperation('first', { lane })])
  if (first === undefined) throw new RangeError('an entry was stored')
  const window = new QueueWindow(store, await store.claim('here', 0))
  await window.reload()
  expect(await window.fill()).toBe(false)
  await change(store, [always(first, { state: waitingUntil(9000) })])
  await store.append([queuedOperation('behind', { lane })])
  window.noteGrowth(['medium'])
  expect(await window.fill()).toBe(true)
  await window.reload()
  expect(await window.fill()).toBe(false)
})
