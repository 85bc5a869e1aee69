import { isRecord, problemCodeOf, parseProblem } from '@holdfast/core'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Account, Accounts, AccountWithPassword } from './accounts.ts'
import { checksMax } from './check-limit.ts'
import { createLoginLimit, failuresMax } from './login-limit.ts'
import { hashPassword } from './password.ts'
import { sessionRoutes } from './session-routes.ts'
import { rotateAfterMs, type Sessions, type StoredSession } from './session-store.ts'

const key = Buffer.alloc(32, 7)
const clock = { nowMs: 1000 }
let ana: AccountWithPassword

beforeAll(async () => {
  const person = { tenant: 'north', user: 'ana', name: 'Ana', company: 'North', roles: ['staff'] }
  ana = { ...person, passwordHash: await hashPassword('demo') }
})

function doors(lookUp: Promise<void> = Promise.resolve()) {
  const accounts: Accounts = {
    findByEmail: (email) => lookUp.then(() => (email === 'ana@north.example' ? ana : undefined)),
  }
  const limit = createLoginLimit(() => 0)
  const sessions = memorySessions()
  const routes = sessionRoutes({ accounts, sessions, key, limit, addressOf: () => '::1', now: () => clock.nowMs })
  return async (method: string, options: { body?: unknown; headers?: Record<string, string>; text?: string } = {}) => {
    const { body, headers = {}, text = body === undefined ? undefined : JSON.stringify(body) } = options
    const init = { method, headers: { 'content-type': 'application/json', ...headers } }
    return routes.request('/api/session', text === undefined ? init : { ...init, body: text })
  }
}

/** Sessions that die with the test. Rotating is the store's business; here a next token is simply another one. */
function memorySessions(): Sessions {
  const open = new Map<string, StoredSession>()
  let started = 0
  const add = (account: Account): Promise<string> => {
    started += 1
    const token = `token-${started}`
    open.set(token, { id: token, account, rotatedAtMs: clock.nowMs })
    return Promise.resolve(token)
  }
  return {
    start: add,
    find: (token) => Promise.resolve(open.get(token)),
    rotate: ({ account }) => add(account),
    end: (token) => Promise.resolve(void open.delete(token)),
  }
}

const right = { email: 'Ana@North.example ', password: 'demo' }

async function codeOf(response: Response) {
  return problemCodeOf(parseProblem(await response.json()))
}

it('signs in, knows the person again by the cookie, and signs out', async () => {
  const ask = doors()
  const signedIn = await ask('POST', { body: right })
  expect(signedIn.status).toBe(200)
  const person = { tenant: 'north', user: 'ana', name: 'Ana', company: 'North', roles: ['staff'] }
  expect(await signedIn.json()).toEqual(person)
  const cookie = (signedIn.headers.get('set-cookie') ?? '').split(';')[0] ?? ''

  const known = await ask('GET', { headers: { cookie } })
  expect(await known.json()).toMatchObject({ user: 'ana' })
  expect(known.headers.get('cache-control')).toBe('no-store')

  const signedOut = await ask('DELETE', { headers: { cookie } })
  expect(signedOut.status).toBe(204)
  expect(signedOut.headers.get('set-cookie')).toContain('Max-Age=0')
  expect((await ask('GET')).status).toBe(401)
  // The cookie is worth nothing any more, whoever has kept it.
  expect((await ask('GET', { headers: { cookie } })).status).toBe(401)
})

