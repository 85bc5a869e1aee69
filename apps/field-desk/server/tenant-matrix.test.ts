/**
 * The tenant matrix: every door of the app × who asks × every place in which an id can be put × ids of another company,
 * generated from the app's own list of routes. Nothing of the other company may come back or change, with both walls
 * and with either one taken out; and an id of another company is answered like one that nobody has.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isRecord } from '@holdfast/core'
import type { Database, Query } from '@holdfast/server'
import { openPglite } from '@holdfast/server/pglite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readOrMakeKey } from './key-file.ts'
import { assemble, type AssembledApp } from './server.ts'
import { signToken } from './session-cookie.ts'
import { openSessions } from './session-store.ts'

/** Stands in all data of the other company, and in no request. */
const secret = 'SOUTH-ONLY-7f3a91'

/** What an attacker knows of the other company, and things of the same form that nobody has. */
const foreign = {
  tenant: 'south',
  user: 'cleo',
  order: '01a1fb03-87bb-79f8-9430-000000000001',
  operation: 'south-operation',
  lane: 'order:01a1fb03-87bb-79f8-9430-000000000001',
  stamp: 'south/cleo',
  token: '01a1fb03-87bb-79f8-9430-00000000000a',
}
type Ids = { readonly [name in keyof typeof foreign]: string }
const unknown: Ids = {
  tenant: 'nohow',
  user: 'none',
  order: '01a1fb03-87bb-79f8-9430-ffffffffffff',
  operation: 'unknown-operation',
  lane: 'order:01a1fb03-87bb-79f8-9430-ffffffffffff',
  stamp: 'nohow/none',
  token: '01a1fb03-87bb-79f8-9430-fffffffffff0',
}
const names = ['order', 'tenant', 'user', 'operation', 'lane', 'stamp', 'token'] as const

const order = (id: string, more: { readonly notes?: string } = {}) => ({
  id,
  items: [{ itemId: 'espresso', name: 'Espresso', quantity: 2, unitPriceCents: 280 }],
  serverName: 'Ana',
  paymentMethod: 'card',
  subtotalCents: 560,
  taxCents: 50,
  totalCents: 610,
  timestamp: '2026-11-20T12:00:00Z',
  status: 'completed',
  ...more,
})
const own = '01a1fb03-87bb-79f8-9430-5c16638b2e33'
const operation = (id: string, orderId: string, more: object = {}) => ({
  id,
  type: 'pos.order',
  version: 1,
  lane: `order:${orderId}`,
  entity: { kind: 'order', id: orderId },
  payload: order(orderId),
  ageMs: 0,
  ...more,
})
const batch = (tenant: string, user: string, operations: readonly object[]) => ({
  protocol: 1,
  tenant,
  user,
  device: 'phone',
  sequence: 1,
  pending: 1,
  oldestAgeMs: 0,
  operations,
})

/** Makes an operation's id that no other request has, so that requests do not speak of one another. */
let fresh = 0
const freshId = (): string => `north-${(fresh += 1)}`

/** A body that each door understands; others get one with every name that an id may have. */
const bodies: { readonly [route: string]: () => object } = {
  '/api/sync/offline-operations': () =>
    batch('north', 'ana', [
      operation(freshId(), own, {
        base: { after: freshId() },
        after: [freshId()],
        earlier: [freshId()],
        supersedes: freshId(),
        traceparent: 'x',
      }),
    ]),
  '/api/pos/orders': () => order(own),
  '/api/pos/orders/batch': () => ({ orders: [order(own)] }),
  '/api/ocr/jobs': () => ({ id: freshId(), mediaAssetId: own, jobType: 'receipt' }),
  '/api/ocr/corrections': () => ({ id: freshId(), paperId: own, fields: { merchantName: 'x' } }),
  '/api/ocr/budget': () => ({ limitMicros: null }),
  '/api/tokens': () => ({ name: 'north' }),
  '/api/tokens/revoke': () => ({ id: own }),
}
const anyBody = () => ({
  id: own,
  orderId: own,
  jobId: own,
  tenant: 'north',
  user: 'ana',
  ids: [own],
  metadata: { id: own },
})
const queryKeys = ['id', 'tenant', 'user', 'kind']
/** Places in a list: what stands behind one depends on which it is. */
const positionKeys = ['before', 'after', 'limit', 'cursor']
const headerKeys = ['holdfast-identity', 'idempotency-key', 'last-event-id', 'x-tenant', 'x-user', 'upload-metadata']

/** One request, but for the id that is put into it. */
interface Place {
  readonly method: string
  readonly route: string
  /** Whether equal answers are expected whichever id stands there. */
  readonly isPosition: boolean
  readonly make: (id: string, who: Caller) => Request
}
interface Caller {
  readonly name: string
  readonly headers: Readonly<Record<string, string>>
}

