/** Everything that Field Desk writes, for the pages and the service worker. */
import type { AnyOperationDefinition, RetrySchedule } from '@holdfast/core'
import { placeOrder, posOperations } from '@holdfast/domains/pos/operations'

export { placeOrder }

/** The name under which pages and worker share outbox, registry and locks. */
export const applicationName = 'field-desk'

/** Every type of operation that this release knows. */
export const operations: readonly AnyOperationDefinition[] = posOperations

/** When entries of a type are tried again; `undefined` for a type that this release does not know. */
export function retryOf(type: string): RetrySchedule | undefined {
  return operations.find((definition) => definition.type === type)?.policyFor('high').retry
}
