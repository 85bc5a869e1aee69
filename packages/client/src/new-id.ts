/** New operation ids, of the environment's clock and chance. */
import { operationIdFrom, operationIdRandomBytes, type OperationId } from '@holdfast/core'
import type { Environment } from './environment.ts'

/** A new operation id. */
export function newId({ clock, random }: Environment): OperationId {
  return operationIdFrom(clock.now(), random.bytes(operationIdRandomBytes))
}
