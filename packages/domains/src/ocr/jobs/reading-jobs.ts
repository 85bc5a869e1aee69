/**
 * The job handler that reads papers, for a worker.
 *
 *   job ─▶ the company's own file ─▶ work (its own process, or an engine elsewhere) ─▶ result, cost
 *
 * What hangs, crashes or eats memory fails the job and takes nothing else along. An attempt that failed has cost its
 * time as well: where the work says no cost, the time is counted here.
 */
import {
  JobError,
  onJob,
  workInProcess,
  type JobCost,
  type JobHandler,
  type JobProcesses,
  type JobWork,
} from '@holdfast/server'
import { computePrice, type ComputePrice } from '../engine/local-engine.ts'
import { engineNames, type EngineName } from '../engine/open-engine.ts'
import { readJobType } from '../operations.ts'
import { parseReadJobPayload } from './ocr-job.ts'

/** A file that was uploaded, whole. */
export type MediaFile = { readonly path: string; readonly mime: string }

/** Where the files of companies are: a company's own alone, `undefined` while there is none that is whole. */
export type FindMedia = (tenant: string, mediaAssetId: string) => Promise<MediaFile | undefined>

/** How papers are read. */
export interface ReadingOptions {
  readonly media: FindMedia
  /** Reads a file: {@link readInProcesses} or `readingWork` of an engine elsewhere. */
  readonly work: JobWork
  /** What time costs where an attempt says nothing of its cost; `null` for an engine that says all of it. */
  readonly price?: ComputePrice | null
  /** How long one attempt may take, ms; default a minute. */
  readonly deadlineMs?: number
  /** ms, for the time that an attempt took; default `Date.now`. */
  readonly nowMs?: () => number
}

/** A photo takes seconds on one core, an invoice of twenty pages a minute. */
const deadlineMsDefault = 90_000

/** Makes the handler: tried again after 1, 5 and 15 s, cancelled when it is unfinished for a day. */
export function readingJobs(options: ReadingOptions): readonly [JobHandler] {
  const { media, work, price = computePrice, deadlineMs = deadlineMsDefault, nowMs = Date.now } = options
  const read: JobWork = async (attempt, circumstances) => {
    const asked = parseReadJobPayload(attempt.payload)
    if (asked === undefined) throw new JobError('no-file', 'The job names no file to read.', { isFinal: true })
    const file = await media(attempt.tenant, asked.mediaAssetId)
    if (file === undefined) {
      throw new JobError('media-missing', 'The file has not arrived. Send it, then have the paper read again.')
    }
    const startedAtMs = nowMs()
    try {
      return await work({ ...attempt, payload: { ...file, jobType: asked.jobType } }, circumstances)
    } catch (error) {
      if (!(error instanceof JobError) || error.cost !== undefined || price === null) throw error
      const { failure, isFinal } = error
      throw new JobError(failure.code, failure.detail, {
        isFinal,
        cause: error,
        cost: costOfTime(nowMs() - startedAtMs, price),
      })
    }
  }
  return [onJob(readJobType, read, { deadlineMs })]
}

function costOfTime(ms: number, { microsPerSecond, currency, priceListVersion }: ComputePrice): JobCost {
  return { amountMicros: Math.ceil((Math.max(ms, 0) * microsPerSecond) / 1000), currency, priceList: priceListVersion }
}

/** What a reading process may use: the networks, a page of 50 megapixels while it is decoded, and room to work. */
const memoryBytesMaxDefault = 1.5 * 1024 ** 3

/** Reads with the local engine, in processes that are killed when their time or memory is over. Close it in the end. */
export function readInProcesses({
  engine,
  memoryBytesMax = memoryBytesMaxDefault,
}: { readonly engine?: EngineName; readonly memoryBytesMax?: number } = {}): JobProcesses {
  if (engine !== undefined && !engineNames.includes(engine)) {
    throw new TypeError(`An engine is one of ${engineNames.join(', ')}; got "${String(engine)}".`)
  }
  // The sources run as they are; what was built lies beside what was built.
  const module = import.meta.url.endsWith('.ts')
    ? new URL('./read-in-process.ts', import.meta.url)
    : new URL('./read-in-process.js', import.meta.url)
  return workInProcess({ module, memoryBytesMax, env: engine === undefined ? {} : { OCR_ENGINE: engine } })
}