function placesOf({ routes: list }: AssembledApp): readonly Place[] {
  const routes = new Map<string, readonly [method: string, path: string]>()
  for (const { method, path } of list) {
    if (!path.startsWith('/api/')) continue
    // Signing in and out takes no ids, and would only change who asks.
    if (path === '/api/session' && method !== 'GET') continue
    for (const each of method === 'ALL' ? ['PATCH'] : [method]) routes.set(`${each} ${path}`, [each, path])
  }
  return [...routes.values()].flatMap(([method, route]) => {
    const bodyOf = bodies[route] ?? anyBody
    const at = (path: string, more: { headers?: Record<string, string>; body?: unknown }, who: Caller) => {
      const { headers = {}, body = method === 'POST' || method === 'PUT' ? bodyOf() : undefined } = more
      return new Request(`http://desk.example${path}`, {
        method,
        headers: { 'content-type': 'application/json', ...who.headers, ...headers },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      })
    }
    const plain = route.replaceAll(/:\w+|\*/g, own)
    const make = (request: Place['make'], isPosition = false): Place => ({ method, route, isPosition, make: request })
    const inPath = /[:*]/.test(route)
      ? [make((id, who) => at(route.replaceAll(/:\w+(?:\{[^}]*\})?|\*/g, encodeURIComponent(id)), {}, who))]
      : []
    const inQuery = [...queryKeys, ...positionKeys].map((key) =>
      make((id, who) => at(`${plain}?${key}=${encodeURIComponent(id)}`, {}, who), positionKeys.includes(key)),
    )
    const inHeader = headerKeys.map((key) => make((id, who) => at(plain, { headers: { [key]: id } }, who)))
    const hasBody = method === 'POST' || method === 'PUT' || method === 'PATCH'
    const inBody = hasBody
      ? textsIn(bodyOf()).map((path) => make((id, who) => at(plain, { body: withText(bodyOf(), path, id) }, who)))
      : []
    return [...inPath, ...inQuery, ...inHeader, ...inBody]
  })
}

/** Where a text stands in a body. */
function textsIn(value: unknown): readonly (readonly string[])[] {
  if (typeof value === 'string') return [[]]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, member]) => textsIn(member).map((path) => [key, ...path]))
}

function withText(value: unknown, [key, ...rest]: readonly string[], text: string): unknown {
  if (key === undefined) return text
  if (Array.isArray(value)) {
    return value.map((item: unknown, index) => (String(index) === key ? withText(item, rest, text) : item))
  }
  return isRecord(value) ? { ...value, [key]: withText(value[key], rest, text) } : value
}

/** What two answers have in common when they say the same of different ids: kinds, codes and which members there are. */
function shapeOf(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return [...new Set(value.map((item: unknown) => JSON.stringify(shapeOf(item))))].toSorted()
  if (isRecord(value))
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, shapeOf(member, name)]))
  return ['type', 'outcome', 'kind', 'status'].includes(key) ? value : typeof value
}

/** Every statement of a tenant's transaction names its tenant as `<alias>.tenant = $1`; this takes that out. */
function withoutScope(database: Database): Database {
  const unscoped =
    (query: Query): Query =>
    (name, text, params) =>
      query(`${name}-unscoped`, text.replaceAll(/\b\w+\.tenant = \$1/g, '$1::text is not null'), params)
  return { ...database, tx: (tenant, run) => database.tx(tenant, ({ query }) => run({ query: unscoped(query) })) }
}

