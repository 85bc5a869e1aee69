import { SyncError } from '@holdfast/core'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { requestOperations, requestTransport } from '../requests/index.ts'
import { OtherServer } from '../requests/other-server.fixture.ts'
import { TestDevice } from '../testing/index.ts'
import {
  BackgroundSyncManager,
  backgroundSyncManager,
  type SyncEvents,
  type SyncOptions,
  type SyncStatus,
  type SyncTask,
} from './index.ts'

const session = { tenant: 'north', user: 'ana' }
const events: readonly (keyof SyncEvents)[] = [
  'sync:start',
  'sync:progress',
  'sync:complete',
  'sync:failed',
  'sync:retry',
  'sync:conflict',
  'sync:auth-required',
]

/** A manager in a tab, with all that it says. */
async function openTab(device: TestDevice, server: OtherServer) {
  server.isReachable = () => device.network.isOnline
  const transport = requestTransport({ session, fetch: server.fetch, origin: 'https://app.example' })
  const outbox = await device.open({ operations: requestOperations, session, transport })
  const manager = new BackgroundSyncManager()
  const heard: string[] = []
  for (const name of events) {
    manager.on(name, (...given: readonly unknown[]) => {
      const [task, error] = given
      const words = [
        name,
        typeof task === 'object' && task !== null && 'name' in task ? String(task.name) : '',
        error instanceof Error ? error.message : '',
      ]
      if (name !== 'sync:start' && name !== 'sync:progress') heard.push(words.filter((word) => word !== '').join(' '))
    })
  }
  manager.configure(outbox)
  await device.settle()
  return { outbox, manager, heard }
}

async function setStage() {
  const device = new TestDevice()
  const server = new OtherServer()
  return { device, server, ...(await openTab(device, server)) }
}

const user = { url: '/api/sync/user', method: 'POST', data: { name: 'Ana' }, priority: 'high' } as const

test('R118 R120 R121 R122 R125 a task that is registered offline is pending, then complete, and its listener hears of it', async () => {
  const { device, server, manager, heard } = await setStage()
  device.goOffline()
  const task = await manager.register('sync-user-data', user)
  expect(task).toMatchObject({ name: 'sync-user-data', state: 'pending', url: '/api/sync/user', priority: 'high' })
  expect(manager.getStatus()).toMatchObject({ pendingCount: 1, failedCount: 0 })
  expect(manager.getTaskStatus('sync-user-data')?.state).toBe('pending')
  await device.goOnline()
  await device.advance(60_000)
  expect(manager.getStatus()).toMatchObject({ pendingCount: 0, failedCount: 0, isOnline: true, isSyncing: false })
  expect(manager.getTaskStatus('sync-user-data')).toMatchObject({ id: task.id, state: 'completed' })
  expect(heard).toEqual(['sync:complete sync-user-data'])
  expect(server.seen.map(({ method, url, body }) => [method, url, body])).toEqual([
    ['POST', '/api/sync/user', '{"name":"Ana"}'],
  ])
})

test('R124 what it takes and gives has a type, and the values are of it', async () => {
  const { manager, device } = await setStage()
  device.goOffline()
  const options: SyncOptions = { url: '/api/a', method: 'PUT', data: { a: 1 }, priority: 'low', retryOnFailure: false }
  const task: SyncTask = await manager.register('a', options)
  const status: SyncStatus = manager.getStatus()
  expectTypeOf(manager.getTaskStatus('a')).toEqualTypeOf<SyncTask | undefined>()
  expect(task).toMatchObject({ name: 'a', url: '/api/a', method: 'PUT', priority: 'low', attempts: 0 })
  expect(Object.keys(status).toSorted()).toEqual(
    ['failedCount', 'isOnline', 'isSyncing', 'lastSyncAtMs', 'pendingCount', 'progress'].toSorted(),
  )
})

test('R121 an unknown name is undefined', async () => {
  const { manager } = await setStage()
  expect(manager.getTaskStatus('never')).toBeUndefined()
})

describe('R119 retryOnFailure', () => {
  test('true, the default: it is tried again, and only what nothing more is tried for has failed', async () => {
    const { device, server, manager, heard } = await setStage()
    server.behave = () => new Response('no', { status: 500 })
    await manager.register('a', { url: '/api/a' })
    await device.advance(30 * 60_000)
    expect(server.seen.length).toBeGreaterThanOrEqual(5)
    expect(manager.getTaskStatus('a')).toMatchObject({ state: 'failed', attempts: 5 })
    expect(heard.filter((word) => word.startsWith('sync:retry a'))).toHaveLength(4)
    expect(heard.at(-1)).toBe('sync:failed a HTTP 500')
    expect(manager.getStatus().failedCount).toBe(1)
  })

  test('false: one attempt, then it has failed', async () => {
    const { device, server, manager, heard } = await setStage()
    server.behave = () => new Response('no', { status: 500 })
    await manager.register('a', { url: '/api/a', retryOnFailure: false })
    await device.advance(30 * 60_000)
    expect(manager.getTaskStatus('a')).toMatchObject({ state: 'failed', attempts: 1 })
    expect(heard).toEqual(['sync:failed a HTTP 500'])
  })
})

