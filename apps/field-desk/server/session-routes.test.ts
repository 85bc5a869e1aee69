import { isRecord, problemCodeOf, parseProblem } from '@holdfast/core'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Accounts, AccountWithPassword } from './accounts.ts'
import { checksMax } from './check-limit.ts'
import { createLoginLimit, failuresMax } from './login-limit.ts'
import { hashPassword } from './password.ts'
import { sessionRoutes } from './session-routes.ts'

const key = Buffer.alloc(32, 7)
let ana: AccountWithPassword

beforeAll(async () => {
  ana = { tenant: 'north', user: 'ana', name: 'Ana', company: 'North', passwordHash: await hashPassword('demo') }
})

function doors(lookUp: Promise<void> = Promise.resolve()) {
  const accounts: Accounts = {
    findByEmail: (email) => lookUp.then(() => (email === 'ana@north.example' ? ana : undefined)),
    get: (tenant, user) => Promise.resolve(tenant === 'north' && user === 'ana' ? ana : undefined),
  }
  const limit = createLoginLimit(() => 0)
  const routes = sessionRoutes({ accounts, key, limit, addressOf: () => '::1', now: () => 1000 })
  return async (method: string, options: { body?: unknown; headers?: Record<string, string>; text?: string } = {}) => {
    const { body, headers = {}, text = body === undefined ? undefined : JSON.stringify(body) } = options
    const init = { method, headers: { 'content-type': 'application/json', ...headers } }
    return routes.request('/api/session', text === undefined ? init : { ...init, body: text })
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
  expect(await signedIn.json()).toEqual({ tenant: 'north', user: 'ana', name: 'Ana', company: 'North' })
  const cookie = (signedIn.headers.get('set-cookie') ?? '').split(';')[0] ?? ''

  const known = await ask('GET', { headers: { cookie } })
  expect(await known.json()).toMatchObject({ user: 'ana' })
  expect(known.headers.get('cache-control')).toBe('no-store')

  const signedOut = await ask('DELETE', { headers: { cookie } })
  expect(signedOut.status).toBe(204)
  expect(signedOut.headers.get('set-cookie')).toContain('Max-Age=0')
  expect((await ask('GET')).status).toBe(401)
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
  expect(isRecord(body) && Object.keys(body)).toEqual(['tenant', 'user', 'name', 'company'])
})
