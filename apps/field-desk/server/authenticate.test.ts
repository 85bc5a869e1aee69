/** Sessions and tokens on a real database: how long they hold, and what ends them at once. */
import { isRecord } from '@holdfast/core'
import { createSyncServer, type Database } from '@holdfast/server'
import { openPglite } from '@holdfast/server/pglite'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { addDemoAccounts, openAccounts } from './account-store.ts'
import type { Account } from './accounts.ts'
import { openApiTokens, tokenRoutes, type ApiTokens } from './api-tokens.ts'
import { createAuthenticate } from './authenticate.ts'
import { signToken } from './session-cookie.ts'
import { openSessions, sessionMaxMs, sessionMs, type Sessions } from './session-store.ts'
import { makeTables } from './tables.ts'

const key = Buffer.alloc(32, 3)
const clock = { nowMs: 0 }
let database: Database
let sessions: Sessions
let tokens: ApiTokens
let ana: Account
let authenticate: ReturnType<typeof createAuthenticate>
beforeAll(async () => {
  database = await openPglite({ log: () => undefined })
  await makeTables(database)
  // A second start finds everything there.
  await makeTables(database)
  await addDemoAccounts(database)
  sessions = openSessions(database)
  tokens = openApiTokens(database)
  const found = await openAccounts(database).findByEmail('ana@north.example')
  if (found === undefined) throw new Error('there is no demo account')
  ana = found
  authenticate = createAuthenticate({ sessions, tokens, key, now: () => clock.nowMs })
}, 60_000)
afterAll(() => database.close())
beforeEach(() => {
  clock.nowMs = Date.UTC(2026, 0, 1)
})

const byCookie = (token: string) =>
  authenticate(
    new Request('http://desk.example', { headers: { cookie: `field-desk-session=${signToken(token, key)}` } }),
  )
const bearing = (token: string, headers: Record<string, string> = {}) =>
  new Request('http://desk.example', { headers: { authorization: `Bearer ${token}`, ...headers } })
const setRoles = (user: string, roles: string) =>
  database.query('set-roles', 'update field_desk.accounts set roles = $2 where user_id = $1', [user, roles])

it('a session holds thirty days, a sign-out ends it at once, and the table does not tell the token', async () => {
  const token = await sessions.start(ana, clock.nowMs)
  expect(await byCookie(token)).toEqual({ tenant: 'north', user: 'ana', roles: ['manager', 'staff'] })
  expect(JSON.stringify(await database.query('all', 'select * from field_desk.sessions', []))).not.toContain(token)
  clock.nowMs += sessionMs - 1
  expect(await byCookie(token)).not.toBeNull()
  clock.nowMs += 1
  expect(await byCookie(token)).toBeNull()
  const other = await sessions.start(ana, clock.nowMs)
  await sessions.end(other)
  expect(await byCookie(other)).toBeNull()
})

it('a token that was replaced holds until the new one has come, and a minute longer', async () => {
  const first = await sessions.start(ana, clock.nowMs)
  const session = await sessions.find(first, clock.nowMs)
  if (session === undefined) throw new Error('no session')
  const lost = await sessions.rotate(session, clock.nowMs)
  clock.nowMs += 3_600_000
  // The answer with the new one got lost, and the next one takes its place.
  expect(await byCookie(first)).not.toBeNull()
  const next = await sessions.rotate(session, clock.nowMs)
  expect(await byCookie(lost)).toBeNull()
  expect(await byCookie(next)).not.toBeNull()
  clock.nowMs += 59_000
  expect(await byCookie(first)).not.toBeNull()
  clock.nowMs += 1_001
  expect(await byCookie(first)).toBeNull()
  expect(await byCookie(next)).not.toBeNull()
  await sessions.end(next)
  expect(await byCookie(next)).toBeNull()
})

it('however often it is rotated, a session ends after half a year', async () => {
  const startedAtMs = clock.nowMs
  let token = await sessions.start(ana, clock.nowMs)
  for (let days = 20; days < 180; days += 20) {
    clock.nowMs = startedAtMs + days * 24 * 3_600_000
    const session = await sessions.find(token, clock.nowMs)
    if (session === undefined) throw new Error(`over after ${days} days`)
    token = await sessions.rotate(session, clock.nowMs)
  }
  clock.nowMs = startedAtMs + sessionMaxMs - 1
  expect(await byCookie(token)).not.toBeNull()
  clock.nowMs += 1
  expect(await byCookie(token)).toBeNull()
})

