import { defineLane, defineOperation, ref, SyncError } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import type { Outbox } from '../outbox.ts'
import { TestDevice } from '../testing/index.ts'
import { enqueueRequest, requestOperations, requestTransport, type RequestTransportOptions } from './index.ts'
import { OtherServer } from './other-server.fixture.ts'

const session = { tenant: 'north', user: 'ana' }
const own = 'https://app.example'
const other = 'https://api.example'

interface Stage {
  readonly device: TestDevice
  readonly server: OtherServer
  readonly outbox: Outbox
  readonly open: () => Promise<Outbox>
}

async function setStage(options: RequestTransportOptions = {}): Promise<Stage> {
  const device = new TestDevice()
  const server = new OtherServer()
  server.isReachable = () => device.network.isOnline
  const transport = requestTransport({ session, fetch: server.fetch, origin: 'https://app.example', ...options })
  const open = () => device.open({ operations: requestOperations, session, transport })
  return { device, server, open, outbox: await open() }
}

const refused = async (work: Promise<unknown>): Promise<SyncError> => {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof SyncError)) throw new Error(`expected a SyncError, got ${String(error)}`)
  return error
}

test('R136 R137 a request made offline is sent once, as it was asked for, without its metadata', async () => {
  const { device, server, outbox } = await setStage()
  device.goOffline()
  const entry = await enqueueRequest(outbox, {
    url: '/api/notes?draft=1',
    method: 'PUT',
    headers: { 'X-Form': 'a' },
    body: { text: 'hello' },
    metadata: { formId: 'f-1', type: 'form' },
  })
  expect(server.seen).toEqual([])
  await device.goOnline()
  await device.advance(60_000)
  await expect(entry.settled).resolves.toMatchObject({ kind: 'applied', applied: { result: { ok: true } } })
  expect(server.seen).toHaveLength(1)
  const [seen] = server.seen
  expect(seen).toMatchObject({ method: 'PUT', url: '/api/notes?draft=1', body: '{"text":"hello"}' })
  expect(seen?.headers.get('idempotency-key')).toBe(entry.id)
  expect(seen?.headers.get('x-form')).toBe('a')
  expect(JSON.stringify(server.seen)).not.toContain('formId')
  expect((await outbox.entries()).length).toBe(0)
})

test('F085 tokens are stamped when it is sent, never stored', async () => {
  const stamps = ['first', 'second']
  const { device, server, outbox } = await setStage({ headers: () => ({ authorization: `Bearer ${stamps.shift()}` }) })
  server.behave = () => new Response('busy', { status: 503 })
  const { id } = await enqueueRequest(outbox, { url: '/api/notes', body: 1 })
  await device.advance(500)
  expect(JSON.stringify(await outbox.entry(id))).not.toContain('Bearer')
  server.behave = () => new Response(null, { status: 204 })
  await device.advance(120_000)
  expect(server.seen.map(({ headers }) => headers.get('authorization'))).toEqual(['Bearer first', 'Bearer second'])
  for (const name of ['Authorization', 'cookie', 'Idempotency-Key']) {
    const { message } = await refused(enqueueRequest(outbox, { url: '/api/notes', headers: { [name]: 'x' } }))
    expect(message).toContain(`"${name}" is never stored`)
  }
})

