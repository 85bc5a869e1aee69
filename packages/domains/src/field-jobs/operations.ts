/**
 * Work at customers' places: shared by page, service worker and server. What happens to a job is a chain of small
 * updates, each with an id of its own; those of one job travel in its lane, in order.
 */
import {
  defineLane,
  defineOperation,
  ranked,
  setById,
  type AnyOperationDefinition,
  type EntityRef,
  type JsonObject,
  type Lane,
  type MergeRules,
  type OperationDefinition,
} from '@holdfast/core'
import * as v from 'valibot'
import {
  amountCentsMax,
  anyObject,
  cents,
  coordinates,
  decimal,
  instant,
  listOf,
  notes,
  recordId,
  strict,
  text,
  whole,
  type Coordinates,
} from '../schema-parts.ts'

/** The states of a job, lowest first: of two changes made apart the higher one stands. */
export const jobStatuses: readonly ['cancelled', 'created', 'pending', 'assigned', 'in_progress', 'completed'] = [
  'cancelled',
  'created',
  'pending',
  'assigned',
  'in_progress',
  'completed',
]

/** The state of a job. */
export type JobStatus = (typeof jobStatuses)[number]

/** What every update says beside its own. */
export type JobUpdateHead = {
  /** The update's own id. */
  readonly id: string
  readonly jobId: string
  readonly technicianId: string
  readonly timestamp: string
  readonly coordinates?: Coordinates
  readonly deviceId?: string
  readonly appVersion?: string
}

/** A part that was used. */
export type UsedPart = {
  readonly id: string
  readonly name: string
  readonly quantity: number
  readonly unitCostCents?: number
}

/** A photo of a completed job: its place among the photos, and where it was uploaded to. */
export type JobPhoto = { readonly photoIndex: number; readonly url: string }

/** Another state of the job. */
export type JobStatusUpdate = JobUpdateHead & { readonly status: JobStatus }
/** Where the person is. */
export type JobLocationUpdate = JobUpdateHead & { readonly coordinates: Coordinates }
/** A note, beside those that are there. */
export type JobNotesUpdate = JobUpdateHead & { readonly notes: string }
/** Parts that were used, beside those that are there. */
export type JobPartsUpdate = JobUpdateHead & { readonly partsUsed: readonly UsedPart[] }
/** Any other fields. */
export type JobFieldsUpdate = JobUpdateHead & { readonly data: JsonObject }
/** The end of the work. */
export type JobCompletion = JobUpdateHead & {
  readonly photos?: readonly JobPhoto[]
  /** Where the signature was uploaded to. */
  readonly signature?: string
  readonly finalNotes?: string
  readonly partsUsed?: readonly UsedPart[]
  readonly laborHours?: number
  readonly laborRateCents?: number
  readonly totalCostCents?: number
}

/** The kind of entity that a job is. */
export const jobKind = 'job'

/** One lane per job. */
export const jobLane: (id: string) => Lane = defineLane('job', { priority: 'high', onDead: 'block' })

const head = {
  id: recordId(),
  jobId: recordId(),
  technicianId: text(100),
  timestamp: instant(),
  coordinates: v.exactOptional(coordinates()),
  deviceId: v.exactOptional(text(100)),
  appVersion: v.exactOptional(text(40)),
}
const part: v.GenericSchema<UsedPart> = v.strictObject(
  { id: recordId(), name: text(200), quantity: whole(1, 10_000), unitCostCents: v.exactOptional(cents()) },
  strict,
)
const url = v.pipe(text(500), v.regex(/^(\/|https:\/\/)[^\s\\]*$/, 'must be the address of an upload'))
const photo: v.GenericSchema<JobPhoto> = v.strictObject({ photoIndex: whole(0, 99), url }, strict)

/** Fields that have updates of their own, or that only the server writes. */
const reserved: ReadonlySet<string> = new Set([
  'id',
  'status',
  'location',
  'notes',
  'partsUsed',
  'completion',
  'updatedBy',
  'updatedAt',
  'deviceId',
  'appVersion',
])

