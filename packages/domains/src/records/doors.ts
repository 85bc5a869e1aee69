/**
 * The REST doors: POST `/api/customers`, `/api/invoices`, `/api/schedule`, and PATCH `/api/customers`, which takes
 * `{ id, customerId, format: 'merge-patch' | 'json-patch', patch }`.
 */
import type { SyncServer } from '@holdfast/server'
import { Hono } from 'hono'
import { addDoors, restDoor } from '../rest-door.ts'
import { createInvoice, patchCustomer, saveCustomer, updateSchedule } from './operations.ts'

/** Makes the routes. */
export function recordDoors(sync: SyncServer): Hono {
  const routes = new Hono()
  addDoors(routes, sync, '/api/customers', [
    restDoor({ method: 'POST', definition: saveCustomer, idOf: ({ id }) => id }),
    restDoor({ method: 'PATCH', definition: patchCustomer, idOf: ({ id }) => id }),
  ])
  addDoors(routes, sync, '/api/invoices', [
    restDoor({ method: 'POST', definition: createInvoice, idOf: ({ id }) => id }),
  ])
  addDoors(routes, sync, '/api/schedule', [
    restDoor({ method: 'POST', definition: updateSchedule, idOf: ({ id }) => id }),
  ])
  return routes
}
