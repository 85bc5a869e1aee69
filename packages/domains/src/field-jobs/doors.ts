/** The REST doors of field jobs. They take an update flat, or as older devices send it: `{ jobId, updateType, data, metadata }`. */
import { isRecord, type Json, type JsonObject, type OperationDefinition } from '@holdfast/core'
import { jsonAnswer, type SyncServer } from '@holdfast/server'
import { Hono } from 'hono'
import { addDoors, restDoor, type RestDoor } from '../rest-door.ts'
import {
  addJobNotes,
  addJobParts,
  completeJob,
  jobKind,
  updateJob,
  updateJobLocation,
  updateJobStatus,
  type JobUpdateHead,
} from './operations.ts'

/** Makes the routes PUT `/api/jobs/status` and POST `/api/jobs/complete|notes|parts|location|updates`. */
export function jobDoors(sync: SyncServer): Hono {
  const routes = new Hono()
  addDoors(routes, sync, '/api/jobs/status', [doorFor(sync, updateJobStatus, 'PUT')])
  addDoors(routes, sync, '/api/jobs/complete', [doorFor(sync, completeJob)])
  addDoors(routes, sync, '/api/jobs/notes', [doorFor(sync, addJobNotes)])
  addDoors(routes, sync, '/api/jobs/parts', [doorFor(sync, addJobParts)])
  addDoors(routes, sync, '/api/jobs/location', [doorFor(sync, updateJobLocation)])
  addDoors(routes, sync, '/api/jobs/updates', [doorFor(sync, updateJob)])
  return routes
}

function doorFor<Payload extends JobUpdateHead>(
  sync: SyncServer,
  definition: OperationDefinition<Payload>,
  method: 'POST' | 'PUT' = 'POST',
): RestDoor {
  return restDoor<Payload>({
    method,
    definition,
    idOf: ({ id }) => id,
    payloadOf: (body) => flat(body, definition.type === updateJob.type),
    respond: async ({ session, payload, outcome }) => {
      const job = (await sync.read(session.tenant, jobKind, [payload.jobId])).get(payload.jobId)
      const first = outcome.outcome === 'duplicate' ? outcome.first : outcome
      const result = first.outcome === 'applied' && isRecord(first.result) ? first.result : {}
      const duplicate = outcome.outcome === 'duplicate'
      const body = { success: true, id: payload.id, version: job?.version, job: job?.state, ...result, duplicate }
      return jsonAnswer(body, duplicate ? 200 : 201)
    },
  })
}

/** An update as the operations have it. Unknown fields stay, for the schema to name. */
function flat(body: JsonObject, keepsData: boolean): JsonObject {
  const { metadata, updateType, data, ...rest } = body
  if (metadata === undefined && updateType === undefined && data === undefined) return body
  const about = isObject(metadata) ? metadata : {}
  const own = keepsData ? { data: data ?? {} } : isObject(data) ? data : {}
  return { ...about, ...own, ...rest }
}

function isObject(value: Json | undefined): value is JsonObject {
  return isRecord(value)
}
