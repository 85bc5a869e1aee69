/**
 * The industries: four rows of data. What differs between them stands here and nowhere else.
 *
 * A required field that is missing is named; 0 and false are present. A record that touches a critical field travels in
 * a lane of high priority of its own, so that nothing ordinary holds it up.
 */
import type { JsonObject, Priority } from '@holdfast/core'

/** The industries, by the short names of the `X-Industry` header. */
export const industryNames: readonly ['hs', 'rest', 'auto', 'ret'] = ['hs', 'rest', 'auto', 'ret']

/** The short name of an industry. */
export type IndustryName = (typeof industryNames)[number]

/** What is particular to an industry. */
export interface Industry {
  readonly name: IndustryName
  /** For people. */
  readonly title: string
  readonly priority: Priority
  /** Most records in one request, and how long the first one waits for company while another request is out, ms. */
  readonly batch: { readonly max: number; readonly lingerMs: number }
  readonly criticalFields: readonly string[]
  readonly requiredFields: readonly string[]
  /** The required field that says which piece of work it is. */
  readonly idField: string
  /** What is filled in where a record says nothing. */
  readonly complete: (record: JsonObject) => JsonObject
}

/** All industries. */
export const industries: { readonly [Name in IndustryName]: Industry } = {
  hs: {
    name: 'hs',
    title: 'Home services',
    priority: 'high',
    batch: { max: 5, lingerMs: 30_000 },
    criticalFields: ['status', 'location', 'completion', 'emergency'],
    requiredFields: ['jobId', 'technicianId', 'timestamp', 'status'],
    idField: 'jobId',
    complete: (record) => ({
      serviceType: 'general',
      equipmentUsed: [],
      customerPresent: true,
      ...given(record),
      urgencyLevel: record['emergency'] === true ? 'high' : 'normal',
      locationVerified: isGiven(record['coordinates']),
    }),
  },
  rest: {
    name: 'rest',
    title: 'Restaurant',
    priority: 'high',
    batch: { max: 10, lingerMs: 15_000 },
    criticalFields: ['order_status', 'kitchen_time', 'table_assignment'],
    requiredFields: ['orderId', 'tableId', 'timestamp', 'status'],
    idField: 'orderId',
    complete: (record) => ({
      orderType: 'dine_in',
      preparationTime: null,
      allergyInfo: [],
      courseSequence: 1,
      kitchenSection: 'general',
      ...given(record),
    }),
  },
  auto: {
    name: 'auto',
    title: 'Automotive',
    priority: 'medium',
    batch: { max: 8, lingerMs: 45_000 },
    criticalFields: ['bay_status', 'parts_ordered', 'completion', 'customer_approval'],
    requiredFields: ['workOrderId', 'bayId', 'timestamp', 'status'],
    idField: 'workOrderId',
    // Nobody has approved anything, and nothing is ordered, unless the record says so.
    complete: (record) => ({
      serviceCategory: 'general',
      partsOrdered: [],
      estimatedHours: null,
      customerApproved: record['customer_approval'] === true,
      warrantyWork: false,
      ...given(record),
    }),
  },
  ret: {
    name: 'ret',
    title: 'Retail',
    priority: 'medium',
    batch: { max: 15, lingerMs: 60_000 },
    criticalFields: ['inventory_update', 'sale_completion', 'returns'],
    requiredFields: ['transactionId', 'storeId', 'timestamp', 'type'],
    idField: 'transactionId',
    complete: (record) => ({
      channel: 'in_store',
      items: [],
      registerId: null,
      isReturn: isGiven(record['returns']),
      loyaltyId: null,
      ...given(record),
    }),
  },
}

/** The industry of a short name; `undefined` for any other name: nobody's work is taken for another's. */
export function industryOf(name: unknown): Industry | undefined {
  const found = industryNames.find((known) => known === name)
  return found === undefined ? undefined : industries[found]
}

/** The first required field that a record lacks. Absent, null and empty text lack; 0 and false do not. */
export function findMissingField(industry: Industry, record: JsonObject): string | undefined {
  return industry.requiredFields.find((field) => !Object.hasOwn(record, field) || !isGiven(record[field]))
}

/** True when a record touches a critical field. */
export function isCritical(industry: Industry, record: JsonObject): boolean {
  return industry.criticalFields.some((field) => Object.hasOwn(record, field))
}

/** The headers that say whose work a request carries, and how urgent it is. */
export function industryHeaders({ name, priority }: Industry): { readonly [header: string]: string } {
  return { 'x-industry': name, 'x-sync-priority': priority }
}

/** The record without what is null: that does not stand in the way of what is filled in. */
function given(record: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== null))
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && value !== ''
}
