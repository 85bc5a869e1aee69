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
  type SyncServer,
} from '@holdfast/server'
import { Hono } from 'hono'
import { addDoors, invalid, restDoor, restOwnerOf, type RestDoor } from '../rest-door.ts'
import { orderKind, placeOrder, sendReceipt } from './operations.ts'
import { onlineOrderId, type Order } from './order.ts'

const listLimitDefault = 50

/** Makes the routes `/api/pos/orders` (POST, GET), `/api/pos/orders/batch` and `/api/pos/receipts` (POST), to be mounted beside the server's. */
export function posDoors(sync: SyncServer): Hono {
  const routes = new Hono()
  routes.post(
    '/api/pos/orders/batch',
    sync.door('json', (request) => answerBatch(request, sync)),
  )
  routes.all('/api/pos/orders/batch', methodNotAllowed('POST'))
  routes.post(
    '/api/pos/orders',
    sync.door('json', (request) => orderDoor.answer(request, sync)),
  )
  routes.get(
    '/api/pos/orders',
    sync.door('nothing', (request) => answerList(request, sync)),
  )
  routes.all('/api/pos/orders', methodNotAllowed('GET', 'HEAD', 'POST'))
  addDoors(routes, sync, '/api/pos/receipts', [
    restDoor({ method: 'POST', definition: sendReceipt, idOf: ({ id }) => id }),
  ])
  routes.all('/api/pos/*', notFound)
  return routes
}

const orderDoor: RestDoor = restDoor({ method: 'POST', definition: placeOrder, idOf: ({ id }) => id })

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
  const reads = await Promise.all(orders.map((order: unknown) => readOrder(order)))
  const operations = reads.flatMap((read) => (read.problem === undefined ? [read.operation] : []))
  const outcomes = operations.length === 0 ? [] : await sync.apply(restOwnerOf(session), operations)
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

async function readOrder(body: unknown): Promise<ReadOrder> {
  const offlineId = isRecord(body) ? (parseOperationId(body['id']) ?? null) : null
  if (!isJson(body)) return { offlineId, problem: invalid('The order holds what cannot be stored.') }
  const checked = await placeOrder.payload['~standard'].validate(body)
  if (checked.issues !== undefined) return { offlineId, problem: invalid(describeIssues(checked.issues)) }
  return operationOf(body, checked.value)
}

function operationOf(body: Json, order: Order): ReadOrder {
  const onlineId = onlineOrderId(order.id)
  const id = parseOperationId(order.id)
  if (onlineId === undefined || id === undefined) {
    return { offlineId: null, problem: invalid('id: must be the id of an order') }
  }
  return { operation: wireOperationOf(placeOrder, body, order, { id }), offlineId: order.id, onlineId }
}

function hasHappened(outcome: OperationOutcome | undefined): boolean {
  return outcome !== undefined && restFailureOf(outcome) === undefined
}

const missing: Problem = problem('internal', 'The server failed')
