/**
 * A worker process for the kill tests: works at jobs on a real PostgreSQL and says each attempt that it begins. Each
 * attempt is charged, and takes a few milliseconds, so that kills find it anywhere between claim and settlement.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { fixed } from '@holdfast/core'
import { openPostgres } from '../database/postgres.ts'
import { onJob } from './job-handler.ts'
import { runWorker } from './run-worker.ts'

const [url = '', type = ''] = process.argv.slice(2)
const database = await openPostgres({ url, log: () => undefined, connectionsMax: 4 })
const handler = onJob(
  type,
  async ({ id, attempt }) => {
    process.stdout.write(`${id} ${attempt}\n`)
    await wait(Math.random() * 20)
    return { result: attempt, cost: { amountMicros: 1, currency: 'EUR', priceList: 'p' } }
  },
  // Kills are no fault of the job here: it gets as many attempts as it takes.
  { schedule: fixed(...Array<number>(50).fill(1)) },
)
// Leases end soon, and so a killed worker's jobs go on soon.
runWorker({ database, handlers: [handler], attemptsMax: 3, pollMs: 20, leaseMs: 300, lookEveryMs: 50 })
process.stdout.write('ready\n')