describe('what the answer of a server that knows nothing of Holdfast means', () => {
  test.each([200, 201, 202, 204])('%i is taken for success', async (status) => {
    const { device, server, outbox } = await setStage()
    server.behave = () => new Response(null, { status })
    const entry = await enqueueRequest(outbox, { url: '/api/notes' })
    await device.advance(1000)
    expect((await outbox.entry(entry.id))?.state.kind).toBe('applied')
  })

  test.each([400, 403, 404, 409, 410, 413, 422])(
    'R143 F027 %i makes a dead letter that says "HTTP %i", and holds no other request back',
    async (status) => {
      const { device, server, outbox } = await setStage()
      server.behave = ({ body }) => new Response('no', { status: body === '"bad"' ? status : 200 })
      const bad = await enqueueRequest(outbox, { url: '/api/notes', body: 'bad' })
      const good = await enqueueRequest(outbox, { url: '/api/notes', body: 'good' })
      await device.advance(60_000)
      const dead = (await outbox.entry(bad.id))?.state
      expect(dead).toMatchObject({ kind: 'dead', reason: { kind: 'rejected', problem: { title: `HTTP ${status}` } } })
      expect((await outbox.entry(good.id))?.state.kind).toBe('applied')
      expect(server.bodies.filter((body) => body === '"bad"')).toHaveLength(1)
    },
  )

  test.each([
    ['F017 a captive portal', () => new Response('<p>Welcome', { headers: { 'content-type': 'text/html' } })],
    ['F018 a redirect to a login page', () => new Response(null, { status: 302, headers: { location: '/login' } })],
    ['F025 a server that has a problem', () => new Response('no', { status: 500 })],
    ['F026 a server that has no time', () => new Response('no', { status: 425 })],
    ['F012 a connection that is cut after the work was done', () => cut()],
  ])('%s loses nothing: the same key comes again', async (_name, behave) => {
    const { device, server, outbox } = await setStage()
    server.behave = behave
    const entry = await enqueueRequest(outbox, { url: '/api/notes' })
    await device.advance(3000)
    expect(['queued', 'waiting']).toContain((await outbox.entry(entry.id))?.state.kind)
    server.behave = () => new Response(null, { status: 204 })
    await device.advance(120_000)
    expect((await outbox.entry(entry.id))?.state.kind).toBe('applied')
    expect(new Set(server.seen.map(({ headers }) => headers.get('idempotency-key')))).toEqual(new Set([entry.id]))
  })

  test('F023 429 with Retry-After is heeded', async () => {
    const { device, server, outbox } = await setStage()
    server.behave = () => new Response('busy', { status: 429, headers: { 'retry-after': '40' } })
    await enqueueRequest(outbox, { url: '/api/notes' })
    await device.advance(39_000)
    expect(server.seen).toHaveLength(1)
    // A time that the server names is stretched by up to a quarter, so that not all devices come back in one moment.
    await device.advance(12_000)
    expect(server.seen).toHaveLength(2)
  })

  test('401 waits for the person, and uses no attempt', async () => {
    const { device, server, outbox } = await setStage()
    server.behave = () => new Response('who', { status: 401 })
    const entry = await enqueueRequest(outbox, { url: '/api/notes' })
    await device.advance(2000)
    expect((await outbox.entry(entry.id))?.attempts).toEqual([])
    server.behave = () => new Response(null, { status: 204 })
    outbox.authenticated()
    await device.advance(60_000)
    expect((await outbox.entry(entry.id))?.state.kind).toBe('applied')
  })

  test("the app's own rule overrules the status", async () => {
    const isSuccess = ({ body }: { readonly body: unknown }) => JSON.stringify(body) === '{"accepted":true}'
    const { device, server, outbox } = await setStage({ isSuccess })
    server.behave = () => Response.json({ accepted: false })
    const entry = await enqueueRequest(outbox, { url: '/api/notes' })
    await device.advance(2000)
    expect((await outbox.entry(entry.id))?.state.kind).not.toBe('applied')
    server.behave = () => Response.json({ accepted: true })
    await device.advance(120_000)
    expect((await outbox.entry(entry.id))?.state.kind).toBe('applied')
  })
})

test('R142 five tries of a request that fails alone, then it waits for a person; once is once where that was asked for', async () => {
  const { device, server, outbox } = await setStage()
  server.behave = () => new Response('no', { status: 500 })
  const tried = await enqueueRequest(outbox, { url: '/api/a', body: 'five' })
  const once = await enqueueRequest(outbox, { url: '/api/b', body: 'once', retryOnFailure: false })
  await device.advance(30 * 60_000)
  expect(await outbox.entry(tried.id)).toMatchObject({ state: { kind: 'dead', attempts: 5 } })
  expect(await outbox.entry(once.id)).toMatchObject({ state: { kind: 'dead', attempts: 1 } })
})

test('I3 requests of one queue go in their order, and each priority has its own', async () => {
  const { device, server, outbox } = await setStage()
  device.goOffline()
  for (const body of ['a', 'b', 'c']) await enqueueRequest(outbox, { url: '/api/x', body })
  await enqueueRequest(outbox, { url: '/api/x', body: 'urgent', priority: 'high' })
  await device.goOnline()
  await device.advance(60_000)
  expect(server.bodies).toEqual(['"urgent"', '"a"', '"b"', '"c"'])
})

test('F001 a killed tab sends again under the same key', async () => {
  const { device, server, outbox, open } = await setStage()
  server.behave = () => {
    device.kill(outbox)
    return Response.json({})
  }
  const { id } = await enqueueRequest(outbox, { url: '/api/x', body: 'a' })
  await device.advance(1000)
  server.behave = () => Response.json({})
  const again = await open()
  await device.advance(60_000)
  expect((await again.entry(id))?.state.kind).toBe('applied')
  expect(server.seen.map(({ headers }) => headers.get('idempotency-key'))).toEqual([id, id])
})

