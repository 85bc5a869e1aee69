import { once } from 'node:events'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isRecord } from '@holdfast/core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startServer, type RunningServer } from './server.ts'

// The whole server, on a real database in a folder of its own and a port of its own.
let folder = ''
let server: RunningServer
const surroundings = () => ({ log: () => undefined, pagesFolder: join(folder) })
const config = (more: { port?: number; data?: string } = {}) => ({
  port: more.port ?? 0,
  dataFolder: join(folder, more.data ?? 'data'),
  databaseUrl: undefined,
  isReading: false,
})

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'field-desk-server-'))
  await writeFile(join(folder, 'index.html'), '<!doctype html><title>Field Desk</title>')
  server = await startServer(config(), surroundings())
}, 60_000)
// The last test closes the server.
afterAll(() => rm(folder, { recursive: true }))

const at = (path: string) => `http://localhost:${server.port}${path}`
const json = { 'content-type': 'application/json' }

async function cookieOf(email: string): Promise<string> {
  const response = await fetch(at('/api/session'), {
    method: 'POST',
    headers: json,
    body: JSON.stringify({ email, password: 'demo' }),
  })
  expect(response.status).toBe(200)
  return (response.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
}

async function ordersOf(cookie: string): Promise<unknown> {
  const response = await fetch(at('/api/pos/orders'), { headers: { cookie } })
  const body: unknown = await response.json()
  return isRecord(body) ? body['orders'] : undefined
}

const order = {
  id: '01a1fb03-87bb-79f8-9430-5c16638b2e33',
  items: [{ itemId: 'espresso', name: 'Espresso', quantity: 2, unitPriceCents: 280 }],
  serverName: 'Ana',
  paymentMethod: 'card',
  subtotalCents: 560,
  taxCents: 50,
  totalCents: 610,
  timestamp: '2026-11-20T12:00:00Z',
  status: 'completed',
}

it('R078 has the doors of every pack, and the doors of payments among them', async () => {
  const cookie = await cookieOf('ana@north.example')
  const doors: readonly (readonly [string, string])[] = [
    ['POST', '/api/pos/orders'],
    ['POST', '/api/pos/orders/batch'],
    ['POST', '/api/pos/receipts'],
    ['POST', '/api/payments/cash'],
    ['POST', '/api/payments/card/verify'],
    ['POST', '/api/payments/mobile'],
    ['POST', '/api/payments'],
    ['PUT', '/api/jobs/status'],
    ['POST', '/api/jobs/complete'],
    ['POST', '/api/jobs/notes'],
    ['POST', '/api/jobs/parts'],
    ['POST', '/api/jobs/location'],
    ['POST', '/api/jobs/updates'],
    ['POST', '/api/invoices'],
    ['POST', '/api/schedule'],
    ['POST', '/api/customers'],
    ['PATCH', '/api/customers'],
    ['POST', '/api/analytics/batch'],
    ['POST', '/api/forms'],
    ['POST', '/api/industries'],
    ['POST', '/api/sync/user'],
    ['POST', '/api/sync/offline-operations'],
  ]
  const ask = async (method: string, path: string, headers: Record<string, string>) =>
    (await fetch(at(path), { method, headers: { ...json, ...headers }, body: '{}' })).status
  for (const [method, path] of doors) {
    // What nobody is signed in for is 401; what says nothing is refused for what it lacks.
    expect([path, await ask(method, path, {})]).toEqual([path, 401])
    expect([400, 422], path).toContain(await ask(method, path, { cookie }))
  }
})

it('R086 works at what follows: the invoice of a completed job is there soon after', async () => {
  const cookie = await cookieOf('ana@north.example')
  const completion = {
    id: 'completion-1',
    jobId: 'job-1',
    technicianId: 'tom',
    timestamp: '2026-11-20T12:00:00Z',
    totalCostCents: 5000,
  }
  const headers = { ...json, cookie }
  const done = await fetch(at('/api/jobs/complete'), { method: 'POST', headers, body: JSON.stringify(completion) })
  expect(done.status).toBe(201)
  const changes = async () => (await fetch(at('/api/sync/changes'), { headers: { cookie } })).text()
  await expect.poll(changes, { timeout: 20_000 }).toContain('inv-completion-1')
})

it('I4 lets a company see its own orders and no other company’s', async () => {
  const [ana, ben, cleo] = await Promise.all(
    ['ana@north.example', 'ben@north.example', 'cleo@south.example'].map(cookieOf),
  )
  if (ana === undefined || ben === undefined || cleo === undefined) throw new Error('nobody signed in')
  const placed = await fetch(at('/api/pos/orders'), {
    method: 'POST',
    headers: { ...json, cookie: ana },
    body: JSON.stringify(order),
  })
  expect(placed.status).toBe(201)
  expect(await ordersOf(ana)).toMatchObject([{ id: order.id, order: { totalCents: 610, placedBy: 'ana' } }])
  expect(await ordersOf(ben)).toMatchObject([{ id: order.id }])
  expect(await ordersOf(cleo)).toEqual([])
})

it('says whose session it answered, and lets nobody keep the answer', async () => {
  const cookie = await cookieOf('cleo@south.example')
  const response = await fetch(at('/api/pos/orders'), { headers: { cookie } })
  expect(response.headers.get('field-desk-session')).toBe('south/cleo')
  expect(response.headers.get('cache-control')).toBe('no-store')
  const nobody = await fetch(at('/api/pos/orders'))
  expect(nobody.status).toBe(401)
  expect(nobody.headers.get('field-desk-session')).toBeNull()
})

it('keeps pages to themselves, and answers what is not there with a problem', async () => {
  const page = await fetch(at('/'))
  expect(page.headers.get('content-security-policy')).toContain("require-trusted-types-for 'script'")
  expect(page.headers.get('x-content-type-options')).toBe('nosniff')
  for (const path of ['/api/nothing', '/nothing.js', '/data/session.key', '/%2e%2e/data/session.key']) {
    const missing = await fetch(at(path))
    expect(missing.status).toBe(404)
    expect(missing.headers.get('content-type')).toContain('application/problem+json')
  }
})

it('refuses a data folder that is in use, and harms nothing in it', async () => {
  await expect(startServer(config(), surroundings())).rejects.toThrow(/in use/)
  expect(await ordersOf(await cookieOf('ana@north.example'))).toHaveLength(1)
})

it('refuses a port that is taken, and gives its data folder back', async () => {
  const taken = config({ port: server.port, data: 'other' })
  await expect(startServer(taken, surroundings())).rejects.toThrow(/Port \d+ is taken/)
  const left = await readdir(join(taken.dataFolder, 'db'))
  expect(left.filter((name) => name.endsWith('.lock'))).toEqual([])
}, 60_000)

it('refuses to start without pages, and says what to do', async () => {
  const missing = { ...surroundings(), pagesFolder: join(folder, 'nowhere') }
  await expect(startServer(config({ data: 'third' }), missing)).rejects.toThrow(/npm start/)
})

it('finishes what it has begun when it is told to stop, and takes nothing new', async () => {
  const begun = request(at('/api/session'), { method: 'POST', headers: { ...json, expect: '100-continue' } })
  begun.flushHeaders()
  // The server has the request once it asks for the body.
  await once(begun, 'continue')
  const closed = server.close()
  begun.end(JSON.stringify({ email: 'ana@north.example', password: 'demo' }))
  const answer: unknown = await once(begun, 'response')
  expect(answer).toMatchObject([{ statusCode: 200 }])
  begun.destroy()
  await closed
  await expect(fetch(at('/api/session'))).rejects.toThrow()
})
