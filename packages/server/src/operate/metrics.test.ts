import { batchPath, healthPath } from '@holdfast/core'
import { expect, test } from 'vitest'
import { openPglite } from '../database/pglite.ts'
import { changeNote, createNote, noteHandlers, noteOp } from '../notes.fixture.ts'
import { createSyncServer } from '../sync-server.ts'
import { createDeviceReports } from './device-reports.ts'
import { createMetrics } from './metrics.ts'

test('metrics show operations by outcome, batches, requests, devices, streams and the pool, and no payload', async () => {
  let nowMs = Date.UTC(2026, 0, 1)
  const database = await openPglite({ log: () => undefined })
  const metrics = createMetrics({ nowMs: () => nowMs, pool: () => ({ open: 3, idle: 2, waiting: 1 }) })
  const sync = createSyncServer({
    database,
    handlers: noteHandlers,
    authenticate: () => ({ tenant: 'north', user: 'ana', roles: [] }),
    nowMs: () => nowMs,
    observers: [metrics.observer],
  })
  metrics.look({ streams: sync.streams })
  const operations = [
    noteOp('one', createNote, { id: 'a', text: 'private words' }, { ageMs: 90_000_000 }),
    noteOp('two', createNote, { id: 'a' }),
    noteOp('three', changeNote, { id: 'b' }),
    noteOp('four', { type: 'invented.by-a-client' }, { id: 'c' }),
  ]
  const body = { protocol: 1, tenant: 'north', user: 'ana', device: 'phone', sequence: 1, pending: 7 }
  const response = await sync.routes.request(batchPath, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...body, oldestAgeMs: 90_000_000, operations }),
  })
  expect(response.status).toBe(200)
  await sync.routes.request(healthPath)
  await sync.routes.request('/api/sync/somewhere/else')
  nowMs += 10_000
  const answer = await metrics.answer()
  const text = await answer.text()
  expect(answer.headers.get('content-type')).toContain('text/plain')
  for (const line of [
    'holdfast_operations_total{type="note.create",outcome="applied"} 1',
    'holdfast_operations_total{type="note.create",outcome="rejected"} 1',
    'holdfast_operations_total{type="note.change",outcome="applied"} 1',
    'holdfast_operations_total{type="unknown",outcome="deferred"} 1',
    'holdfast_batch_operations_sum 4',
    'holdfast_apply_seconds_count 1',
    'holdfast_operation_age_seconds_bucket{le="86400"} 3',
    'holdfast_operation_age_seconds_bucket{le="259200"} 4',
    'holdfast_device_pending{tenant="north",device="phone"} 7',
    'holdfast_device_oldest_seconds{tenant="north",device="phone"} 90010',
    'holdfast_event_streams 0',
    'holdfast_database_connections{state="waiting"} 1',
    `holdfast_request_seconds_count{path="${batchPath}",status="200"} 1`,
    `holdfast_request_seconds_count{path="${healthPath}",status="200"} 1`,
    'holdfast_request_seconds_count{path="other",status="404"} 1',
  ]) {
    expect(text.split('\n')).toContain(line)
  }
  for (const secret of ['private words', 'invented', 'somewhere', 'ana']) expect(text).not.toContain(secret)
  await sync.close()
  await database.close()
})

test('I13 reports are kept of so many devices, the longest silent one makes room, and age goes on in silence', () => {
  let nowMs = 0
  const reports = createDeviceReports(2, () => nowMs)
  const report = (device: string, pending = 1) => reports.add({ tenant: 't', device, pending, oldestAgeMs: 100 })
  report('a')
  report('b', 0)
  nowMs = 50
  report('a')
  report('c')
  nowMs = 60
  expect(reports.list()).toEqual([
    { tenant: 't', device: 'a', pending: 1, oldestAgeMs: 100, oldestAgeNowMs: 110 },
    { tenant: 't', device: 'c', pending: 1, oldestAgeMs: 100, oldestAgeNowMs: 110 },
  ])
  report('b', 0)
  expect(reports.list().find(({ device }) => device === 'b')?.oldestAgeNowMs).toBe(0)
})
