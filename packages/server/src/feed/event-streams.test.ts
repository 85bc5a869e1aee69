import { eventsPath, parseFeedHead, problemCodeOf, parseProblem, type FeedHead } from '@holdfast/core'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Database } from '../database/database.ts'
import { openTimeoutMs, testDatabases, type TestDatabase } from '../database/test-databases.fixture.ts'
import { changeNote, noteHandlers, noteOp } from '../notes.fixture.ts'
import { listenOnNode } from '../operate/node-server.ts'
import { createSyncServer, type SyncServer } from '../sync-server.ts'
import { createEventStreams } from './event-streams.ts'
import type { HeadMoved } from './feed-watch.ts'
import type { LiveFeedOptions } from './live-feed.ts'

const log = (): void => undefined

/** Reads a stream: heads as they come, `undefined` at its end. */
function headsOf(body: ReadableStream<Uint8Array> | null) {
  if (body === null) throw new TypeError('a body was expected')
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let text = ''
  const next = async (): Promise<(FeedHead & { readonly id: string }) | undefined> => {
    for (;;) {
      const end = text.indexOf('\n\n')
      if (end >= 0) {
        const message = text.slice(0, end)
        text = text.slice(end + 2)
        if (!message.startsWith('event: head\n')) continue
        const head = parseFeedHead(JSON.parse(/^data: (.*)$/m.exec(message)?.[1] ?? 'null'))
        if (head === undefined) throw new TypeError(`not a head: ${message}`)
        return { ...head, id: /^id: (.*)$/m.exec(message)?.[1] ?? '' }
      }
      const { done, value } = await reader.read()
      if (done) return undefined
      text += decoder.decode(value)
    }
  }
  return { next, leave: () => reader.cancel() }
}

for (const kind of testDatabases) {
  describe(`the event stream on ${kind.name}`, () => {
    let opened: TestDatabase
    const servers: SyncServer[] = []
    beforeAll(async () => {
      opened = await kind.open()
    }, openTimeoutMs)
    afterAll(async () => {
      await Promise.all(servers.map((server) => server.close()))
      await opened.close()
    })

    /** A server on the one database; several stand for several processes. */
    const serve = (feed: LiveFeedOptions = {}, database: Database = opened.database): SyncServer => {
      const sync = createSyncServer({
        database,
        handlers: noteHandlers,
        log,
        feed: { pollMs: 3_600_000, gatherMs: 1, ...feed },
        authenticate: (request) => {
          const [tenant = '', user = ''] = (request.headers.get('x-session') ?? '').split('/')
          return tenant === '' ? null : { tenant, user, roles: [] }
        },
      })
      servers.push(sync)
      return sync
    }
    const open = (sync: SyncServer, session: string, lastEventId?: string) =>
      sync.routes.request(eventsPath, {
        headers: { 'x-session': session, ...(lastEventId !== undefined && { 'last-event-id': lastEventId }) },
      })
    let count = 0
    const put = (sync: SyncServer, tenant: string) => {
      count += 1
      const operation = noteOp(`op-${count}`, changeNote, { id: 'n', add: 1 })
      return sync.apply({ tenant, user: 'ana', device: 'phone' }, [operation])
    }

    test('says where the feed stands, then each move, and only to its own tenant', async () => {
      const sync = serve()
      const response = await open(sync, 'north/ana')
      expect(response.headers.get('content-type')).toBe('text/event-stream')
      const north = headsOf(response.body)
      const south = headsOf((await open(sync, 'south/cleo')).body)
      expect(await north.next()).toMatchObject({ epoch: '', head: 0 })
      expect(await south.next()).toMatchObject({ head: 0 })
      await put(sync, 'north')
      expect(await north.next()).toMatchObject({ head: 1 })
      await put(sync, 'south')
      // What the south hears next is its own: nothing of the north came between.
      const first = await south.next()
      expect(first).toMatchObject({ head: 1 })
      await put(sync, 'south')
      expect(await south.next()).toEqual({ epoch: first?.epoch, head: 2, id: `2@${first?.epoch}` })
    })

    test('hears of what another process has written', async () => {
      const [one, other] = [serve(), serve()]
      const heads = headsOf((await open(one, 'west/ana')).body)
      await heads.next()
      await put(other, 'west')
      expect(await heads.next()).toMatchObject({ head: 1 })
    })

    test('hears of what was written before it could listen', async () => {
      const slow: Database = {
        ...opened.database,
        listen: async (channel, heard) => {
          await vi.waitUntil(() => isWritten)
          return opened.database.listen(channel, heard)
        },
      }
      let isWritten = false
      const heads = headsOf((await open(serve({}, slow), 'slow/ana')).body)
      expect(await heads.next()).toMatchObject({ head: 0 })
      await put(serve(), 'slow')
      isWritten = true
      expect(await heads.next()).toMatchObject({ head: 1 })
    })

    test('polls where nobody can be listened to', async () => {
      const deaf = { ...opened.database, listen: () => Promise.reject(new Error('no such thing here')) }
      const heads = headsOf((await open(serve({ pollMs: 20 }, deaf), 'deaf/ana')).body)
      await heads.next()
      await put(serve(), 'deaf')
      expect(await heads.next()).toMatchObject({ head: 1 })
    })

    test('goes on after the last event that was heard, and tells it no second time', async () => {
      const sync = serve()
      const first = headsOf((await open(sync, 'resumed/ana')).body)
      await first.next()
      await put(sync, 'resumed')
      const last = await first.next()
      await first.leave()
      const again = headsOf((await open(sync, 'resumed/ana', last?.id)).body)
      const missed = headsOf((await open(sync, 'resumed/ana', `0@${last?.epoch}`)).body)
      expect(await missed.next()).toEqual(last)
      await put(sync, 'resumed')
      expect(await again.next()).toMatchObject({ head: 2 })
    })

    test('F080 a person gets so many streams and no more, another one still gets theirs, and one that ends makes room', async () => {
      const sync = serve({ perUserMax: 2, totalMax: 3 })
      const first = headsOf((await open(sync, 'capped/ana')).body)
      await open(sync, 'capped/ana')
      const refused = await open(sync, 'capped/ana')
      expect(problemCodeOf(parseProblem(await refused.json()))).toBe('rate-limited')
      expect(refused.status).toBe(429)
      expect(refused.headers.get('retry-after')).toBe('30')
      expect((await open(sync, 'capped/ben')).status).toBe(200)
      const full = await open(sync, 'capped/cleo')
      expect(problemCodeOf(parseProblem(await full.json()))).toBe('unavailable')
      await first.leave()
      expect((await open(sync, 'capped/ana')).status).toBe(200)
      expect((await sync.routes.request(eventsPath)).status).toBe(401)
      const head = { method: 'HEAD', headers: { 'x-session': 'capped/dora' } }
      expect((await sync.routes.request(eventsPath, head)).status).toBe(405)
    })

    test('on a socket: a shutdown ends it, and a client that has left is forgotten', async () => {
      const sync = serve()
      const server = await listenOnNode({
        fetch: (request) => sync.routes.fetch(request),
        port: 0,
        onClose: sync.close,
      })
      const url = `http://localhost:${server.port}${eventsPath}`
      const headers = { 'x-session': 'socket/ana' }
      const leaving = new AbortController()
      const left = await fetch(url, { headers, signal: leaving.signal })
      await headsOf(left.body).next()
      leaving.abort()
      await vi.waitUntil(() => sync.streams() === 0)
      const heads = headsOf((await fetch(url, { headers })).body)
      await heads.next()
      const closing = server.close()
      expect(await heads.next()).toBeUndefined()
      await closing
    })
  })
}

