import { afterEach, describe, expect, test, vi } from 'vitest'
import { addMemo, addNote } from './note.fixture.ts'
import { intercept } from './routes.ts'
import { ana, ben, setStage } from './stage.fixture.ts'
import { NotDrainedError } from './sync.ts'

const json = (method: string, body: unknown, headers: Record<string, string> = {}): RequestInit => ({
  method,
  body: JSON.stringify(body),
  headers: { 'Content-Type': 'application/json', ...headers },
})

const routes = { intercept: intercept({ 'POST /api/notes': addNote }) }

/** Whoever waits for time waits no longer: each timer fires as soon as nothing else is to be done. */
function hurryTime(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const hurry = async (): Promise<void> => {
    while (vi.isFakeTimers()) {
      // The database gets its turn first, or even the time-out of opening it would come too soon.
      for (let turn = 0; turn < 30; turn += 1) await new Promise((resolve) => setImmediate(resolve))
      if (vi.isFakeTimers()) await vi.advanceTimersToNextTimerAsync()
    }
  }
  void hurry()
}

afterEach(() => {
  vi.useRealTimers()
})

describe('a sync event', () => {
  test('R005 R038 R140 R141 with any tag and no page open sends everything, and resolves when it is on the server', async () => {
    const { scope, server, openPage } = await setStage()
    server.mood = 'away'
    const page = await openPage(ana)
    await page.enqueue(addNote, { text: 'one' })
    await page.enqueue(addMemo, { text: 'two' })
    await page.close()
    server.mood = 'applies'
    await scope.sync('some-tag')
    expect(server.applied.map(({ type }) => type).toSorted()).toEqual(['memo.add', 'note.add'])
  })

  test('R036 with a tag of some types does not wait for the others', async () => {
    const { scope, server, openPage } = await setStage({ tags: { 'memo-sync': ['memo.add'] } })
    server.mood = 'away'
    const page = await openPage(ana)
    await page.enqueue(addMemo, { text: 'one' })
    await page.close()
    server.mood = 'applies'
    await scope.sync('memo-sync')
    expect(server.applied.map(({ type }) => type)).toEqual(['memo.add'])
  })

  test('F006 while a page leads, asks it and does not send itself', async () => {
    const { scope, server, openPage } = await setStage()
    const page = await openPage(ana)
    await vi.waitFor(() => {
      expect(page.status().isLeader).toBe(true)
    })
    server.mood = 'away'
    await page.enqueue(addNote, { text: 'one' })
    await page.drain()
    server.mood = 'applies'
    await scope.sync('data-sync')
    expect(server.applied).toHaveLength(1)
    expect(page.status()).toMatchObject({ isLeader: true, pending: 0 })
    await page.close()
  })

  test('rejects while something sendable is left, so that the browser comes again', async () => {
    const { scope, server, openPage } = await setStage()
    server.mood = 'away'
    const page = await openPage(ana)
    await page.enqueue(addNote, { text: 'one' })
    await page.close()
    hurryTime()
    await expect(scope.sync('data-sync')).rejects.toBeInstanceOf(NotDrainedError)
    expect(scope.armed).toEqual([])
  })

  test('F096 at its last chance arms its tag anew', async () => {
    const { scope, server, openPage } = await setStage()
    server.mood = 'away'
    const page = await openPage(ana)
    await page.enqueue(addNote, { text: 'one' })
    await page.close()
    hurryTime()
    await expect(scope.sync('notes', { lastChance: true })).rejects.toBeInstanceOf(NotDrainedError)
    expect(scope.armed).toEqual(['notes'])
  })

  test('resolves when only a person can help: a refused entry needs no more of the browser', async () => {
    const { scope, server, openPage } = await setStage()
    server.mood = 'refuses'
    const page = await openPage(ana)
    await page.enqueue(addNote, { text: 'one' })
    await page.close()
    await scope.sync('data-sync')
    expect(scope.armed).toEqual([])
  })

  test('R020 of a paused outbox sends nothing and resolves: the browser need not come again', async () => {
    const { scope, server, openPage } = await setStage()
    const page = await openPage(ana)
    await page.pause()
    await page.enqueue(addNote, { text: 'one' })
    await page.close()
    await scope.sync('data-sync')
    await scope.message({ type: 'request-sync', tag: 'data-sync' })
    expect([server.applied, scope.armed]).toEqual([[], []])
    const again = await openPage(ana)
    await again.resume()
    await again.close()
    await scope.sync('data-sync')
    expect(server.applied).toHaveLength(1)
  })

  test('of one paused type sends the others and does not wait for it', async () => {
    const { scope, server, openPage } = await setStage()
    server.mood = 'away'
    const page = await openPage(ana)
    await page.pause({ types: ['memo.add'] })
    await page.enqueue(addMemo, { text: 'one' })
    await page.enqueue(addNote, { text: 'two' })
    await page.close()
    server.mood = 'applies'
    await scope.sync('data-sync')
    expect(server.applied.map(({ type }) => type)).toEqual(['note.add'])
  })

  test('with nobody signed in opens nothing and resolves', async () => {
    const { scope, server, signIn } = await setStage()
    await signIn(undefined)
    await scope.sync('data-sync')
    expect(server.applied).toEqual([])
  })

  test('F097 periodicsync drains as well', async () => {
    const { scope, server, openPage } = await setStage()
    server.mood = 'away'
    const page = await openPage(ana)
    await page.enqueue(addNote, { text: 'one' })
    await page.close()
    server.mood = 'applies'
    await scope.sync('daily-sync', { type: 'periodicsync' })
    expect(server.applied).toHaveLength(1)
  })
})

