/** Customers, invoices and the schedule: shared by page, service worker and server. */
import {
  defineLane,
  defineOperation,
  exponential,
  manually,
  ranked,
  setById,
  text as textRule,
  type AnyOperationDefinition,
  type JsonObject,
  type Lane,
  type OperationDefinition,
} from '@holdfast/core'
import * as v from 'valibot'
import {
  amountCentsMax,
  anyObject,
  cents,
  instant,
  listOf,
  notes,
  recordId,
  strict,
  text,
  whole,
} from '../schema-parts.ts'

/** A customer as the device knows it. */
export type Customer = {
  readonly id: string
  readonly name: string
  readonly email?: string
  readonly phone?: string
  readonly address?: string
  readonly notes?: string
  readonly tags?: readonly string[]
}

/** A change of some fields of a customer: a JSON Merge Patch (RFC 7396) or a JSON Patch (RFC 6902). */
export type CustomerPatch = {
  readonly id: string
  readonly customerId: string
  readonly format: 'merge-patch' | 'json-patch'
  readonly patch: JsonObject | readonly JsonObject[]
}

/** One line of an invoice. */
export type InvoiceLine = { readonly id: string; readonly label: string; readonly amountCents: number }

/** An invoice; one that follows a job's completion has the completion's id, so that there is never a second one. */
export type Invoice = {
  readonly id: string
  readonly jobId?: string
  readonly customerId?: string
  readonly lines: readonly InvoiceLine[]
  readonly totalCents: number
  readonly timestamp: string
}

/** Where a visit stands in the schedule. */
export type ScheduleUpdate = {
  readonly id: string
  readonly visitId: string
  readonly startsAt: string
  readonly endsAt: string
  readonly assignedTo?: string
  readonly status?: 'cancelled' | 'planned' | 'confirmed' | 'done'
  readonly notes?: string
}

/** The kinds of entities of this pack. */
export const customerKind = 'customer'
/** The kind of an invoice. */
export const invoiceKind = 'invoice'
/** The kind of a visit. */
export const visitKind = 'visit'

const customerLane: (id: string) => Lane = defineLane('customer')
const invoiceLane: (id: string) => Lane = defineLane('invoice', { priority: 'high' })
const visitLane: (id: string) => Lane = defineLane('visit')

const merge = { notes: textRule(), tags: setById('id'), email: manually(), phone: manually() }

const customerFields = {
  name: text(200),
  email: v.exactOptional(v.pipe(text(200), v.includes('@', 'must be an address with an @'))),
  phone: v.exactOptional(text(40)),
  address: v.exactOptional(text(500)),
  notes: v.exactOptional(notes()),
  tags: v.exactOptional(listOf(text(40), 0, 50)),
}

/** The schema of a customer, also of one that a patch has changed. */
export const customerSchema: v.GenericSchema<Customer> = v.strictObject({ id: recordId(), ...customerFields }, strict)

/** Makes or replaces a customer. */
export const saveCustomer: OperationDefinition<Customer> = defineOperation({
  type: 'customers.customer',
  version: 1,
  payload: customerSchema,
  lane: ({ id }) => customerLane(id),
  entity: ({ id }) => ({ kind: customerKind, id }),
  policy: { conflict: 'merge' },
  merge,
})

/** Changes some fields of a customer. */
export const patchCustomer: OperationDefinition<CustomerPatch> = defineOperation({
  type: 'customers.patch',
  version: 1,
  payload: v.strictObject(
    {
      id: recordId(),
      customerId: recordId(),
      format: v.picklist(['merge-patch', 'json-patch'], 'must be merge-patch or json-patch'),
      patch: v.union([anyObject(10_000), listOf<JsonObject>(anyObject(5_000), 1, 50)], 'must be an object or a list'),
    },
    strict,
  ),
  lane: ({ customerId }) => customerLane(customerId),
  entity: ({ customerId }) => ({ kind: customerKind, id: customerId }),
  policy: { conflict: 'merge' },
  merge,
})

/** Makes an invoice. */
export const createInvoice: OperationDefinition<Invoice> = defineOperation({
  type: 'invoices.invoice',
  version: 1,
  payload: v.strictObject(
    {
      id: recordId(),
      jobId: v.exactOptional(recordId()),
      customerId: v.exactOptional(recordId()),
      lines: listOf<InvoiceLine>(
        v.strictObject(
          { id: recordId(), label: text(200), amountCents: whole(-amountCentsMax, amountCentsMax) },
          strict,
        ),
        1,
        200,
      ),
      totalCents: cents(),
      timestamp: instant(),
    },
    strict,
  ),
  lane: ({ id }) => invoiceLane(id),
  entity: ({ id }) => ({ kind: invoiceKind, id }),
  policy: { retry: exponential({ baseMs: 1000, attempts: 8 }), conflict: 'manual' },
})

/** Plans or moves a visit. */
export const updateSchedule: OperationDefinition<ScheduleUpdate> = defineOperation({
  type: 'schedule.update',
  version: 1,
  payload: v.pipe(
    v.strictObject(
      {
        id: recordId(),
        visitId: recordId(),
        startsAt: instant(),
        endsAt: instant(),
        assignedTo: v.exactOptional(text(100)),
        status: v.exactOptional(
          v.picklist(['cancelled', 'planned', 'confirmed', 'done'], 'must be cancelled, planned, confirmed or done'),
        ),
        notes: v.exactOptional(notes()),
      },
      strict,
    ),
    v.check(({ startsAt, endsAt }) => Date.parse(startsAt) < Date.parse(endsAt), 'endsAt: must be later than startsAt'),
  ),
  lane: ({ visitId }) => visitLane(visitId),
  entity: ({ visitId }) => ({ kind: visitKind, id: visitId }),
  policy: { conflict: 'merge' },
  merge: { notes: textRule(), status: ranked(['cancelled', 'planned', 'confirmed', 'done']) },
})

/** All operations of the pack. */
export const recordOperations: readonly AnyOperationDefinition[] = [
  saveCustomer,
  patchCustomer,
  createInvoice,
  updateSchedule,
]