describe('registering a name again', () => {
  test.each(['medium', 'high'] as const)(
    'supersedes its waiting task: only the latest is sent (priority %s)',
    async (priority) => {
      const { device, server, manager } = await setStage()
      device.goOffline()
      await manager.register('draft', { url: '/api/draft', data: 1 })
      const second = manager.register('draft', { url: '/api/draft', data: 2 })
      const third = manager.register('draft', { url: '/api/draft', data: 3, priority })
      await Promise.all([second, third])
      await device.goOnline()
      await device.advance(60_000)
      expect(server.bodies).toEqual(['3'])
      expect(manager.getTaskStatus('draft')).toMatchObject({ id: (await third).id, state: 'completed' })
      expect(manager.getStatus().pendingCount).toBe(0)
    },
  )

  test('takes the place of one that has failed', async () => {
    const { device, server, manager } = await setStage()
    server.behave = () => new Response('no', { status: 422 })
    await manager.register('draft', { url: '/api/draft', data: 1 })
    await device.advance(10_000)
    expect(manager.getTaskStatus('draft')?.error).toMatchObject({ message: 'HTTP 422', status: 422 })
    server.behave = () => Response.json({})
    await manager.register('draft', { url: '/api/draft', data: 2 })
    await device.advance(60_000)
    expect(manager.getStatus()).toMatchObject({ pendingCount: 0, failedCount: 0 })
    expect(server.bodies).toEqual(['1', '2'])
  })

  test('after it is complete, it is sent anew', async () => {
    const { device, server, manager, heard } = await setStage()
    for (const data of [1, 2]) {
      await manager.register('save', { url: '/api/save', data })
      await device.advance(10_000)
    }
    expect(server.bodies).toEqual(['1', '2'])
    expect(heard).toEqual(['sync:complete save', 'sync:complete save'])
  })
})

test('R129 events and tasks are the same in every tab, and after a reload', async () => {
  const { device, server, manager } = await setStage()
  const other = await openTab(device, server)
  server.behave = ({ url }) => new Response('no', { status: url === '/api/bad' ? 400 : 200 })
  await manager.register('good', { url: '/api/good' })
  await manager.register('bad', { url: '/api/bad' })
  await device.advance(60_000)
  expect(other.heard.toSorted()).toEqual(['sync:complete good', 'sync:failed bad HTTP 400'])
  expect(other.manager.getTaskStatus('bad')?.state).toBe('failed')
  const reloaded = await openTab(device, server)
  await device.advance(1000)
  expect(reloaded.manager.getTaskStatus('good')?.state).toBe('completed')
  expect(reloaded.manager.getTaskStatus('bad')?.state).toBe('failed')
  expect(reloaded.heard).toEqual([])
})

test('a session that is over is heard of, and nothing is dropped', async () => {
  const { device, server, manager, heard } = await setStage()
  server.behave = () => new Response('who', { status: 401 })
  await manager.register('a', { url: '/api/a' })
  await device.advance(1000)
  expect(heard[0]).toBe('sync:auth-required')
  expect(manager.getStatus().pendingCount).toBe(1)
})

test('a listener that throws does not keep the others from hearing, and off stops one', async () => {
  const { device, manager } = await setStage()
  const heard: string[] = []
  const first = (): void => void heard.push('first')
  manager.on('sync:complete', first)
  manager.on('sync:complete', () => heard.push('second'))
  manager.off('sync:complete', first)
  await manager.register('a', { url: '/api/a' })
  await device.advance(10_000)
  expect(heard).toEqual(['second'])
})

describe('R123 the exported manager', () => {
  test.each([
    ['register', () => backgroundSyncManager.register('a', user)],
    ['getStatus', async () => backgroundSyncManager.getStatus()],
    ['getTaskStatus', async () => backgroundSyncManager.getTaskStatus('a')],
  ])('%s before configureSync says what to do', async (_name, call) => {
    const error: unknown = await call().catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(SyncError)
    expect(String(error)).toContain('configureSync(outbox)')
  })
})

test('a name, an address or an event that is none is refused by name', async () => {
  const { manager } = await setStage()
  await expect(manager.register('', user)).rejects.toThrow('A task has a name of 1 to 100 characters')
  await expect(manager.register('a', { url: 'nonsense' })).rejects.toThrow('url')
  // @ts-expect-error: code without types gets it wrong only when it runs
  expect(() => manager.on('sync:done', () => undefined)).toThrow('An event is one of')
  expect(manager.getStatus().pendingCount).toBe(0)
})