it('gives another cookie at each sign-in and after a day, and takes none that it did not sign', async () => {
  const ask = doors()
  const cookieOf = (response: Response) => (response.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
  const first = cookieOf(await ask('POST', { body: right }))
  const second = cookieOf(await ask('POST', { body: right, headers: { cookie: first } }))
  expect(second).not.toBe(first)
  expect((await ask('GET', { headers: { cookie: first } })).status).toBe(401)
  const sameDay = await ask('GET', { headers: { cookie: second } })
  expect([sameDay.status, cookieOf(sameDay)]).toEqual([200, ''])
  clock.nowMs += rotateAfterMs
  const nextDay = await ask('GET', { headers: { cookie: second } })
  expect(cookieOf(nextDay)).not.toBe(second)
  expect((await ask('GET', { headers: { cookie: cookieOf(nextDay) } })).status).toBe(200)
  expect((await ask('GET', { headers: { cookie: 'field-desk-session=2.token-2.AAAA' } })).status).toBe(401)
})

it('says the same of a wrong password and of an unknown address', async () => {
  const ask = doors()
  const wrong = await ask('POST', { body: { ...right, password: 'nope' } })
  const unknown = await ask('POST', { body: { ...right, email: 'eve@north.example' } })
  expect([wrong.status, unknown.status]).toEqual([401, 401])
  expect(await wrong.text()).toBe(await unknown.text())
  expect(wrong.headers.get('set-cookie')).toBeNull()
})

it('slows guessing down, and says for how long', async () => {
  const ask = doors()
  for (let index = 0; index < failuresMax; index += 1) await ask('POST', { body: { ...right, password: `${index}` } })
  const limited = await ask('POST', { body: right })
  expect(limited.status).toBe(429)
  expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(await codeOf(limited)).toBe('rate-limited')
})

it('checks so many passwords at once, whatever addresses are made up, and has the others wait a second', async () => {
  const lookUp = Promise.withResolvers<void>()
  const ask = doors(lookUp.promise)
  const sent = Array.from({ length: checksMax + 3 }, (_, index) =>
    ask('POST', { body: { email: `made-up-${index}@north.example`, password: 'x' } }),
  )
  const busy = await Promise.all(sent.slice(checksMax))
  for (const response of busy) {
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '1'])
    expect(await codeOf(response)).toBe('rate-limited')
  }
  lookUp.resolve()
  const checked = await Promise.all(sent.slice(0, checksMax))
  expect(new Set(checked.map(({ status }) => status))).toEqual(new Set([401]))
  expect((await ask('POST', { body: right })).status).toBe(200)
})

it('a try that found the server busy is no failed one', async () => {
  const lookUp = Promise.withResolvers<void>()
  const ask = doors(lookUp.promise)
  const first = Array.from({ length: checksMax }, (_, index) =>
    ask('POST', { body: { email: `made-up-${index}@north.example`, password: 'x' } }),
  )
  for (let index = 0; index <= failuresMax; index += 1) {
    expect((await ask('POST', { body: right })).headers.get('retry-after')).toBe('1')
  }
  lookUp.resolve()
  await Promise.all(first)
  expect((await ask('POST', { body: right })).status).toBe(200)
})

describe('what is no pair of credentials is refused', () => {
  it.each([
    ['text', 'hello'],
    ['half of JSON', '{"email":'],
    ['a list', '[]'],
    ['numbers', '{"email":1,"password":2}'],
    ['an address with NUL', JSON.stringify({ ...right, email: 'ana\u0000@north.example' })],
    ['half a character', JSON.stringify({ ...right, email: '\ud800@north.example' })],
    ['a password without end', JSON.stringify({ ...right, password: 'x'.repeat(201) })],
  ])('%s', async (_, text) => {
    const response = await doors()('POST', { text })
    expect(response.status).toBe(400)
    expect(await codeOf(response)).toBe('invalid-request')
  })
})

it('refuses a body that is too large, a form, and a page of another site', async () => {
  const ask = doors()
  expect((await ask('POST', { text: `"${'x'.repeat(5000)}"` })).status).toBe(413)
  expect((await ask('POST', { body: right, headers: { 'content-type': 'text/plain' } })).status).toBe(400)
  const crossSite = await ask('POST', { body: right, headers: { 'sec-fetch-site': 'cross-site' } })
  expect(crossSite.status).toBe(403)
  expect(crossSite.headers.get('set-cookie')).toBeNull()
  expect(
    (await ask('POST', { body: right, headers: { origin: 'https://evil.example', host: 'desk.example' } })).status,
  ).toBe(403)
})

it('never answers with the hash of a password', async () => {
  const body: unknown = await (await doors()('POST', { body: right })).json()
  expect(isRecord(body) && Object.keys(body)).toEqual(['tenant', 'user', 'name', 'company', 'roles'])
})