describe('F055 the worker serves whoever is signed in', () => {
  test("after somebody else signed in, it sends theirs and nothing of the person's before", async () => {
    const { scope, server, signIn } = await setStage(routes)
    server.mood = 'away'
    hurryTime()
    expect((await scope.request('/api/notes', json('POST', { text: 'from ana' })))?.status).toBe(202)
    vi.useRealTimers()
    await signIn(ben)
    await scope.message({ type: 'identity-changed' })
    server.mood = 'applies'
    expect((await scope.request('/api/notes', json('POST', { text: 'from ben' })))?.status).toBe(200)
    expect(server.applied.map(({ user }) => user)).toEqual(['ben'])
    await signIn(ana)
    await scope.sync('data-sync')
    expect(server.applied.map(({ user }) => user)).toEqual(['ben', 'ana'])
  })

  test('even when no page has told it, the next request is stored for the person who is signed in', async () => {
    const { scope, server, signIn } = await setStage(routes)
    await scope.request('/api/notes', json('POST', { text: 'from ana' }))
    await signIn(ben)
    await scope.request('/api/notes', json('POST', { text: 'from ben' }))
    expect(server.applied.map(({ user }) => user)).toEqual(['ana', 'ben'])
  })
})

describe('interception', () => {
  test("R039 a write gets the server's answer", async () => {
    const { scope, server } = await setStage(routes)
    const response = await scope.request('/api/notes', json('POST', { text: 'a' }, { 'Idempotency-Key': 'k1' }))
    expect(response?.status).toBe(200)
    expect(await response?.json()).toEqual({ success: true, queued: false, id: 'k1', heard: true })
    expect(server.applied).toHaveLength(1)
  })

  test('R042 without an answer the write is stored, 202 says so, and a sync event is asked for', async () => {
    const { scope, server } = await setStage(routes)
    server.mood = 'silent'
    hurryTime()
    const response = await scope.request('/api/notes', json('POST', { text: 'a' }))
    expect(response?.status).toBe(202)
    expect(await response?.json()).toMatchObject({ success: true, queued: true })
    expect(scope.armed).toEqual(['data-sync'])
  })

  test('R042 a paused outbox stores the write, says 202, and asks the browser for nothing', async () => {
    const { scope, server, openPage } = await setStage(routes)
    const page = await openPage(ana)
    await page.pause()
    await page.close()
    hurryTime()
    const response = await scope.request('/api/notes', json('POST', { text: 'a' }))
    expect(response?.status).toBe(202)
    expect([server.applied, scope.armed]).toEqual([[], []])
  })

  test('R143 a refusal is shown to its caller', async () => {
    const { scope, server } = await setStage(routes)
    server.mood = 'refuses'
    const response = await scope.request('/api/notes', json('POST', { text: 'a' }))
    expect(response?.status).toBe(422)
    expect(await response?.json()).toMatchObject({ title: 'Not this one.' })
  })

  test('a body that the operation does not take is refused, and nothing is stored', async () => {
    const { scope, openPage } = await setStage(routes)
    const response = await scope.request('/api/notes', json('POST', { words: 'a' }))
    expect(response?.status).toBe(422)
    const page = await openPage(ana)
    expect(await page.entries()).toEqual([])
    await page.close()
  })

  test('F062 another write under an id that waits is refused; the same write again is the same entry', async () => {
    const { scope, server, openPage } = await setStage(routes)
    server.mood = 'away'
    hurryTime()
    const post = (text: string) => scope.request('/api/notes', json('POST', { text, id: 'n1', more: 1 }))
    expect((await post('a'))?.status).toBe(202)
    expect((await post('b'))?.status).toBe(422)
    expect((await post('a'))?.status).toBe(202)
    vi.useRealTimers()
    const page = await openPage(ana)
    expect(await page.entries()).toHaveLength(1)
    await page.close()
  })

  test('an id that was settled goes to the network, where the ledger knows it', async () => {
    const { scope } = await setStage(routes)
    const post = () => scope.request('/api/notes', json('POST', { text: 'a', id: 'n1' }))
    expect((await post())?.status).toBe(200)
    expect((await post())?.status).toBe(299)
    expect(scope.passedOn).toEqual(['POST /api/notes'])
  })

  test('with nobody signed in a write goes to the network untouched', async () => {
    const { scope, signIn } = await setStage(routes)
    await signIn(undefined)
    expect((await scope.request('/api/notes', json('POST', { text: 'a' })))?.status).toBe(299)
  })

  test('F037 F045 when the outbox cannot be opened, the answer says that nothing was saved', async () => {
    const { scope } = await setStage({ ...routes, open: () => Promise.reject(new Error('no database')) })
    const response = await scope.request('/api/notes', json('POST', { text: 'a' }))
    expect(response?.status).toBe(507)
  })

  test('other requests are not touched', async () => {
    const { scope } = await setStage(routes)
    expect(await scope.request('/api/notes', { method: 'GET' })).toBeUndefined()
    expect(await scope.request('/api/sync/offline-operations', json('POST', {}))).toBeUndefined()
  })
})