describe('a stream', () => {
  /** A watch whose heads the test says. */
  function watchByHand() {
    let moved: HeadMoved = () => undefined
    const watch = {
      watch: (_: string, told: HeadMoved) => {
        moved = told
        return () => undefined
      },
      changed: () => undefined,
      close: () => Promise.resolve(),
    }
    return { watch, move: (head: number) => moved({ epoch: 'e', head }) }
  }

  test('a client that does not read is cut off after two heartbeats, and holds no more than some events', async () => {
    vi.useFakeTimers()
    try {
      const { watch, move } = watchByHand()
      const streams = createEventStreams(watch, { heartbeatMs: 1000 })
      const stream = streams.open({ tenant: 't', user: 'u', lastEventId: undefined })
      if ('refused' in stream) throw new Error('refused')
      for (let head = 1; head <= 1000; head += 1) move(head)
      vi.advanceTimersByTime(1000)
      expect(streams.count()).toBe(1)
      vi.advanceTimersByTime(1000)
      expect(streams.count()).toBe(0)
      await expect(stream.body.getReader().closed).rejects.toThrow('does not read')
    } finally {
      vi.useRealTimers()
    }
  })

  test('one that reads late gets the newest head and no backlog; heartbeats come in between; its life ends', async () => {
    vi.useFakeTimers()
    try {
      const { watch, move } = watchByHand()
      const streams = createEventStreams(watch, { heartbeatMs: 1000, lifetimeMs: 60_000 }, () => 0)
      const stream = streams.open({ tenant: 't', user: 'u', lastEventId: '3@e' })
      if ('refused' in stream) throw new Error('refused')
      for (let head = 1; head <= 1000; head += 1) move(head)
      const heads = headsOf(stream.body)
      const told = [await heads.next(), await heads.next(), await heads.next(), await heads.next()]
      expect(told.map((head) => head?.head)).toEqual([1, 2, 3, 1000])
      const end = heads.next()
      await vi.advanceTimersByTimeAsync(59_000)
      expect(streams.count()).toBe(1)
      await vi.advanceTimersByTimeAsync(1000)
      expect(streams.count()).toBe(0)
      expect(await end).toBeUndefined()
    } finally {
      vi.useRealTimers()
    }
  })
})
