/** The fingerprint of an operation: tells a repeated send from an id that was used again for something else. */
import { createHash } from 'node:crypto'
import { canonicalText, identityOfOperation, type JsonFault, type WireOperation } from '@holdfast/core'

/**
 * SHA-256, in hex, of what was fixed when the operation was enqueued. An operation whose data cannot be stored has no
 * canonical text; what is wrong with it stands in for its data.
 */
export function hashOfOperation(operation: WireOperation, fault: JsonFault | undefined): string {
  const text =
    fault === undefined
      ? canonicalText(identityOfOperation(operation))
      : canonicalText({ type: operation.type, version: operation.version, lane: operation.lane, fault: { ...fault } })
  return createHash('sha256').update(text).digest('hex')
}