describe('messages', () => {
  test('a page may ask for a sync', async () => {
    const { scope, server, openPage } = await setStage()
    server.mood = 'away'
    const page = await openPage(ana)
    await page.enqueue(addNote, { text: 'one' })
    await page.close()
    server.mood = 'applies'
    await scope.message({ type: 'request-sync' })
    expect(server.applied).toHaveLength(1)
  })

  test('F084 another origin and other shapes are not heard', async () => {
    const { scope, server, openPage } = await setStage()
    server.mood = 'away'
    const page = await openPage(ana)
    await page.enqueue(addNote, { text: 'one' })
    await page.close()
    server.mood = 'applies'
    await scope.message({ type: 'request-sync' }, 'https://evil.example')
    await scope.message('request-sync')
    await scope.message({ type: 'drain' })
    expect(server.applied).toEqual([])
  })

  test('R156 pages hear how the sync goes, and that nothing is pending only at its end', async () => {
    const { scope, server, openPage } = await setStage()
    server.mood = 'away'
    const page = await openPage(ana)
    await page.enqueue(addNote, { text: 'one' })
    await page.close()
    server.mood = 'applies'
    await scope.sync('data-sync')
    await vi.waitFor(() => {
      expect(scope.told.at(-1)).toEqual({ type: 'sync-status', status: 'idle', pending: 0 })
    })
  })
})
