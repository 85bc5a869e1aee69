/**
 * The REST doors of orders, for those who know nothing of Holdfast. They end in the same handler and the same ledger as
 * the batch door: a request's `Idempotency-Key`, else the order's own id, is the operation's id.
 */
import {
  batchOperationsMax,
  describeIssues,
  isJson,
  isRecord,
  parseOperationId,
  problem,
  type Json,
  type OperationId,
  type OperationOutcome,
  type Problem,
  type WireOperation,
} from '@holdfast/core'
import {
  batchSizeProblem,
  jsonAnswer,
  methodNotAllowed,
  notFound,
  problemAnswer,
  restFailureOf,
  wireOperationOf,
  type DoorRequest,
  type Session,
  type SyncServer,
} from '@holdfast/server'
import { Hono } from 'hono'
import { orderKind, placeOrder } from './operations.ts'
import { onlineOrderId, type Order } from './order.ts'

/** What the ledger keeps as the device of an operation that came through a REST door. */
const restDevice = 'rest'

const listLimitDefault = 50

/** Makes the routes `/api/pos/orders` (POST, GET) and `/api/pos/orders/batch` (POST), to be mounted beside the server's. */
export function posDoors(sync: SyncServer): Hono {
  const routes = new Hono()
  routes.post(
    '/api/pos/orders/batch',
    sync.door('json', (request) => answerBatch(request, sync)),
  )
  routes.all('/api/pos/orders/batch', methodNotAllowed('POST'))
  routes.post(
    '/api/pos/orders',
    sync.door('json', (request) => answerOne(request, sync)),
  )
  routes.get(
    '/api/pos/orders',
    sync.door('nothing', (request) => answerList(request, sync)),
  )
  routes.all('/api/pos/orders', methodNotAllowed('GET', 'HEAD', 'POST'))
  routes.all('/api/pos/*', notFound)
  return routes
}

async function answerOne({ session, request, body }: DoorRequest, sync: SyncServer): Promise<Response> {
  const key = idempotencyKeyOf(request)
  if (key === null) {
    return problemAnswer(
      problem('invalid-request', 'The Idempotency-Key cannot be used', {
        detail: 'It must be 1 to 128 characters of A-Z a-z 0-9 _ . : -',
      }),
    )
  }
  const read = await readOrder(body, key)
  if (read.problem !== undefined) return problemAnswer(read.problem)
  const [outcome] = await sync.apply({ ...ownerOf(session) }, [read.operation])
  const failure = outcome === undefined ? { problem: missing } : restFailureOf(outcome)
  if (failure !== undefined) return problemAnswer(failure.problem, failure)
  const stored = (await sync.read(session.tenant, orderKind, [read.onlineId])).get(read.onlineId)
  const duplicate = outcome?.outcome === 'duplicate'
  return jsonAnswer(
    { success: true, id: read.onlineId, version: stored?.version, order: stored?.state, duplicate },
    duplicate ? 200 : 201,
  )
}

async function answerBatch({ session, request, body }: DoorRequest, sync: SyncServer): Promise<Response> {
  const orders = isRecord(body) ? body['orders'] : undefined
  if (!Array.isArray(orders) || orders.length === 0) {
    return problemAnswer(
      problem('invalid-request', 'The batch cannot be read', {
        detail: 'must be { orders: [...] }',
        pointer: '/orders',
      }),
    )
  }
  const mismatch = batchSizeProblem(request, orders.length)
  if (mismatch !== undefined) return problemAnswer(mismatch)
  if (orders.length > batchOperationsMax) {
    return problemAnswer(
      problem('too-large', 'Too many orders', {
        detail: `At most ${batchOperationsMax} orders are taken at once; got ${orders.length}.`,
        pointer: '/orders',
      }),
    )
  }
  const reads = await Promise.all(orders.map((order: unknown) => readOrder(order, undefined)))
  const operations = reads.flatMap((read) => (read.problem === undefined ? [read.operation] : []))
  const outcomes = operations.length === 0 ? [] : await sync.apply(ownerOf(session), operations)
  // The same id can stand twice in a batch, so outcomes are told apart by their place.
  const remaining = [...outcomes]
  const settled = reads.map((read) => ({ read, outcome: read.problem === undefined ? remaining.shift() : undefined }))
  const applied = settled.flatMap(({ read, outcome }) =>
    read.problem === undefined && hasHappened(outcome) ? [read] : [],
  )
  const stored = await sync.read(
    session.tenant,
    orderKind,
    applied.map(({ onlineId }) => onlineId),
  )
  return jsonAnswer({
    successful: applied.map(({ offlineId, onlineId }) => ({
      offlineId,
      onlineId,
      order: stored.get(onlineId)?.state ?? null,
    })),
    failed: settled.flatMap(({ read, outcome }) => {
      if (read.problem !== undefined) return [{ offlineId: read.offlineId, problem: read.problem }]
      const failure = outcome === undefined ? { problem: missing } : restFailureOf(outcome)
      return failure === undefined ? [] : [{ offlineId: read.offlineId, problem: failure.problem }]
    }),
  })
}

