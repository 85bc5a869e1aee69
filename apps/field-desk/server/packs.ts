/** The packs that Field Desk is made of: their operations, handlers, doors, and the work that follows. */
import type { AnyOperationDefinition } from '@holdfast/core'
import { analyticsDoors, analyticsHandlers } from '@holdfast/domains/analytics/handlers'
import { invoiceJobs, jobDoors, jobHandlers } from '@holdfast/domains/field-jobs/handlers'
import { formDoors, formHandlers } from '@holdfast/domains/forms/handlers'
import { industryDoors, industryHandlers } from '@holdfast/domains/industries/handlers'
import { ocrHandlers } from '@holdfast/domains/ocr/handlers'
import { paymentDoors, paymentHandlers, paymentJobs, type CardProcessor } from '@holdfast/domains/payments/handlers'
import { posDoors, posHandlers } from '@holdfast/domains/pos/handlers'
import { preferencesDoors, preferencesHandlers } from '@holdfast/domains/preferences/handlers'
import { recordDoors, recordHandlers } from '@holdfast/domains/records/handlers'
import type { Handler, JobHandler, SyncServer } from '@holdfast/server'
import type { Hono } from 'hono'
import { operations } from '../src/operations.ts'

/** Every type that pages may send. */
export const packOperations: readonly AnyOperationDefinition[] = operations

/** Handlers of all packs. Every company has invoices for its completed jobs. */
export const packHandlers: readonly Handler[] = [
  ...posHandlers,
  ...paymentHandlers,
  ...jobHandlers({ hasInvoices: () => true }),
  ...industryHandlers,
  ...recordHandlers,
  ...preferencesHandlers,
  ...analyticsHandlers,
  ...formHandlers,
  ...ocrHandlers,
]

/** The REST doors of all packs. One of them stands below `/api/sync`: they are to be mounted before the server's own. */
export function packDoors(sync: SyncServer, processor: CardProcessor): readonly Hono[] {
  return [
    preferencesDoors(sync),
    posDoors(sync),
    paymentDoors(sync, processor),
    jobDoors(sync),
    industryDoors(sync),
    recordDoors(sync),
    analyticsDoors(sync),
    formDoors(sync),
  ]
}

/** What a worker works at: card payments to be verified, invoices to be made. */
export function packJobs(sync: SyncServer, processor: CardProcessor): readonly JobHandler[] {
  return [...paymentJobs(sync, processor), ...invoiceJobs(sync)]
}
