/** What happens to jobs: pure deciders. Updates add to what is there, so that two people's never push each other out. */
import { isList, isRecord, type Json, type JsonObject } from '@holdfast/core'
import { applied, decide, on, refused, type ApplyDecision, type Entity, type Handler } from '@holdfast/server'
import { invoiceJob, invoiceOf } from './invoicing.ts'
import {
  addJobNotes,
  addJobParts,
  completeJob,
  costOf,
  photoUrlsOf,
  updateJob,
  updateJobLocation,
  updateJobStatus,
  type JobUpdateHead,
} from './operations.ts'

/** What a tenant has chosen. */
export interface JobChoices {
  /** True where a completed job is to have an invoice. Default: never. */
  readonly hasInvoices?: (tenant: string) => boolean
}

/** Makes the handlers of the pack. A job exists from its first update on. */
export function jobHandlers({ hasInvoices = () => false }: JobChoices = {}): readonly Handler[] {
  return [
    on(
      updateJobStatus,
      decide(({ payload }, job) => {
        const before = stateOf(job)
        if (before['completion'] !== undefined && payload.status !== 'completed') {
          return refused('The job is completed; its state stays.')
        }
        return next(payload, before, { status: payload.status })
      }),
    ),
    on(
      updateJobLocation,
      decide(({ payload }, job) => {
        const { lat, lng } = payload.coordinates
        return next(payload, stateOf(job), { location: { lat, lng, at: payload.timestamp, by: payload.technicianId } })
      }),
    ),
    on(
      addJobNotes,
      decide(({ payload }, job) => {
        const before = stateOf(job)
        const note = { id: payload.id, text: payload.notes, by: payload.technicianId, at: payload.timestamp }
        return next(payload, before, { notes: added(before['notes'], [note]) })
      }),
    ),
    on(
      addJobParts,
      decide(({ payload }, job) => {
        const before = stateOf(job)
        return next(payload, before, { partsUsed: added(before['partsUsed'], payload.partsUsed) })
      }),
    ),
    on(
      updateJob,
      decide(({ payload }, job) => next(payload, stateOf(job), payload.data)),
    ),
    on(
      completeJob,
      decide(({ payload }, job, { tenant }) => {
        const before = stateOf(job)
        if (before['completion'] !== undefined) return refused(`Job ${payload.jobId} is completed already.`)
        if (before['status'] === 'cancelled') return refused(`Job ${payload.jobId} was cancelled.`)
        const { photos, signature, finalNotes, partsUsed = [], laborHours } = payload
        const cost = costOf(payload)
        const completion = {
          id: payload.id,
          by: payload.technicianId,
          at: payload.timestamp,
          photoUrls: photoUrlsOf(photos),
          ...(signature !== undefined && { signature }),
          ...(finalNotes !== undefined && { finalNotes }),
          ...(laborHours !== undefined && { laborHours }),
          ...(cost !== undefined && { totalCostCents: cost }),
        }
        const invoice = hasInvoices(tenant) ? invoiceOf(payload) : undefined
        const changes = { status: 'completed', completion, partsUsed: added(before['partsUsed'], partsUsed) }
        return {
          ...next(payload, before, changes),
          result: { jobId: payload.jobId, generateInvoice: invoice !== undefined, invoiceId: invoice?.id ?? null },
          ...(invoice !== undefined && { jobs: [{ type: invoiceJob, payload: { ...invoice } }] }),
        }
      }),
    ),
  ]
}

function stateOf(job: Entity | undefined): JsonObject {
  return isObject(job?.state) ? job.state : {}
}

function isObject(value: Json | undefined): value is JsonObject {
  return isRecord(value)
}

/** The job after an update: what it says, and who said so from where. */
function next(head: JobUpdateHead, before: JsonObject, changes: JsonObject): ApplyDecision {
  const { deviceId, appVersion, technicianId, timestamp, jobId } = head
  return applied({
    ...before,
    ...changes,
    id: jobId,
    updatedBy: technicianId,
    updatedAt: timestamp,
    ...(head.coordinates !== undefined && { updatedFrom: { ...head.coordinates } }),
    ...(deviceId !== undefined && { deviceId }),
    ...(appVersion !== undefined && { appVersion }),
  })
}

/** A list with more items; one whose id is there already takes that one's place. */
function added(list: Json | undefined, more: readonly JsonObject[]): readonly Json[] {
  const ids = new Set(more.map(({ id }) => id))
  const kept = isList(list) ? list.filter((item) => !isObject(item) || !ids.has(item['id'])) : []
  return [...kept, ...more]
}
