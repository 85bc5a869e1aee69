/** The batch door: operations in, an outcome for each out. */
import {
  batchOperationsMax,
  isRecord,
  parseBatchRequest,
  problem,
  problemCodeOf,
  protocolVersion,
  type OperationOutcome,
  type Problem,
  type WireOperation,
} from '@holdfast/core'
import type { BatchOwner } from '../apply.ts'
import type { DeviceReport } from '../operate/observer.ts'
import { holdfastAnswer, problemAnswer } from './answer.ts'
import type { DoorRequest } from './door.ts'

/** Applies operations for an owner; see applyBatch. */
export type Apply = (owner: BatchOwner, operations: readonly WireOperation[]) => Promise<readonly OperationOutcome[]>

/** Answers a batch, and tells `reported` what the device says of itself. What the body says of tenant and user is only compared with the session. */
export async function answerBatch(
  { session, request, body }: DoorRequest,
  apply: Apply,
  reported: (report: DeviceReport) => void = () => undefined,
): Promise<Response> {
  const early = problemOfEnvelope(request, body)
  if (early !== undefined) return problemAnswer(early)
  const { fault, value: batch } = withValue(parseBatchRequest(body))
  if (fault !== undefined || batch === undefined) {
    return problemAnswer(
      problem('invalid-request', 'The batch cannot be read', {
        ...(fault !== undefined && { detail: fault.reason, pointer: fault.pointer }),
      }),
    )
  }
  const { tenant, user, roles } = session
  if (batch.tenant !== tenant || batch.user !== user) {
    return problemAnswer(
      problem('wrong-identity', 'These operations belong to another session', {
        detail: 'Nothing was applied. Sign in as who made them.',
      }),
    )
  }
  reported({ tenant, device: batch.device, pending: batch.pending, oldestAgeMs: batch.oldestAgeMs })
  const outcomes = await apply({ tenant, user, roles, device: batch.device }, batch.operations)
  // An operation that the server fails at stands alone at last when clients halve their batches: then it counts.
  const [only] = outcomes
  if (outcomes.length === 1 && only?.outcome === 'deferred' && problemCodeOf(only.problem) === 'internal') {
    return problemAnswer(problem('internal', 'The server failed at this operation'))
  }
  return holdfastAnswer({ outcomes })
}

/** What is wrong with a batch as a whole, before its operations are looked at one by one. */
function problemOfEnvelope(request: Request, body: unknown): Problem | undefined {
  if (!isRecord(body)) return undefined
  const { protocol, operations } = body
  if (protocol !== undefined && protocol !== protocolVersion) {
    return problem('unsupported-protocol', 'Another version of the protocol is spoken here', {
      detail: `This server speaks version ${protocolVersion}.`,
    })
  }
  if (!Array.isArray(operations)) return undefined
  const mismatch = batchSizeProblem(request, operations.length)
  if (mismatch !== undefined) return mismatch
  if (operations.length <= batchOperationsMax) return undefined
  return problem('too-large', 'Too many operations', {
    detail: `At most ${batchOperationsMax} operations are taken at once; got ${operations.length}.`,
    pointer: '/operations',
  })
}

/** The problem of a batch whose `X-Batch-Size` header says another number than came; `undefined` without the header. */
export function batchSizeProblem(request: Request, size: number): Problem | undefined {
  const header = request.headers.get('x-batch-size')
  if (header === null || header.trim() === String(size)) return undefined
  return problem('batch-size-mismatch', 'Not as many came as were announced', {
    detail: `X-Batch-Size differs from the ${size} that came.`,
  })
}

function withValue<Value, Fault>(
  parsed: { readonly value: Value; readonly fault?: undefined } | { readonly fault: Fault },
): { readonly value?: Value | undefined; readonly fault?: Fault | undefined } {
  return parsed
}