const removeRowSecurity = `
do $$ declare t record; begin
  for t in
    select c.oid::regclass as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('holdfast', 'field_desk') and c.relkind = 'r' and c.relrowsecurity
  loop
    execute format('alter table %s no force row level security', t.name);
    execute format('alter table %s disable row level security', t.name);
  end loop;
end $$`

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenant-matrix-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** Opens an app with data of both companies, and people who ask. */
async function openWorld(wall: (database: Database) => Database) {
  const database = await openPglite({ log: () => undefined })
  const app = await assemble({ dataFolder: folder }, wall(database), new Map(), () => undefined)
  const key = await readOrMakeKey(folder)
  const sessions = openSessions(database)
  const cookieOf = async (tenant: string, user: string): Promise<Caller> => {
    const account = { tenant, user, name: user, company: tenant, roles: [] }
    const token = await sessions.start(account, Date.now())
    return { name: user, headers: { cookie: `field-desk-session=${signToken(token, key)}` } }
  }
  await database.query(
    'no-role',
    `insert into field_desk.accounts (tenant, user_id, email, name, company, roles, password_hash)
     values ('north', 'nil', 'nil@north.example', 'Nil', 'North', '', '-')`,
    [],
  )
  const send = async (who: Caller, path: string, body: unknown) => {
    const headers = { 'content-type': 'application/json', ...who.headers }
    const request = new Request(`http://desk.example${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    const response = await app.fetch(request, {})
    expect(response.status, await response.clone().text()).toBeLessThan(300)
    return response
  }
  const ana = await cookieOf('north', 'ana')
  const cleo = await cookieOf('south', 'cleo')
  const made: unknown = await (await send(ana, '/api/tokens', { name: 'program' })).json()
  await send(cleo, '/api/tokens', { name: secret })
  await send(ana, '/api/pos/orders', order(own, { notes: 'ours' }))
  await send(
    cleo,
    '/api/sync/offline-operations',
    batch('south', 'cleo', [
      { ...operation(foreign.operation, foreign.order), payload: order(foreign.order, { notes: secret }) },
    ]),
  )
  await database.query('token-id', `update field_desk.api_tokens set id = $1 where tenant = 'south'`, [foreign.token])
  const token = isRecord(made) ? String(made['token']) : ''
  const callers: readonly Caller[] = [
    ana,
    await cookieOf('north', 'ben'),
    await cookieOf('north', 'nil'),
    { name: 'program', headers: { authorization: `Bearer ${token}` } },
    { name: 'nobody', headers: {} },
  ]
  return { database, app, callers }
}

/** All that the other company has, in every table that knows tenants. */
async function southOf(database: Database): Promise<unknown> {
  const tables = await database.query(
    'tables',
    `select c.oid::regclass::text as name from pg_class c
     join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant'
     where c.relkind = 'r' and c.relnamespace in ('holdfast'::regnamespace, 'field_desk'::regnamespace) order by 1`,
    [],
  )
  const world: Record<string, unknown> = {}
  for (const { name } of tables) {
    const table = String(name)
    world[table] = await database.query(
      `all of ${table}`,
      `select to_jsonb(t) as row from ${table} t where t.tenant = 'south' order by to_jsonb(t)::text`,
      [],
    )
  }
  return world
}

async function answerOf(app: AssembledApp, request: Request) {
  const response = await app.fetch(request, { incoming: { socket: { remoteAddress: '::1' } } })
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true
  if (isStream) await response.body?.cancel()
  const text = isStream ? '' : await response.text()
  return { status: response.status, text: `${JSON.stringify([...response.headers])}${text}`, body: parsed(text) }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

let requests = 0
let runs = 0
test.each([
  ['both walls', (database: Database) => database, ''],
  ['row-level security alone', withoutScope, ''],
  ['the query scope alone', (database: Database) => database, removeRowSecurity],
] as const)(
  'I4 F070 F071 with %s no door lets anybody reach another company',
  async (_name, wall, sql) => {
    const { database, app, callers } = await openWorld(wall)
    if (sql !== '') await database.query('remove-row-security', sql, [])
    const before = await southOf(database)
    expect(JSON.stringify(before)).toContain(secret)
    runs += 1
    const leaks: string[] = []
    const places = placesOf(app)
    for (const [nth, { method, route, isPosition, make }] of places.entries()) {
      for (const [index, who] of callers.entries()) {
        // Two of those who ask take turns at each place, and so do the ids; the three runs begin at different ones.
        if ((index + nth + runs) % callers.length > 1) continue
        for (const name of names.slice((nth + runs) % names.length).slice(0, 1)) {
          const theirs = await answerOf(app, make(foreign[name], who))
          const nobodys = await answerOf(app, make(unknown[name], who))
          requests += 2
          const what = `${who.name}: ${method} ${route} with ${name}`
          if (theirs.text.includes(secret)) leaks.push(`${what} shows what is the other company's: ${theirs.text}`)
          if (theirs.status >= 500) leaks.push(`${what} fails: ${theirs.text}`)
          const [left, right] = [theirs, nobodys].map(({ status, body }) => JSON.stringify([status, shapeOf(body)]))
          if (left !== right && !isPosition) leaks.push(`${what} tells that it exists: ${left} and ${right}`)
        }
      }
      // Only so many tokens are kept.
      if (route === '/api/tokens')
        await database.query(
          'tokens',
          `delete from field_desk.api_tokens where name = 'north' or tenant = 'north' and name <> 'program'`,
          [],
        )
    }
    for (const who of callers.filter(({ name }) => name !== 'nobody')) {
      const answer = await answerOf(app, new Request('http://desk.example/api/pos/orders', who))
      expect(answer.status, `${who.name} has lost the session, and the matrix its point`).toBe(200)
    }
    expect(leaks).toEqual([])
    expect(await southOf(database)).toEqual(before)
    await app.close()
    await database.close()
  },
  180_000,
)

test('the matrix has asked more than five thousand times, and finds what is open with both walls gone', async () => {
  expect(requests).toBeGreaterThan(5_000)
  const { database, app, callers } = await openWorld(withoutScope)
  await database.query('remove-row-security', removeRowSecurity, [])
  const [ana] = callers
  const list =
    ana === undefined ? undefined : await answerOf(app, new Request('http://desk.example/api/pos/orders', ana))
  expect(list?.text).toContain(secret)
  await app.close()
  await database.close()
}, 60_000)
