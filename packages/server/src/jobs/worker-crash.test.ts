/** Worker processes on a real PostgreSQL are killed (SIGKILL) wherever they happen to be. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Database } from '../database/database.ts'
import { launchPostgres, type LaunchedPostgres } from '../database/postgres-launcher.fixture.ts'
import { openPostgres } from '../database/postgres.ts'
import { openJobs } from './acts.ts'
import { storeJobs } from './store-jobs.ts'

const kills = process.env['HOLDFAST_FULL'] === '1' ? 200 : 6
const jobsPerKill = 8
const type = 'stamp'

let postgres: LaunchedPostgres
let database: Database
beforeAll(async () => {
  postgres = await launchPostgres()
  database = await openPostgres({ url: postgres.url, log: () => undefined })
}, 60_000)
afterAll(async () => {
  await database.close()
  await postgres.stop()
})

/** Starts a worker and hears what it says: each attempt that it begins. */
async function startWorker(attempts: string[]) {
  const program = join(import.meta.dirname, 'crash-worker-server.fixture.ts')
  const child = spawn(process.execPath, ['--conditions=holdfast-source', program, postgres.url, type], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })
  lines.on('line', (line) => attempts.push(line))
  await once(lines, 'line')
  return child
}

test(`F066 F069 workers killed ${kills} times: every job has one end, each attempt at most one cost, and no job is left`, async () => {
  const ids = Array.from({ length: kills * jobsPerKill }, (_, index) => `job-${String(index).padStart(4, '0')}`)
  const owner = { tenant: 'north', user: 'ana' }
  const jobs = ids.map((id) => ({ id, operation: id, type, payload: null }))
  await database.tx('north', ({ query }) => storeJobs(query, owner, new Date().toISOString(), jobs))
  const begun: string[] = []
  let worker = await startWorker(begun)
  for (let kill = 0; kill < kills; kill += 1) {
    const before = begun.length
    while (begun.length < before + 3) await wait(1)
    await wait(Math.random() * 15)
    worker.kill('SIGKILL')
    await once(worker, 'exit')
    worker = await startWorker(begun)
  }
  const open = openJobs(database)
  for (;;) {
    const { queued, processing } = await open.count('north', type)
    if (queued + processing === 0) break
    await wait(20)
  }
  worker.kill('SIGKILL')
  await once(worker, 'exit')

  const ends = await open.read('north', ids)
  expect(ends.map(({ state }) => state.kind)).toEqual(ids.map(() => 'completed'))
  // The result is that of the attempt which ended it, and what another one had begun was not believed.
  expect(ends.map(({ result }) => result)).toEqual(ends.map(({ state }) => state.attempt))
  const costs = await database.tx('north', ({ query }) =>
    query('costs', 'select job, count(*)::integer as costs from holdfast.job_costs group by job order by job', []),
  )
  expect(costs).toEqual(ids.map((job) => ({ job, costs: 1 })))
  // The feed tells of every change, without a gap.
  const [feed] = await database.tx('north', ({ query }) =>
    query('feed', 'select count(*)::integer as rows, max(seq)::integer as last from holdfast.feed', []),
  )
  const versions = ends.reduce((sum, { version }) => sum + version, 0)
  expect(feed).toEqual({ rows: versions, last: versions })
}, 600_000)
