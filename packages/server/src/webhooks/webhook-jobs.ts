/**
 * Webhooks are jobs: each is stored in the transaction that applies its operation, so there is never one without the
 * other, and a worker delivers it (deliver-webhook.ts). An operation that is answered a second time asks for none.
 */
import { isRecord, type Json, type OperationId, type WireOperation } from '@holdfast/core'
import type { JobToStore } from '../jobs/job.ts'
import type { LedgerRows } from '../ledger.ts'
import type { WebhookEndpoint } from './webhook-endpoint.ts'

/** The type of the jobs that deliver webhooks. */
export const webhookJobType = 'holdfast.webhook'

/** What a webhook tells. What the operation carried is not in it: who is told may look. */
export type WebhookEvent = {
  readonly type: 'operation.applied'
  /** When it was applied, ISO 8601. */
  readonly timestamp: string
  readonly data: {
    readonly tenant: string
    readonly user: string
    readonly operation: string
    readonly operationType: string
    readonly entity?: { readonly kind: string; readonly id: string }
    readonly version?: number
    readonly ids?: { readonly [name: string]: string }
  }
}

/** Whose operations were applied, and when. */
export interface AppliedBy {
  readonly tenant: string
  readonly user: string
  readonly at: string
}

/** The jobs that new rows of the ledger ask for: one for each endpoint that wants to hear of an applied operation. */
export function webhookJobs(
  endpoints: readonly WebhookEndpoint[],
  { tenant, user, at }: AppliedBy,
  operations: readonly WireOperation[],
  ledger: LedgerRows,
): readonly JobToStore[] {
  if (endpoints.length === 0) return []
  const byId = new Map<OperationId, WireOperation>(operations.map((operation) => [operation.id, operation]))
  return [...ledger].flatMap(([id, { outcome }]) => {
    const operation = byId.get(id)
    // No event: a tombstone for an operation that never came, an edit whose original had been applied and told
    // (`duplicate`), a cancel.
    if (operation === undefined || outcome.outcome !== 'applied' || operation.cancel !== undefined) return []
    const event: WebhookEvent = {
      type: 'operation.applied',
      timestamp: at,
      data: {
        tenant,
        user,
        operation: id,
        operationType: operation.type,
        ...(operation.entity !== undefined && { entity: operation.entity }),
        ...(outcome.version !== undefined && { version: outcome.version }),
        ...(outcome.ids !== undefined && { ids: outcome.ids }),
      },
    }
    return endpoints
      .filter(({ types }) => types === 'all' || types.includes(operation.type))
      .map(({ name }) => ({
        id: `${id}~webhook~${name}`,
        operation: id,
        type: webhookJobType,
        payload: { endpoint: name, event: asJson(event) },
      }))
  })
}

function asJson({ type, timestamp, data }: WebhookEvent): Json {
  const { entity, ids, version, ...rest } = data
  return {
    type,
    timestamp,
    data: {
      ...rest,
      ...(entity !== undefined && { entity: { kind: entity.kind, id: entity.id } }),
      ...(version !== undefined && { version }),
      ...(ids !== undefined && { ids }),
    },
  }
}

/** Reads the payload of such a job: the endpoint's name, and the event as it is sent. */
export function parseDelivery(payload: Json): { readonly endpoint: string; readonly event: Json } | undefined {
  if (!isRecord(payload) || typeof payload['endpoint'] !== 'string') return undefined
  const event = payload['event']
  return event === undefined ? undefined : { endpoint: payload['endpoint'], event }
}
