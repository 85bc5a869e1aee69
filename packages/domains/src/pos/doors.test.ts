/** Orders through every door, on PGlite and on a real PostgreSQL: whichever door they take, each is there once. */
import {
  batchPath,
  isJson,
  isRecord,
  parseBatchAnswer,
  parseOperationId,
  parseProblem,
  problemCodeOf,
  problemMediaType,
  type Json,
  type OperationDefinition,
  type OperationId,
} from '@holdfast/core'
import { createSyncServer, wireOperationOf, type SyncServer } from '@holdfast/server'
import fc from 'fast-check'
import { Hono } from 'hono'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTimeoutMs, testDatabases, type TestDatabase } from '../../../server/src/database/test-databases.fixture.ts'
import { posDoors, posHandlers } from './handlers.ts'
import { changeOrderStatus, onlineOrderId, orderKind, placeOrder, posOperations, type Order } from './operations.ts'
import { orderOf } from './orders.fixture.ts'

let ids = 0
const newOrderId = (): string => `0192f0c1-0000-7000-8000-${(ids += 1).toString(16).padStart(12, '0')}`
const newOrder = (more: Parameters<typeof orderOf>[1] = {}): Order => orderOf(newOrderId(), more)

function idOf(text: string): OperationId {
  const id = parseOperationId(text)
  if (id === undefined) throw new TypeError(`not an operation id: ${text}`)
  return id
}

function jsonOf(value: unknown): Json {
  if (!isJson(value)) throw new TypeError('not JSON')
  return value
}

