/** Everything that Field Desk writes, for the pages and the service worker. */
import type { AnyOperationDefinition, RetrySchedule } from '@holdfast/core'
import { analyticsOperations } from '@holdfast/domains/analytics/operations'
import { jobOperations } from '@holdfast/domains/field-jobs/operations'
import { formOperations } from '@holdfast/domains/forms/operations'
import { industryOperations } from '@holdfast/domains/industries/operations'
import { ocrOperations } from '@holdfast/domains/ocr/operations'
import { paymentOperations } from '@holdfast/domains/payments/operations'
import { placeOrder, posOperations } from '@holdfast/domains/pos/operations'
import { preferencesOperations } from '@holdfast/domains/preferences/operations'
import { recordOperations } from '@holdfast/domains/records/operations'

export { placeOrder }

/** Every type of operation that this release knows. */
export const operations: readonly AnyOperationDefinition[] = [
  ...posOperations,
  ...paymentOperations,
  ...jobOperations,
  ...industryOperations,
  ...recordOperations,
  ...preferencesOperations,
  ...analyticsOperations,
  ...formOperations,
  ...ocrOperations,
]

/** When entries of a type are tried again; `undefined` for a type that this release does not know. */
export function retryOf(type: string): RetrySchedule | undefined {
  return operations.find((definition) => definition.type === type)?.policyFor('high').retry
}
