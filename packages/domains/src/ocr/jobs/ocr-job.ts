/** A reading job as services and doors show it, and what people may do with it. */
import { isRecord, type Json, type JsonObject } from '@holdfast/core'
import type { Job, JobCounts } from '@holdfast/server'
import type { JobType } from '../engine/ocr-engine.ts'
import { jobTypes } from '../operations.ts'

/** The states of a reading job. */
export const ocrJobStatuses: readonly ['queued', 'processing', 'completed', 'failed', 'cancelled'] = [
  'queued',
  'processing',
  'completed',
  'failed',
  'cancelled',
]

/** The state of a reading job. */
export type OcrJobStatus = (typeof ocrJobStatuses)[number]

/** A reading job. Instants are ISO 8601. */
export type OcrJob = {
  readonly id: string
  readonly paperId: string
  readonly mediaAssetId: string
  readonly jobType: JobType
  readonly metadata?: JsonObject
  readonly status: OcrJobStatus
  /** Attempts begun so far. */
  readonly attempts: number
  readonly createdBy: string
  readonly createdAt: string
  readonly startedAt?: string
  readonly endedAt?: string
  /** Not before then it is tried; of a queued one. */
  readonly nextTryAt?: string
  /** What the latest attempt failed at. */
  readonly failure?: { readonly code: string; readonly detail: string }
  /** Who cancelled it: a person, or its age. */
  readonly cause?: 'person' | 'stale'
  /** What was read, of a completed one. */
  readonly result?: Json
}

/** Why queued jobs wait: processing is switched off, or the company's budget is used up. */
export type OcrHold = 'switched-off' | 'over-budget'

/** How many jobs are in which state, and why queued ones wait. */
export type OcrQueueStatus = JobCounts & { readonly held?: OcrHold }

/** What an act on a job came to. */
export type OcrAct =
  | { readonly kind: 'done'; readonly job: OcrJob }
  | { readonly kind: 'not-found' }
  /** The job is not in a state for it; `detail` names the transition. */
  | { readonly kind: 'refused'; readonly from: OcrJobStatus; readonly detail: string }
  | { readonly kind: 'held'; readonly hold: OcrHold }

/** What a job of ours was asked for. */
export type ReadJobPayload = {
  readonly paperId: string
  readonly mediaAssetId: string
  readonly jobType: JobType
  readonly metadata?: JsonObject
}

/** Reads a job's payload; `undefined` for one that is none of ours. */
export function parseReadJobPayload(payload: Json): ReadJobPayload | undefined {
  if (!isRecord(payload)) return undefined
  const { paperId, mediaAssetId, metadata } = payload
  const jobType = jobTypes.find((known) => known === payload['jobType'])
  if (typeof paperId !== 'string' || typeof mediaAssetId !== 'string' || jobType === undefined) return undefined
  return { paperId, mediaAssetId, jobType, ...(isJsonObject(metadata) && { metadata }) }
}

/** A job as people see it; `undefined` for one that is none of ours. */
export function ocrJobOf(job: Job): OcrJob | undefined {
  const asked = parseReadJobPayload(job.payload)
  if (asked === undefined) return undefined
  const { state } = job
  return {
    id: job.id,
    ...asked,
    status: state.kind,
    attempts: state.attempt,
    createdBy: job.user,
    createdAt: instant(job.enqueuedAtMs),
    ...(job.startedAtMs !== undefined && { startedAt: instant(job.startedAtMs) }),
    ...('endedAtMs' in state && { endedAt: instant(state.endedAtMs) }),
    ...(state.kind === 'queued' && { nextTryAt: instant(state.notBeforeMs) }),
    ...('failure' in state && state.failure !== undefined && { failure: state.failure }),
    ...(state.kind === 'cancelled' && { cause: state.cause }),
    ...(state.kind === 'completed' && job.result !== undefined && { result: job.result }),
  }
}

function instant(atMs: number): string {
  return new Date(atMs).toISOString()
}

function isJsonObject(value: Json | undefined): value is JsonObject {
  return isRecord(value)
}