describe.each(testDatabases)('on $name', ({ open }) => {
  let opened: TestDatabase
  let sync: SyncServer
  let app: Hono

  beforeAll(async () => {
    opened = await open()
    sync = createSyncServer({
      operations: posOperations,
      database: opened.database,
      handlers: posHandlers,
      authenticate: (request) => {
        const [user, tenant] = (request.headers.get('x-test-session') ?? '').split('@')
        return user === undefined || tenant === undefined ? null : { tenant, user, roles: [] }
      },
    })
    app = new Hono().route('/', sync.routes).route('/', posDoors(sync))
  }, openTimeoutMs)
  afterAll(() => opened.close())

  const ask = async (path: string, init: RequestInit & { readonly as?: string } = {}) => {
    const { as = 'ana@north', ...rest } = init
    const response = await app.request(`http://desk.example${path}`, {
      ...rest,
      headers: {
        'x-test-session': as,
        'content-type': 'application/json',
        ...Object.fromEntries(new Headers(rest.headers)),
      },
    })
    const text = await response.text()
    const body: unknown = text === '' ? undefined : JSON.parse(text)
    expect(response.headers.get('cache-control')).toBe('no-store')
    return {
      status: response.status,
      type: response.headers.get('content-type'),
      body: isRecord(body) ? body : {},
      code: problemCodeOf(parseProblem(body)),
      text,
    }
  }
  const post = (body: unknown, headers: Record<string, string> = {}, as = 'ana@north') =>
    ask('/api/pos/orders', { method: 'POST', body: JSON.stringify(body), headers, as })
  const postBatch = (body: unknown, headers: Record<string, string> = {}) =>
    ask('/api/pos/orders/batch', { method: 'POST', body: JSON.stringify(body), headers })
  const stored = async (order: Order, tenant = 'north') => {
    const id = onlineOrderId(order.id) ?? ''
    return (await sync.read(tenant, orderKind, [id])).get(id)
  }
  const apply = <Payload extends object>(
    definition: OperationDefinition<Payload>,
    id: string,
    payload: Payload,
    base?: number,
  ) =>
    sync.apply({ tenant: 'north', user: 'ana', device: 'phone' }, [
      wireOperationOf(definition, jsonOf(payload), payload, {
        id: idOf(id),
        ...(base !== undefined && { base: { version: base } }),
      }),
    ])

  test('R068 one order: 201 with what is stored, and 200 duplicate when it comes again', async () => {
    const order = newOrder()
    const first = await post(order, { 'x-offline-sync': 'true' })
    expect([first.status, first.type]).toEqual([201, 'application/json'])
    expect(first.body).toEqual({
      success: true,
      id: order.id,
      version: 1,
      order: { ...order, placedBy: 'ana' },
      duplicate: false,
    })
    const again = await post(order)
    expect([again.status, again.body['duplicate'], again.body['version']]).toEqual([200, true, 1])
  })

  test('the Idempotency-Key is the operation’s id, quoted or not, and goes before the order’s own', async () => {
    const order = newOrder()
    const key = `key-${order.id}`
    expect((await post(order, { 'idempotency-key': key })).status).toBe(201)
    expect((await post(order, { 'idempotency-key': `"${key}"` })).status).toBe(200)
    const other = await post(order, { 'idempotency-key': `${key}-2` })
    expect([other.status, other.code]).toEqual([422, 'refused'])
    expect(await stored(order)).toMatchObject({ version: 1 })
    expect((await post(order, { 'idempotency-key': 'no spaces, please' })).code).toBe('invalid-request')
  })

  test('F062 the same key with another order is 422, and nothing is applied', async () => {
    const order = newOrder()
    await post(order)
    const forged = await post(orderOf(order.id, { serverName: 'Mallory' }))
    expect([forged.status, forged.code, forged.type]).toEqual([422, 'id-reused', problemMediaType])
    expect(await stored(order)).toMatchObject({ version: 1, state: { serverName: 'Ana' } })
  })

  test('F012 the REST door and the batch door know one another’s operations', async () => {
    const order = newOrder()
    expect((await post(order)).status).toBe(201)
    const operation = wireOperationOf(placeOrder, jsonOf(order), order, { id: idOf(order.id) })
    const identity = { protocol: 1, tenant: 'north', user: 'ana', device: 'd', sequence: 1, pending: 1, oldestAgeMs: 0 }
    const answer = await ask(batchPath, {
      method: 'POST',
      body: JSON.stringify({ ...identity, operations: [operation] }),
    })
    expect(parseBatchAnswer(answer.body)?.outcomes).toMatchObject([
      { outcome: 'duplicate', first: { ids: { order: order.id } } },
    ])
    expect(await stored(order)).toMatchObject({ version: 1 })
  })

  test('F013 the same order posted twenty times at once is there once', async () => {
    const order = newOrder()
    const answers = await Promise.all(Array.from({ length: 20 }, () => post(order)))
    expect(answers.map(({ status }) => status).toSorted((left, right) => left - right)).toEqual([
      ...Array.from({ length: 19 }, () => 200),
      201,
    ])
    expect(await stored(order)).toMatchObject({ version: 1 })
  })

  test('a wrong total is refused with words for people, and stays refused', async () => {
    const order = newOrder()
    const wrong = await post({ ...order, totalCents: order.totalCents + 1 })
    expect([wrong.status, wrong.code]).toEqual([422, 'refused'])
    expect(wrong.body['detail']).toBe('The total is 2701 cents, but items, discounts and tax come to 2700 cents.')
    expect(await stored(order)).toBeUndefined()
  })

  test('R060 R064 an order of an older device gets its one id on the server', async () => {
    const order = { ...newOrder(), id: 'offline_pos_1700000000000_k3j9x0a1b' }
    const onlineId = onlineOrderId(order.id)
    const first = await post(order)
    expect(first.body).toMatchObject({ id: onlineId, order: { id: onlineId, offlineId: order.id } })
    const again = await postBatch({ orders: [order] })
    expect(again.body).toMatchObject({ successful: [{ offlineId: order.id, onlineId }], failed: [] })
  })

  test('R062 R063 R064 a batch tells apart what succeeded and what failed, and why', async () => {
    const [good, wrong, odd, again] = [newOrder(), newOrder(), newOrder(), newOrder()]
    await post(again)
    const orders = [good, { ...wrong, totalCents: 1 }, { ...odd, status: 'paid' }, again, good, 'nonsense']
    const answer = await postBatch({ orders }, { 'x-batch-size': '6' })
    expect(answer.status).toBe(200)
    expect(answer.body['successful']).toMatchObject(
      [good, again, good].map(({ id }) => ({ offlineId: id, onlineId: id, order: { id, placedBy: 'ana' } })),
    )
    expect(answer.body['failed']).toMatchObject([
      { offlineId: wrong.id, problem: { status: 422 } },
      { offlineId: odd.id, problem: { status: 422 } },
      { offlineId: null, problem: { status: 422 } },
    ])
    expect(await stored(good)).toMatchObject({ version: 1 })
    expect(await stored(wrong)).toBeUndefined()
  })

  test('R063 a batch of another size than announced, an empty one and one too large are problems', async () => {
    const order = newOrder()
    expect((await postBatch({ orders: [order] }, { 'x-batch-size': '2' })).code).toBe('batch-size-mismatch')
    expect((await postBatch({ orders: [] })).code).toBe('invalid-request')
    expect((await postBatch({})).code).toBe('invalid-request')
    expect((await postBatch({ orders: Array.from({ length: 101 }, () => order) })).code).toBe('too-large')
    expect(await stored(order)).toBeUndefined()
  })

  test('F070 orders belong to the session’s company, whatever the body says; another company never sees them', async () => {
    const order = newOrder()
    const forged = await post({ ...order, tenant: 'south' })
    expect(forged.code).toBe('invalid-payload')
    await post(order)
    expect(await stored(order, 'south')).toBeUndefined()
    const list = await ask('/api/pos/orders', { as: 'cleo@south' })
    expect(list.body).toEqual({ orders: [], next: null })
    // The same id is free in another company, and says nothing of this one.
    expect((await post(order, {}, 'cleo@south')).status).toBe(201)
    expect(await stored(order, 'south')).toMatchObject({ version: 1, state: { placedBy: 'cleo' } })
  })

  test('the list gives the newest first, page by page, each order once', async () => {
    const placed = Array.from({ length: 7 }, () => newOrder())
    await Promise.all(placed.map((order) => post(order, {}, 'dora@west')))
    const seen: unknown[] = []
    let path = '/api/pos/orders?limit=3'
    for (;;) {
      const { body } = await ask(path, { as: 'dora@west' })
      seen.push(...[body['orders']].flat())
      if (typeof body['next'] !== 'string') break
      path = `/api/pos/orders?limit=3&before=${body['next']}`
    }
    expect(seen).toMatchObject(placed.toReversed().map((order) => ({ id: order.id, version: 1, order })))
    expect((await ask('/api/pos/orders?limit=many')).code).toBe('invalid-request')
    expect((await ask("/api/pos/orders?before=' or 1=1")).code).toBe('invalid-request')
  })

  test('R057 a placed order can be refunded once, and what is final stays', async () => {
    const order = newOrder()
    await post(order)
    const change = (id: string, status: 'completed' | 'refunded' | 'cancelled', base: number) =>
      apply(changeOrderStatus, `${order.id}:${id}`, { orderId: order.id, status }, base)
    expect(await change('refund', 'refunded', 1)).toMatchObject([{ outcome: 'applied', version: 2 }])
    expect(await change('back', 'completed', 2)).toMatchObject([{ outcome: 'rejected' }])
    expect(await stored(order)).toMatchObject({ version: 2, state: { status: 'refunded', items: order.items } })
  })

  test('F091 two people change one order: the second is asked, and nothing is overwritten', async () => {
    const order = newOrder()
    await post(order)
    await apply(changeOrderStatus, `${order.id}:a`, { orderId: order.id, notes: 'no onions' }, 1)
    const second = await apply(changeOrderStatus, `${order.id}:b`, { orderId: order.id, notes: 'no garlic' }, 1)
    expect(second).toMatchObject([
      { outcome: 'conflict', version: 2, current: { notes: 'no onions' }, conflictFields: ['notes'] },
    ])
    expect(await stored(order)).toMatchObject({ version: 2, state: { notes: 'no onions' } })
  })

  test('a change of an order that does not exist is refused', async () => {
    const outcomes = await apply(changeOrderStatus, 'ghost', { orderId: newOrderId(), status: 'cancelled' })
    expect(outcomes).toMatchObject([{ outcome: 'rejected' }])
  })

  test('another path, another method and nobody signed in are problem documents', async () => {
    expect((await ask('/api/pos/nothing')).code).toBe('not-found')
    expect((await ask('/api/pos/orders', { method: 'DELETE' })).code).toBe('method-not-allowed')
    expect((await ask('/api/pos/orders/batch')).code).toBe('method-not-allowed')
    expect((await ask('/api/pos/orders', { as: '' })).code).toBe('unauthenticated')
    expect((await post(newOrder(), { 'sec-fetch-site': 'cross-site' })).code).toBe('cross-site')
  })

  test('F073 whatever is posted as an order, or as many, never fails the server', async () => {
    const hostile = fc.oneof(
      fc.jsonValue({ maxDepth: 4 }),
      fc.constantFrom('__proto__', '\u0000', '\ud800', 1e300, -0, null),
    )
    const key = fc.constantFrom(
      'id',
      'items',
      'totalCents',
      'taxCents',
      'timestamp',
      'status',
      'discounts',
      'x',
      '__proto__',
    )
    const mangled = fc
      .tuple(key, hostile)
      .map(([name, value]) =>
        JSON.stringify(newOrder()).replace(/}$/, `,${JSON.stringify(name)}:${JSON.stringify(value)}}`),
      )
    const text = fc.oneof(
      mangled,
      hostile.map((value) => JSON.stringify(value)),
      fc.string(),
    )
    await fc.assert(
      fc.asyncProperty(text, async (body) => {
        const one = await ask('/api/pos/orders', { method: 'POST', body })
        expect(one.status, body).toBeLessThan(500)
        const many = await ask('/api/pos/orders/batch', { method: 'POST', body: `{"orders":[${body}]}` })
        expect(many.status, body).toBeLessThan(500)
        for (const answer of [one, many]) if (answer.status > 299) expect(answer.type).toBe(problemMediaType)
      }),
      { numRuns: 150 },
    )
  }, 60_000)
})
