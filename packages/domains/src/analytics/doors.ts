/** The REST door of events: POST `/api/analytics/batch` with `{ events }`; each event is one operation under its own id. */
import { batchOperationsMax, describeIssues, isJson, isRecord, parseOperationId, problem } from '@holdfast/core'
import {
  jsonAnswer,
  methodNotAllowed,
  problemAnswer,
  restFailureOf,
  wireOperationOf,
  type DoorRequest,
  type SyncServer,
} from '@holdfast/server'
import { Hono } from 'hono'
import { invalid, restOwnerOf } from '../rest-door.ts'
import { recordEvent } from './operations.ts'

/** Makes the route. Events that cannot be read are named and left out; the others are written down all the same. */
export function analyticsDoors(sync: SyncServer): Hono {
  const routes = new Hono()
  const path = '/api/analytics/batch'
  routes.post(
    path,
    sync.door('json', (request) => answerEvents(request, sync)),
  )
  routes.all(path, methodNotAllowed('POST'))
  return routes
}

async function answerEvents({ session, body }: DoorRequest, sync: SyncServer): Promise<Response> {
  const events: unknown = isRecord(body) ? body['events'] : undefined
  if (!Array.isArray(events)) return problemAnswer(invalid('events: must be a list'))
  if (events.length > batchOperationsMax) {
    return problemAnswer(problem('too-large', `At most ${batchOperationsMax} events are taken at once`))
  }
  const reads = await Promise.all(events.map(readEvent))
  const operations = new Map(
    reads.flatMap((read) => (read.operation === undefined ? [] : [[read.operation.id, read.operation] as const])),
  )
  const outcomes = operations.size === 0 ? [] : await sync.apply(restOwnerOf(session), [...operations.values()])
  const failures = outcomes.flatMap((outcome) => {
    const failure = restFailureOf(outcome)
    return failure === undefined ? [] : [{ id: outcome.id, problem: failure.problem }]
  })
  const unreadable = reads.flatMap(({ id, fault }) => (fault === undefined ? [] : [{ id, problem: invalid(fault) }]))
  return jsonAnswer({
    success: true,
    accepted: outcomes.length - failures.length,
    failed: [...unreadable, ...failures],
  })
}

async function readEvent(event: unknown) {
  const id = isRecord(event) ? parseOperationId(event['id']) : undefined
  if (!isJson(event) || id === undefined) return { id: id ?? null, fault: 'id: must be there' }
  const checked = await recordEvent.payload['~standard'].validate(event)
  if (checked.issues !== undefined) return { id, fault: describeIssues(checked.issues) }
  return { id, operation: wireOperationOf(recordEvent, event, checked.value, { id }) }
}