test('only the page’s own origin and the listed ones are sent to; anything else is a dead letter that says so', async () => {
  const { device, server, outbox } = await setStage({ origins: ['https://api.example'] })
  const entries = await Promise.all(
    ['https://api.example/a', 'https://app.example/b', 'https://evil.example/c'].map((url) =>
      enqueueRequest(outbox, { url }),
    ),
  )
  await device.advance(5000)
  expect(server.seen.map(({ url }) => url).toSorted()).toEqual(['https://api.example/a', 'https://app.example/b'])
  const last = await outbox.entry(entries[2]?.id ?? entries[0]?.id ?? never())
  expect(last?.state).toMatchObject({
    kind: 'dead',
    reason: { problem: { detail: 'This app may not send to https://evil.example.' } },
  })
})

describe('a server of others that fails stops nobody else', () => {
  const orderLane = defineLane('order', { priority: 'high' })
  const placeOrder = defineOperation<string>({
    type: 'order.place',
    version: 1,
    payload: { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value: String(value) }) } },
    lane: orderLane,
  })

  test.each([
    [503, undefined],
    [503, '3600'],
    [429, '3600'],
    [401, undefined],
    [500, undefined],
  ])('I3 %i with Retry-After %s: orders go to our own server at once', async (status, retryAfter) => {
    const device = new TestDevice()
    const server = new OtherServer()
    const batch = device.network.forTab(session, () => Promise.resolve())
    const transport = requestTransport({ batch, fetch: server.fetch, origin: own, origins: [other] })
    const outbox = await device.open({ operations: [...requestOperations, placeOrder], session, transport })
    server.behave = () =>
      new Response('no', { status, headers: retryAfter === undefined ? {} : { 'retry-after': retryAfter } })
    const foreign = await enqueueRequest(outbox, { url: `${other}/crm`, queue: 'crm', priority: 'low' })
    await device.advance(600_000)
    const order = await outbox.enqueue(placeOrder, 'o-1')
    await device.advance(5000)
    expect((await outbox.entry(order.id))?.state.kind).toBe('applied')
    expect(outbox.status().authentication).toBe('ok')
    expect((await outbox.entry(foreign.id))?.state.kind).toBe(status === 500 ? 'dead' : 'waiting')
    // It is not hammered either: a minute lies between two tries, or as long as it asked for.
    expect(server.seen.length).toBeLessThan(retryAfter === undefined ? 15 : 3)
  })

  test.each([503, 429, 401])('I3 %i: requests to our own origin, in another queue, go', async (status) => {
    const { device, server, outbox } = await setStage({ origins: [other] })
    server.behave = ({ url }) => new Response(null, { status: url.startsWith(other) ? status : 204 })
    await enqueueRequest(outbox, { url: `${other}/crm`, queue: 'crm' })
    const note = await enqueueRequest(outbox, { url: '/api/notes', queue: 'notes' })
    await device.advance(60_000)
    expect((await outbox.entry(note.id))?.state.kind).toBe('applied')
  })

  test('I3 what stands behind a request that waits for its parent waits with it', async () => {
    const { device, server, outbox } = await setStage()
    server.behave = ({ body }) => new Response(null, { status: body === '"parent"' ? 503 : 204 })
    const parent = await enqueueRequest(outbox, { url: '/api/a', body: 'parent', queue: 'a' })
    await enqueueRequest(outbox, { url: '/api/b', body: 'first', queue: 'b', after: [parent.id] })
    await enqueueRequest(outbox, { url: '/api/b', body: 'second', queue: 'b', retryOnFailure: false })
    await device.advance(300_000)
    expect(new Set(server.bodies)).toEqual(new Set(['"parent"']))
    server.behave = () => new Response(null, { status: 204 })
    await device.advance(120_000)
    expect(server.bodies.slice(-3)).toEqual(['"parent"', '"first"', '"second"'])
  })
})

describe('R135 bad input is refused by the name of the field, and nothing is stored', () => {
  test.each([
    ['url', { url: '//evil.example/x' }],
    ['url', { url: 'javascript:alert(1)' }],
    ['url', { url: 'https://ana:secret@api.example/' }],
    ['url', { url: '/\\evil.example' }],
    ['url', { url: `/${'x'.repeat(2001)}` }],
    ['headers', { url: '/a', headers: { 'X-A': 'one\r\nX-B: two' } }],
    ['queue', { url: '/a', queue: '' }],
  ])('%s: %j', async (field, options) => {
    const { outbox } = await setStage()
    const error = await refused(enqueueRequest(outbox, options))
    expect(error.code).toBe('invalid-payload')
    expect(error.message).toContain(field)
    expect(await outbox.entries()).toEqual([])
  })

  test('a reference, which only a Holdfast server could fill in', async () => {
    const { outbox } = await setStage()
    const { id } = await enqueueRequest(outbox, { url: '/a' })
    const error = await refused(enqueueRequest(outbox, { url: '/b', body: { order: { ...ref(id, 'order') } } }))
    expect(error.code).toBe('invalid-payload')
  })
})

function cut(): Response {
  throw new TypeError('Failed to fetch')
}

function never(): never {
  throw new Error('not reached')
}