it('F056 roles are those of now, and with the account its sessions and tokens end', async () => {
  await database.query(
    'add-dora',
    `insert into field_desk.accounts (tenant, user_id, email, name, company, roles, password_hash)
     values ('north', 'dora', 'dora@north.example', 'Dora', 'North', 'manager', '-')`,
    [],
  )
  const dora = { ...ana, user: 'dora', name: 'Dora' }
  const cookie = await sessions.start(dora, clock.nowMs)
  const { token } = await tokens.make({ tenant: 'north', user: 'dora', roles: [] }, 'till', clock.nowMs)
  await setRoles('dora', '')
  expect(await byCookie(cookie)).toEqual({ tenant: 'north', user: 'dora', roles: [] })
  expect(await authenticate(bearing(token))).toEqual({ tenant: 'north', user: 'dora', roles: [] })
  await database.query('remove-dora', `delete from field_desk.accounts where user_id = 'dora'`, [])
  expect(await byCookie(cookie)).toBeNull()
  expect(await authenticate(bearing(token))).toBeNull()
})

it('tokens are made, listed and revoked by managers of their own company alone', async () => {
  const sync = createSyncServer({ database, handlers: [], authenticate })
  const routes = tokenRoutes(sync, tokens, () => clock.nowMs)
  const cookies = new Map<string, string>()
  for (const [tenant, user] of [
    ['north', 'ana'],
    ['north', 'ben'],
    ['south', 'cleo'],
  ] as const) {
    cookies.set(user, signToken(await sessions.start({ ...ana, tenant, user }, clock.nowMs), key))
  }
  const ask = async (user: string, path: string, body?: unknown) => {
    const headers = { 'content-type': 'application/json', cookie: `field-desk-session=${cookies.get(user) ?? ''}` }
    const init = body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) }
    const response = await routes.request(path, init)
    const answer: unknown = await response.json()
    return { status: response.status, body: isRecord(answer) ? answer : {} }
  }
  const made = await ask('ana', '/api/tokens', { name: 'import' })
  expect(made.status).toBe(201)
  const { id, token } = made.body
  expect(await authenticate(bearing(String(token)))).toMatchObject({ tenant: 'north', user: 'ana' })
  // A request that shows a token is judged by it alone.
  const withCookie = { cookie: `field-desk-session=${cookies.get('ana') ?? ''}` }
  expect(await authenticate(bearing('fd_made-up', withCookie))).toBeNull()

  const listed = (await ask('ana', '/api/tokens')).body['tokens']
  expect(Array.isArray(listed) ? listed.filter((item) => isRecord(item) && item['id'] === id) : []).toMatchObject([
    { user: 'ana', name: 'import' },
  ])
  expect(JSON.stringify(await ask('ana', '/api/tokens'))).not.toContain(String(token))
  for (const sent of [await ask('ben', '/api/tokens'), await ask('ben', '/api/tokens', { name: 'x' })]) {
    expect(sent.status).toBe(403)
  }
  expect((await ask('ben', '/api/tokens/revoke', { id })).status).toBe(403)
  expect((await ask('cleo', '/api/tokens')).body['tokens']).toEqual([])
  expect((await ask('cleo', '/api/tokens/revoke', { id })).status).toBe(404)
  for (const name of ['', 7, null, 'x'.repeat(101), 'nul \u0000']) {
    expect((await ask('ana', '/api/tokens', { name })).status).toBe(400)
  }
  expect(await authenticate(bearing(String(token)))).not.toBeNull()
  expect((await ask('ana', '/api/tokens/revoke', { id })).status).toBe(200)
  expect(await authenticate(bearing(String(token)))).toBeNull()
})

it('the app’s role may read neither passwords nor sessions nor tokens', async () => {
  for (const columns of [
    'password_hash from field_desk.accounts',
    '* from field_desk.sessions',
    '* from field_desk.api_tokens',
  ]) {
    const reading = database.tx('north', ({ query }) => query(`read ${columns}`, `select ${columns}`, []))
    await expect(reading).rejects.toMatchObject({ code: '42501' })
  }
})