async function answerList({ session, request }: DoorRequest, sync: SyncServer): Promise<Response> {
  const { searchParams } = new URL(request.url)
  const limit = searchParams.get('limit') ?? String(listLimitDefault)
  const before = searchParams.get('before')
  if (!/^[0-9]{1,6}$/.test(limit) || (before !== null && onlineOrderId(before) !== before)) {
    return problemAnswer(
      problem('invalid-request', 'The page cannot be read', {
        detail: 'limit must be a whole number, before the id of an order',
      }),
    )
  }
  const page = await sync.list(session.tenant, orderKind, {
    limit: Number(limit),
    ...(before !== null && { before }),
  })
  return jsonAnswer({
    orders: page.entities.map(({ id, version, lastModifiedMs, state }) => ({
      id,
      version,
      lastModified: new Date(lastModifiedMs).toISOString(),
      order: state,
    })),
    next: page.nextBefore ?? null,
  })
}

type ReadOrder =
  | {
      readonly operation: WireOperation
      readonly offlineId: string
      readonly onlineId: string
      readonly problem?: undefined
    }
  | { readonly problem: Problem; readonly offlineId: string | null }

async function readOrder(body: unknown, key: OperationId | undefined): Promise<ReadOrder> {
  const offlineId = isRecord(body) ? (parseOperationId(body['id']) ?? null) : null
  if (!isJson(body)) return { offlineId, problem: invalid('The order holds what cannot be stored.') }
  const checked = await placeOrder.payload['~standard'].validate(body)
  if (checked.issues !== undefined) return { offlineId, problem: invalid(describeIssues(checked.issues)) }
  return operationOf(body, checked.value, key)
}

function operationOf(body: Json, order: Order, key: OperationId | undefined): ReadOrder {
  const onlineId = onlineOrderId(order.id)
  const id = key ?? parseOperationId(order.id)
  if (onlineId === undefined || id === undefined) {
    return { offlineId: null, problem: invalid('id: must be the id of an order') }
  }
  return { operation: wireOperationOf(placeOrder, body, order, { id }), offlineId: order.id, onlineId }
}

/** The header's key, also when it comes as a quoted string; `undefined` without the header, `null` when unusable. */
function idempotencyKeyOf(request: Request): OperationId | undefined | null {
  const header = request.headers.get('idempotency-key')
  if (header === null) return undefined
  const [, quoted] = /^"([^"]*)"$/.exec(header.trim()) ?? []
  return parseOperationId(quoted ?? header.trim()) ?? null
}

function ownerOf({ tenant, user }: Session): { tenant: string; user: string; device: string } {
  return { tenant, user, device: restDevice }
}

function hasHappened(outcome: OperationOutcome | undefined): boolean {
  return outcome !== undefined && restFailureOf(outcome) === undefined
}

function invalid(detail: string): Problem {
  return problem('invalid-payload', 'The order does not fit its type', { detail })
}

const missing: Problem = problem('internal', 'The server failed')
