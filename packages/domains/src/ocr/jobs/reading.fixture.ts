/** What the tests of reading jobs share: a server with the pack on a database, an engine by script, a clock to turn. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseOperationId, type OperationOutcome, type WireOperation } from '@holdfast/core'
import {
  createSyncServer,
  openJobs,
  wireOperationOf,
  type Database,
  type JobHandler,
  type Jobs,
  type SyncServer,
} from '@holdfast/server'
import type { TestDatabaseKind } from '../../../../server/src/database/test-databases.fixture.ts'
import { OcrError, type OcrEngine } from '../engine/ocr-engine.ts'
import { readSheet, sheet } from '../extraction/sheet.fixture.ts'
import { readJobType, requestReading, type ReadingRequest } from '../operations.ts'
import { ocrHandlers } from './deciders.ts'
import { ocrJobsOf, type OcrJobService } from './ocr-jobs.ts'
import { readingJobs } from './reading-jobs.ts'
import { readingWork } from './reading-work.ts'

// A receipt in words; an engine by script reads it.
const receiptText = 'A Shop Ltd\nDate 23/08/2025\nBroom £6.49\nTotal £6.49'

/** What a script makes of one reading. */
export type Script = 'read' | 'break' | 'damaged'

/** A server that reads papers. */
export interface Reading {
  readonly database: Database
  readonly sync: SyncServer
  readonly jobs: Jobs
  readonly handler: JobHandler
  /** What the engine does next; when it is empty, it reads. */
  readonly script: Script[]
  readonly service: (tenant: string, user?: string, isOn?: boolean) => OcrJobService
  readonly send: (tenant: string, payload: ReadingRequest, more?: Partial<WireOperation>) => Promise<OperationOutcome>
  /** Turns the clock on, with a worker at hand all the while. */
  readonly pass: (ms: number) => Promise<void>
  readonly nowMs: () => number
  readonly close: () => Promise<void>
}

/** How long a reading by script takes, ms of the clock: with the price of computing, 28 micros. */
export const readingMs = 2_000

const passSql = `
insert into holdfast.job_types as t (type, is_on, clock_ms, ticked_at)
values ($1, true, $2::float8::bigint, $3::text::timestamptz)
on conflict (type) do update set ticked_at = excluded.ticked_at,
  clock_ms = t.clock_ms + case when t.is_on then excluded.clock_ms else 0 end`

/** Opens one. Every tenant has the file `photo-1`, and no other. */
export async function openReading({ open }: TestDatabaseKind): Promise<Reading> {
  const opened = await open()
  const { database } = opened
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-reading-'))
  const path = join(folder, 'photo-1.png')
  await writeFile(path, receiptText)
  let now = Date.parse('2026-03-10T08:00:00Z')
  const nowMs = (): number => now
  const script: Script[] = []
  const engine: OcrEngine = {
    name: 'script',
    close: async () => Promise.resolve(),
    recognize: async ({ bytes, jobType }) => {
      now += readingMs
      const next = script.shift() ?? 'read'
      if (next === 'break') throw new OcrError('engine-failed', 'The engine broke. Try again.')
      if (next === 'damaged') throw new OcrError('damaged', 'A whole picture was expected. Send it again.')
      const text = new TextDecoder().decode(bytes)
      const document = readSheet(text, { jobType })
      return Promise.resolve({
        engine: 'script/1',
        pages: [sheet(text)],
        document,
        usage: { pages: 1, pixels: 1, computeMs: readingMs },
        cost: { micros: 1_000, currency: 'USD', priceListVersion: 'script-1' },
        needsReview: document.needsReview,
      })
    },
  }
  const [handler] = readingJobs({
    media: (_tenant, id) => Promise.resolve(id === 'photo-1' ? { path, mime: 'image/png' } : undefined),
    work: readingWork(async () => Promise.resolve(engine)),
    nowMs,
  })
  const sync = createSyncServer({
    database,
    handlers: ocrHandlers,
    authenticate: (request) => {
      const [user, tenant, ...roles] = (request.headers.get('x-test-session') ?? '').split('@')
      return user === undefined || tenant === undefined ? null : { tenant, user, roles }
    },
    nowMs,
  })
  const pass = async (ms: number): Promise<void> => {
    now += ms
    await database.query('pass-ocr', passSql, [readJobType, ms, new Date(now).toISOString()])
  }
  await pass(0)
  return {
    database,
    sync,
    jobs: openJobs(database, nowMs),
    handler,
    script,
    service: (tenant, user = 'ana', isOn = true) =>
      ocrJobsOf({ database, sync, nowMs, ...(isOn && { handler }) }, { tenant, user }),
    send: async (tenant, payload, more = {}) => {
      const id = parseOperationId(payload.id)
      if (id === undefined) throw new TypeError('not an id')
      const wire = wireOperationOf(requestReading, payload, payload, { id })
      const [outcome] = await sync.apply({ tenant, user: 'ana', device: 'phone' }, [{ ...wire, ...more }])
      if (outcome === undefined) throw new Error('no outcome')
      return outcome
    },
    pass,
    nowMs,
    close: async () => {
      await opened.close()
      await rm(folder, { recursive: true })
    },
  }
}
