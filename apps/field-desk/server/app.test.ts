import { parseProblem, problemCodeOf } from '@holdfast/core'
import type { LogEntry } from '@holdfast/server'
import { Hono } from 'hono'
import { expect, it } from 'vitest'
import { createApp } from './app.ts'

it('answers a failure inside a door with a problem that says nothing of it, and logs it without data', async () => {
  const logged: LogEntry[] = []
  const door = new Hono().get('/api/broken', () => {
    throw Object.assign(new Error('key (ana@north.example) is wrong'), { code: '22021', severity: 'ERROR' })
  })
  const app = createApp({
    doors: [door],
    files: new Map(),
    log: (entry) => logged.push(entry),
    sessionOf: () => Promise.resolve(null),
  })
  const response = await app.request('/api/broken')
  expect([response.status, problemCodeOf(parseProblem(await response.clone().json()))]).toEqual([500, 'internal'])
  expect(response.headers.get('content-security-policy')).toContain("default-src 'self'")
  expect(logged).toMatchObject([{ event: 'request-failed', error: { code: '22021' } }])
  expect(`${await response.text()}${JSON.stringify(logged)}`).not.toContain('ana@')
})
