/** A paper's whole way on the server: the file, the operation, the real engine in its own process, the feed. */
import { readFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { isRecord } from '@holdfast/core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startServer, type RunningServer } from './server.ts'

let folder = ''
let server: RunningServer
let cookie = ''
const at = (path: string) => `http://localhost:${server.port}${path}`
const json = { 'content-type': 'application/json' }

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'field-desk-reading-'))
  await writeFile(join(folder, 'index.html'), '<!doctype html><title>Field Desk</title>')
  const config = { port: 0, dataFolder: join(folder, 'data'), databaseUrl: undefined, isReading: true }
  server = await startServer(config, { log: () => undefined, pagesFolder: folder })
  const body = JSON.stringify({ email: 'ana@north.example', password: 'demo' })
  const response = await fetch(at('/api/session'), { method: 'POST', headers: json, body })
  cookie = (response.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
}, 60_000)
afterAll(async () => {
  await server.close()
  await rm(folder, { recursive: true })
})

async function ask(path: string, body?: object) {
  const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
  const response = await fetch(at(path), { ...init, headers: { ...json, cookie } })
  const answer: unknown = await response.json()
  return isRecord(answer) ? answer : {}
}

it('F067 R022 a photo that was sent is read in a process of its own, and the feed brings what it says', async () => {
  const sample = new URL('../../../packages/domains/src/ocr/samples/till.png', import.meta.url)
  const form = new FormData()
  form.set('image', new Blob([await readFile(sample)], { type: 'image/png' }), 'till.png')
  const sent = await fetch(at('/api/upload'), { method: 'POST', headers: { cookie }, body: form })
  const file: unknown = await sent.json()
  expect(sent.status, JSON.stringify(file)).toBeLessThan(300)
  const mediaAssetId = isRecord(file) ? file['id'] : undefined
  await ask('/api/ocr/jobs', { id: 'paper-1', mediaAssetId, jobType: 'receipt' })
  let job = await ask('/api/ocr/jobs/paper-1')
  for (; job['status'] === 'queued' || job['status'] === 'processing'; job = await ask('/api/ocr/jobs/paper-1')) {
    await wait(200)
  }
  const result = {
    fields: { total: { value: { minor: 1972 } }, transactionDate: { value: '2025-08-23' } },
  }
  expect(job).toMatchObject({ status: 'completed', attempts: 1, result })
  const { changes } = await ask('/api/sync/changes?after=0')
  const told = Array.isArray(changes) ? changes.filter((change) => isRecord(change) && isRecord(change['state'])) : []
  const jobs = told.filter((change) => isRecord(change) && change['kind'] === 'holdfast.job')
  expect(jobs).toMatchObject([{ id: 'paper-1', state: { status: 'completed', result } }])
  expect(await ask('/api/ocr/costs')).toMatchObject({ today: [{ currency: 'USD', attempts: 1 }] })
}, 120_000)
