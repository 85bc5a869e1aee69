/**
 * The invoice of a completed job: a job of the server's, stored with the completion and worked at until the invoice is
 * there. Its operation's id is made from the completion's, so that there is never a second one.
 */
import { isRecord, parseOperationId, type Json, type JsonObject } from '@holdfast/core'
import { JobError, onJob, restFailureOf, wireOperationOf, type JobHandler, type SyncServer } from '@holdfast/server'
import { createInvoice, type Invoice, type InvoiceLine } from '../records/operations.ts'
import { costOf, type JobCompletion } from './operations.ts'

/** The type of the job that makes an invoice. */
export const invoiceJob = 'field-jobs.invoice'

/** The invoice of a completion; `undefined` when it says nothing of a cost. */
export function invoiceOf(completion: JobCompletion): Invoice | undefined {
  const totalCents = costOf(completion)
  if (totalCents === undefined) return undefined
  const { id, jobId, timestamp, partsUsed = [], laborHours = 0, laborRateCents = 0 } = completion
  const parts = partsUsed.map((part, index): InvoiceLine => {
    return { id: `part-${index + 1}`, label: part.name, amountCents: part.quantity * (part.unitCostCents ?? 0) }
  })
  const laborCents = Math.round(laborHours * laborRateCents)
  const labor = laborCents === 0 ? [] : [{ id: 'labor', label: `Labour, ${laborHours} h`, amountCents: laborCents }]
  const known = [...parts.filter(({ amountCents }) => amountCents !== 0), ...labor]
  const restCents = totalCents - known.reduce((sum, { amountCents }) => sum + amountCents, 0)
  const rest = restCents === 0 && known.length > 0 ? [] : [{ id: 'rest', label: 'Work', amountCents: restCents }]
  return { id: `inv-${id}`.slice(0, 64), jobId, lines: [...known, ...rest], totalCents, timestamp }
}

/** The job handler that makes invoices, for a worker. */
export function invoiceJobs(sync: SyncServer): readonly JobHandler[] {
  const invoicing = onJob(invoiceJob, async ({ tenant, user, id: jobId, payload }) => {
    const checked = await createInvoice.payload['~standard'].validate(payload)
    if (checked.issues !== undefined) throw new JobError('no-invoice', 'The job holds no invoice.', { isFinal: true })
    const invoice = checked.value
    const id = parseOperationId(`invoice:${jobId}`)
    if (id === undefined || !isObject(payload)) throw new JobError('no-id', 'The invoice has no id.', { isFinal: true })
    const operation = wireOperationOf(createInvoice, payload, invoice, { id })
    const [outcome] = await sync.apply({ tenant, user, device: 'server' }, [operation])
    const failure = outcome === undefined ? undefined : restFailureOf(outcome)
    if (failure !== undefined) throw new JobError('refused', failure.problem.detail ?? failure.problem.title)
    return { result: { invoiceId: invoice.id } }
  })
  return [invoicing]
}

function isObject(value: Json): value is JsonObject {
  return isRecord(value)
}
