/**
 * Reading one file with an engine, as the work of a job: in this process for an engine elsewhere, in a process of its own
 * for one on this machine (read-in-process.ts). An engine that cannot be opened is tried again with the next attempt.
 */
import { readFile, stat } from 'node:fs/promises'
import { isRecord, type Json } from '@holdfast/core'
import { JobError, type JobCost, type JobWork } from '@holdfast/server'
import { OcrError, type Cost, type JobType, type OcrEngine } from '../engine/ocr-engine.ts'
import { pageLimits } from '../engine/page-limits.ts'
import { jobTypes } from '../operations.ts'
import { resultOf } from './reading-result.ts'

/** A file to be read, as it is given to the work. */
export type ReadFile = { readonly path: string; readonly mime: string; readonly jobType: JobType }

/** Makes the work of an engine, which is opened when it is first needed. */
export function readingWork(open: () => Promise<OcrEngine>): JobWork {
  let opening: Promise<OcrEngine> | undefined
  return async ({ payload }, { signal, deadlineMs }) => {
    const file = parseFile(payload)
    try {
      opening ??= open()
      const engine = await opening.catch((error: unknown) => {
        opening = undefined
        throw error
      })
      const bytes = await contentOf(file.path)
      const { mime, jobType } = file
      const recognition = await engine.recognize({ bytes, mime, jobType, languages: [] }, { signal, deadlineMs })
      return { result: resultOf(recognition), cost: jobCostOf(recognition.cost) }
    } catch (error) {
      if (!(error instanceof OcrError)) throw error
      const { code, message, isAboutTheFile: isFinal, cost } = error
      throw new JobError(code, message, { isFinal, cause: error, ...(cost !== undefined && { cost: jobCostOf(cost) }) })
    }
  }
}

function parseFile(payload: Json): ReadFile {
  const { path, mime, jobType } = isRecord(payload) ? payload : {}
  const known = jobTypes.find((type) => type === jobType)
  if (typeof path !== 'string' || typeof mime !== 'string' || known === undefined) {
    throw new JobError('no-file', 'The job names no file to read.', { isFinal: true })
  }
  return { path, mime, jobType: known }
}

/** The size is looked at before: a film is not read into memory to be refused. */
async function contentOf(path: string): Promise<Uint8Array> {
  const { size } = await stat(path)
  if (size > pageLimits.bytesMax) {
    throw new OcrError('too-large', `At most ${String(pageLimits.bytesMax)} bytes are read. Send a smaller picture.`)
  }
  return readFile(path)
}

function jobCostOf({ micros, currency, priceListVersion }: Cost): JobCost {
  return { amountMicros: micros, currency, priceList: priceListVersion }
}
