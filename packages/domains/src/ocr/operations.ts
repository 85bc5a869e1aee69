/**
 * Reading papers: shared by page, worker and server. An operation asks for a photo or PDF to be read, and may be made
 * offline; the server reads it once both it and the file have arrived. What was read comes back by the feed; what a
 * person corrects is an operation of its own, and never overwritten by a later reading.
 *
 *   ocr.job ─▶ the paper (entity) and its job: queued ─▶ processing ─▶ completed | failed | cancelled
 *   ocr.correction ─▶ the paper's own fields, beside what was read
 */
import {
  defineLane,
  defineOperation,
  fixed,
  manually,
  type AnyOperationDefinition,
  type EntityRef,
  type JsonObject,
  type Lane,
  type OperationDefinition,
} from '@holdfast/core'
import * as v from 'valibot'
import { amountCentsMax, anyObject, recordId, strict, text, whole } from '../schema-parts.ts'
import type { JobType } from './engine/ocr-engine.ts'

/** The kinds of papers. */
export const jobTypes: readonly ['receipt', 'invoice', 'handwritten'] = ['receipt', 'invoice', 'handwritten']

/** A paper to be read. */
export type ReadingRequest = {
  readonly id: string
  /** The upload with the picture or PDF. Absent where the file travels with the operation, as its attachment `media`. */
  readonly mediaAssetId?: string
  readonly jobType: JobType
  /** Kept beside the paper; nothing reads it. */
  readonly metadata?: JsonObject
}

/** An amount as a person read it: whole minor units of an ISO 4217 currency. */
export type CorrectedMoney = { readonly minor: number; readonly currency: string | null }

/** What a person says stands on a paper. Only what is named changes. */
export type Corrections = {
  readonly merchantName?: string
  /** An ISO day. */
  readonly transactionDate?: string
  readonly total?: CorrectedMoney
  readonly subtotal?: CorrectedMoney
  readonly tax?: CorrectedMoney
  readonly invoiceNumber?: string
  readonly dueDate?: string
}

/** A correction of a paper. */
export type ReadingCorrection = { readonly id: string; readonly paperId: string; readonly fields: Corrections }

/** The kind of entity that a paper is: what was asked for, and what people have corrected. */
export const paperKind = 'paper'

/** The type of the job that reads; the feed tells of it under its own kind. */
export const readJobType = 'ocr.read'

/** What an operation calls the file that it brings along. */
export const mediaName = 'media'

/** The tag under which browsers wake the worker for papers. */
export const ocrSyncTag = 'sync-ocr-queue'

const paperLane: (id: string) => Lane = defineLane('paper')

function paperRef(id: string): EntityRef {
  return { kind: paperKind, id }
}

/** Asks for a paper to be read. In batches of five; tried again after 1, 5 and 15 s, then it is for a person. */
export const requestReading: OperationDefinition<ReadingRequest> = defineOperation({
  type: 'ocr.job',
  version: 1,
  payload: v.strictObject(
    {
      id: recordId(),
      mediaAssetId: v.exactOptional(recordId()),
      jobType: v.picklist(jobTypes, 'must be receipt, invoice or handwritten'),
      metadata: v.exactOptional(anyObject(10_000)),
    },
    strict,
  ),
  lane: ({ id }) => paperLane(id),
  entity: ({ id }) => paperRef(id),
  policy: { batch: { max: 5 }, retry: fixed(1_000, 5_000, 15_000), conflict: 'manual' },
})

const day = (): v.GenericSchema<string> => v.pipe(text(10), v.isoDate('must be a day such as 2026-01-31'))
const money = (): v.GenericSchema<CorrectedMoney> =>
  v.strictObject(
    {
      minor: whole(-amountCentsMax, amountCentsMax),
      currency: v.nullable(v.pipe(text(3), v.regex(/^[A-Z]{3}$/, 'must be a code such as EUR'))),
    },
    strict,
  )

/**
 * Corrects fields of a paper. Two people who correct different fields at once are both right; of one and the same field,
 * a person decides.
 */
export const correctReading: OperationDefinition<ReadingCorrection> = defineOperation({
  type: 'ocr.correction',
  version: 1,
  payload: v.strictObject(
    {
      id: recordId(),
      paperId: recordId(),
      fields: v.pipe(
        v.strictObject(
          {
            merchantName: v.exactOptional(text(200)),
            transactionDate: v.exactOptional(day()),
            total: v.exactOptional(money()),
            subtotal: v.exactOptional(money()),
            tax: v.exactOptional(money()),
            invoiceNumber: v.exactOptional(text(100)),
            dueDate: v.exactOptional(day()),
          },
          strict,
        ),
        v.check((fields) => Object.keys(fields).length > 0, 'must name a field'),
      ),
    },
    strict,
  ),
  lane: ({ paperId }) => paperLane(paperId),
  entity: ({ paperId }) => paperRef(paperId),
  policy: { batch: { max: 5 }, retry: fixed(1_000, 5_000, 15_000), conflict: 'merge' },
  merge: {
    merchantName: manually(),
    transactionDate: manually(),
    total: manually(),
    subtotal: manually(),
    tax: manually(),
    invoiceNumber: manually(),
    dueDate: manually(),
  },
})

/** The operations of the pack. */
export const ocrOperations: readonly AnyOperationDefinition[] = [requestReading, correctReading]
