import { createHmac } from 'node:crypto'
import { attemptsMaxOf, type Json } from '@holdfast/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTimeoutMs, testDatabases, type TestDatabase } from '../database/test-databases.fixture.ts'
import { readChanges } from '../feed/read-feed.ts'
import { runWorker } from '../jobs/run-worker.ts'
import { changeNote, createNote, idOf, noteHandlers, noteOp } from '../notes.fixture.ts'
import { createSyncServer } from '../sync-server.ts'
import { webhookHandler } from './deliver-webhook.ts'
import type { WebhookEndpoint } from './webhook-endpoint.ts'

const key = Buffer.alloc(32, 7)
const secret = `whsec_${key.toString('base64')}`
const ledger: WebhookEndpoint = { name: 'ledger', url: 'https://books.example/hook', secret, types: ['note.create'] }
const everything: WebhookEndpoint = { name: 'all', url: 'https://all.example/', secret, types: 'all' }

interface Received {
  readonly url: string
  readonly headers: Headers
  readonly body: string
}

/** A receiver that answers as told, and what it has received. */
function receiver(answer: (url: string) => Response | Promise<Response> = () => new Response(null, { status: 204 })) {
  const received: Received[] = []
  const send: typeof fetch = async (url, init) => {
    const address = typeof url === 'string' ? url : 'no text'
    received.push({
      url: address,
      headers: new Headers(init?.headers),
      body: typeof init?.body === 'string' ? init.body : '',
    })
    return answer(address)
  }
  return { send, received }
}

for (const kind of testDatabases) {
  describe(`webhooks on ${kind.name}`, () => {
    let opened: TestDatabase
    beforeAll(async () => {
      opened = await kind.open()
    }, openTimeoutMs)
    afterAll(() => opened.close())

    test('each applied operation is told once to whoever wants to hear of it, signed, and a duplicate is not told again', async () => {
      const { database } = opened
      const sync = createSyncServer({
        database,
        handlers: noteHandlers,
        authenticate: () => null,
        webhooks: [ledger, everything],
        nowMs: () => Date.UTC(2026, 0, 1),
      })
      const apply = (id: string, definition: { readonly type: string }, note: string) =>
        sync.apply({ tenant: 'north', user: 'ana', device: 'phone' }, [
          noteOp(id, definition, { id: note, text: 'private words' }),
        ])
      await apply('made', createNote, 'a')
      await apply('made', createNote, 'a')
      await apply('refused', createNote, 'a')
      await apply('changed', changeNote, 'a')

      const { send, received } = receiver()
      let isDone = (): void => undefined
      const done = new Promise<void>((resolve) => {
        isDone = resolve
      })
      const sendAndCount: typeof fetch = async (...call) => {
        const response = await send(...call)
        if (received.length === 3) isDone()
        return response
      }
      const worker = runWorker({
        database,
        handlers: [webhookHandler([ledger, everything], { fetch: sendAndCount })],
        pollMs: 20,
      })
      await done
      await worker.stop()
      const told = received.map(({ url, headers }) => `${headers.get('webhook-id')} ${url}`)
      expect(told.toSorted()).toEqual([
        'changed~webhook~all https://all.example/',
        'made~webhook~all https://all.example/',
        'made~webhook~ledger https://books.example/hook',
      ])
      const kinds = await database.tx('north', ({ query }) =>
        query('kinds', 'select distinct j.kind, j.attempt from holdfast.jobs j', []),
      )
      expect(kinds).toEqual([{ kind: 'completed', attempt: 1 }])
      // Deliveries are the server's own work: to the tenant's devices nothing has changed by them.
      const { changes } = await readChanges(database, 'north', { after: 0, limit: 100 })
      expect(changes.map(({ kind: of }) => of)).toEqual(['note', 'note'])
      const first = received.find(({ url }) => url === ledger.url)
      expect(JSON.parse(first?.body ?? '')).toEqual({
        type: 'operation.applied',
        timestamp: '2026-01-01T00:00:00.000Z',
        data: {
          tenant: 'north',
          user: 'ana',
          operation: 'made',
          operationType: 'note.create',
          entity: { kind: 'note', id: 'a' },
          version: 1,
        },
      })
      const id = first?.headers.get('webhook-id') ?? ''
      const signed = `${id}.${first?.headers.get('webhook-timestamp')}.${first?.body}`
      const mac = createHmac('sha256', key).update(signed).digest('base64')
      expect(first?.headers.get('webhook-signature')).toBe(`v1,${mac}`)
    })

    test('an edit whose original had been applied is not told a second time', async () => {
      const { database } = opened
      const webhooks = [everything]
      const sync = createSyncServer({ database, handlers: noteHandlers, authenticate: () => null, webhooks })
      const owner = { tenant: 'edited', user: 'ana', device: 'phone' }
      await sync.apply(owner, [noteOp('first', changeNote, { id: 'n', add: 1 })])
      const edit = noteOp('edit', changeNote, { id: 'n', add: 5 }, { supersedes: idOf('first') })
      expect(await sync.apply(owner, [edit])).toMatchObject([{ outcome: 'duplicate', of: 'first' }])
      const jobs = await database.tx('edited', ({ query }) => query('ids', 'select j.id from holdfast.jobs j', []))
      expect(jobs).toEqual([{ id: 'first~webhook~all' }])
    })

    test('an effect that is rolled back leaves no webhook', async () => {
      const { database } = opened
      const sync = createSyncServer({
        database,
        handlers: noteHandlers,
        authenticate: () => null,
        webhooks: [everything],
      })
      const broken = { ...database, tx: database.tx }
      const failing = createSyncServer({
        database: {
          ...broken,
          tx: (tenant, run) =>
            database.tx(tenant, async (transaction) => {
              await run(transaction)
              throw new TypeError('before the commit')
            }),
        },
        handlers: noteHandlers,
        authenticate: () => null,
        webhooks: [everything],
      })
      const operations = [noteOp('undone', createNote, { id: 'u' })]
      const owner = { tenant: 'undone', user: 'ana', device: 'phone' }
      await expect(failing.apply(owner, operations)).rejects.toThrow('before the commit')
      const count = () =>
        database.tx('undone', ({ query }) => query('count', 'select count(*)::integer as n from holdfast.jobs', []))
      expect(await count()).toEqual([{ n: 0 }])
      await sync.apply(owner, operations)
      expect(await count()).toEqual([{ n: 1 }])
    })
  })
}

