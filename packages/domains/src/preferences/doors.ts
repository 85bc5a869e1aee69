/** The REST door of a person's settings: POST `/api/sync/user` with `{ id, preferences }`; whose they are, the session says. */
import type { SyncServer } from '@holdfast/server'
import { Hono } from 'hono'
import { addDoors, restDoor } from '../rest-door.ts'
import { setPreferences } from './operations.ts'

/** Makes the route. It stands below `/api/sync`, so it is to be mounted before the server's own. */
export function preferencesDoors(sync: SyncServer): Hono {
  const routes = new Hono()
  addDoors(routes, sync, '/api/sync/user', [
    restDoor({
      method: 'POST',
      definition: setPreferences,
      idOf: ({ id }) => id,
      payloadOf: (body, { session }) => ({ userId: session.user, ...body }),
    }),
  ])
  return routes
}