const merge: MergeRules = { status: ranked(jobStatuses), notes: setById('id'), partsUsed: setById('id') }

function jobOperation<Payload extends JobUpdateHead>(
  type: string,
  payload: v.GenericSchema<Payload>,
): OperationDefinition<Payload> {
  return defineOperation({
    type,
    version: 1,
    payload,
    lane: ({ jobId }) => jobLane(jobId),
    entity: ({ jobId }): EntityRef => ({ kind: jobKind, id: jobId }),
    policy: { batch: { max: 25, lingerMs: 5_000 }, conflict: 'merge' },
    merge,
  })
}

/** Changes the state of a job. */
export const updateJobStatus: OperationDefinition<JobStatusUpdate> = jobOperation(
  'jobs.status',
  v.strictObject({ ...head, status: v.picklist(jobStatuses, `must be one of ${jobStatuses.join(', ')}`) }, strict),
)
/** Says where the person is. */
export const updateJobLocation: OperationDefinition<JobLocationUpdate> = jobOperation(
  'jobs.location',
  v.strictObject({ ...head, coordinates: coordinates() }, strict),
)
/** Adds a note. */
export const addJobNotes: OperationDefinition<JobNotesUpdate> = jobOperation(
  'jobs.notes',
  v.strictObject({ ...head, notes: v.pipe(notes(), v.minLength(1, 'must not be empty')) }, strict),
)
/** Adds parts that were used. */
export const addJobParts: OperationDefinition<JobPartsUpdate> = jobOperation(
  'jobs.parts',
  v.strictObject({ ...head, partsUsed: listOf(part, 1, 100) }, strict),
)
/** Sets any other fields. */
export const updateJob: OperationDefinition<JobFieldsUpdate> = jobOperation(
  'jobs.update',
  v.strictObject(
    {
      ...head,
      data: v.pipe(
        anyObject(20_000),
        v.check(
          (data) => Object.keys(data).every((name) => !reserved.has(name)),
          `must not set ${[...reserved].join(', ')}: they have updates of their own`,
        ),
      ),
    },
    strict,
  ),
)
/** Completes a job. */
export const completeJob: OperationDefinition<JobCompletion> = jobOperation(
  'jobs.completion',
  v.strictObject(
    {
      ...head,
      photos: v.exactOptional(
        v.pipe(
          listOf(photo, 0, 100),
          v.check(
            (photos) => new Set(photos.map(({ photoIndex }) => photoIndex)).size === photos.length,
            'must not have two photos in one place',
          ),
        ),
      ),
      signature: v.exactOptional(url),
      finalNotes: v.exactOptional(notes()),
      partsUsed: v.exactOptional(listOf(part, 0, 100)),
      laborHours: v.exactOptional(decimal(0, 1000)),
      laborRateCents: v.exactOptional(cents()),
      totalCostCents: v.exactOptional(whole(0, amountCentsMax)),
    },
    strict,
  ),
)

/** All operations of the pack. */
export const jobOperations: readonly AnyOperationDefinition[] = [
  updateJobStatus,
  updateJobLocation,
  addJobNotes,
  addJobParts,
  updateJob,
  completeJob,
]

/** The addresses of a completion's photos, in the order of their places. */
export function photoUrlsOf(photos: readonly JobPhoto[] = []): readonly string[] {
  return photos.toSorted((left, right) => left.photoIndex - right.photoIndex).map(({ url: address }) => address)
}

/** What a completion costs: its total where it says one, else labour and parts, in cents; `undefined` when it says nothing. */
export function costOf({
  totalCostCents,
  laborHours,
  laborRateCents,
  partsUsed = [],
}: JobCompletion): number | undefined {
  if (totalCostCents !== undefined) return totalCostCents
  if (laborRateCents === undefined && partsUsed.every(({ unitCostCents }) => unitCostCents === undefined))
    return undefined
  const partsCents = partsUsed.reduce((sum, { quantity, unitCostCents = 0 }) => sum + quantity * unitCostCents, 0)
  return partsCents + Math.round((laborHours ?? 0) * (laborRateCents ?? 0))
}