describe('a delivery', () => {
  const attempt = (payload: Json) => ({
    tenant: 't',
    id: 'op~webhook~all',
    operation: idOf('op'),
    user: 'u',
    type: 'holdfast.webhook',
    payload,
    attempt: 1,
  })
  const circumstances = { signal: new AbortController().signal, deadlineMs: 1000 }
  const deliver = (answer: () => Response | Promise<Response>, payload: Json = { endpoint: 'all', event: {} }) =>
    webhookHandler([everything], { fetch: receiver(answer).send }).work(attempt(payload), circumstances)

  test('what is not a 2xx is tried again, a receiver that is gone is not', async () => {
    expect(await deliver(() => new Response('', { status: 202 }))).toEqual({ result: { status: 202 } })
    for (const status of [301, 400, 404, 429, 500, 503]) {
      await expect(
        deliver(() => new Response('', { status })),
        String(status),
      ).rejects.toMatchObject({
        failure: { code: 'not-taken' },
        isFinal: false,
      })
    }
    await expect(deliver(() => new Response('', { status: 410 }))).rejects.toMatchObject({ isFinal: true })
    await expect(deliver(() => Promise.reject(new TypeError('no such host')))).rejects.toMatchObject({
      failure: { code: 'unreachable' },
      isFinal: false,
    })
    for (const payload of [{ endpoint: 'removed', event: {} }, { endpoint: 'all' }, 'x', null]) {
      await expect(deliver(() => new Response(''), payload)).rejects.toMatchObject({
        failure: { code: 'no-endpoint' },
        isFinal: true,
      })
    }
  })

  test('it is tried for more than a day', () => {
    expect(attemptsMaxOf(webhookHandler([everything]).schedule)).toBe(12)
  })

  test('endpoints that cannot be used are refused with what was expected, and no secret is repeated', () => {
    const wrong: readonly (readonly [Partial<WebhookEndpoint>, RegExp])[] = [
      [{ name: 'Has Spaces' }, /1 to 40 of a-z/],
      [{ url: 'http://books.example/' }, /https:/],
      [{ url: 'file:///etc/passwd' }, /https:/],
      [{ url: 'nonsense' }, /https:/],
      [{ secret: 'whsec_c2hvcnQ=' }, /24 to 64 bytes/],
      [{ secret: `hunter2${'x'.repeat(40)}` }, /24 to 64 bytes/],
    ]
    for (const [change, message] of wrong) {
      expect(() => webhookHandler([{ ...everything, ...change }])).toThrow(message)
      expect(() => webhookHandler([{ ...everything, ...change }])).not.toThrow(/hunter2|c2hvcnQ/)
    }
    expect(() => webhookHandler([everything, everything])).toThrow(/Two webhooks are named "all"/)
    expect(() => webhookHandler([{ ...everything, url: 'http://localhost:8080/' }])).not.toThrow()
  })
})
