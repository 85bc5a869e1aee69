/**
 * Papers in Field Desk: the files that people send, and the worker that reads them, in processes of their own so that no
 * file can harm the server. Where processing is off, jobs stay queued and do not grow stale.
 */
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { ocrDoors, readingJobs, readInProcesses } from '@holdfast/domains/ocr/handlers'
import { runWorker, type Database, type JobHandler, type Log, type SyncServer } from '@holdfast/server'
import { openUploads } from '@holdfast/server/uploads'
import type { Hono } from 'hono'

/** What reading papers needs. */
export interface ReadingDeskOptions {
  readonly database: Database
  readonly sync: SyncServer
  /** Files are kept in `uploads` below it; all processes of one database must share it. */
  readonly dataFolder: string
  /** False: papers are taken, and wait. */
  readonly isReading: boolean
  /** Readings at once; default one per core, four at most. */
  readonly attemptsMax?: number
  readonly log: Log
}

/** Papers, while they are read. */
export interface ReadingDesk {
  /** The doors of uploads and papers; one stands below `/api/sync`: to be mounted before the server's own. */
  readonly doors: readonly Hono[]
  /** Takes no more jobs, and ends what is still at work after `graceMs`. */
  readonly stop: (graceMs: number) => Promise<void>
}

/** Readings at once, where nothing is said: each needs some hundred megabytes. */
const attemptsMost = 4

/** Opens the files, and starts the worker. */
export async function openReadingDesk(options: ReadingDeskOptions): Promise<ReadingDesk> {
  const { database, sync, dataFolder, isReading, log } = options
  const uploads = await openUploads({ database, door: sync.door, folder: join(dataFolder, 'uploads'), log })
  if (!isReading) {
    return { doors: [uploads.routes, ocrDoors({ database, sync })], stop: () => Promise.resolve() }
  }
  const processes = readInProcesses()
  const [handler]: readonly [JobHandler] = readingJobs({
    media: async (tenant, id) => {
      const file = await uploads.open(tenant, id)
      return file?.path === undefined || file.kept === undefined ? undefined : { path: file.path, mime: file.kept.type }
    },
    work: processes.work,
  })
  const { attemptsMax = Math.min(availableParallelism(), attemptsMost) } = options
  const worker = runWorker({ database, handlers: [handler], attemptsMax, log })
  return {
    doors: [uploads.routes, ocrDoors({ database, sync, handler })],
    stop: async (graceMs) => {
      await worker.stop(graceMs)
      await processes.close()
    },
  }
}
