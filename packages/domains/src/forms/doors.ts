/** The REST door of forms: POST `/api/forms` with `{ id, fields, metadata: { formId, type: 'form' } }`. */
import type { SyncServer } from '@holdfast/server'
import { Hono } from 'hono'
import { addDoors, restDoor } from '../rest-door.ts'
import { submitForm } from './operations.ts'

/** Makes the route. */
export function formDoors(sync: SyncServer): Hono {
  const routes = new Hono()
  addDoors(routes, sync, '/api/forms', [restDoor({ method: 'POST', definition: submitForm, idOf: ({ id }) => id })])
  return routes
}
