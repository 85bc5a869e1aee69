/** `holdfast worker`: all of Field Desk's work in a process of its own, until it is told to end. */
import { once } from 'node:events'
import { simulatedProcessor } from '@holdfast/domains/payments/handlers'
import { createSyncServer, runWorker, type Database, type Log } from '@holdfast/server'
import type { Config } from './config.ts'
import { packHandlers, packJobs } from './packs.ts'
import { openReadingDesk } from './reading-desk.ts'

/** What working needs. */
export interface WorkHereOptions extends Pick<Config, 'dataFolder' | 'isReading'> {
  readonly database: Database
  readonly log: Log
  /** Aborted when the process is told to end. */
  readonly stopping: AbortSignal
}

/** Works until `stopping` is aborted. */
export async function workHere({ database, log, stopping, dataFolder, isReading }: WorkHereOptions): Promise<void> {
  // Nobody asks this one: it is what work writes through.
  const sync = createSyncServer({ database, handlers: packHandlers, log, authenticate: () => null })
  const worker = runWorker({ database, handlers: packJobs(sync, simulatedProcessor()), log })
  const reading = await openReadingDesk({ database, sync, dataFolder, isReading, log })
  if (!stopping.aborted) await once(stopping, 'abort')
  await Promise.all([worker.stop(), reading.stop(graceMs)])
  await sync.close()
}

/** How long a reading may go on, ms; what is left is given back. */
const graceMs = 10_000
