/**
 * The REST doors of the industries: POST `/api/industries/TYPE`, or `/api/industries` for work of no particular type.
 * `X-Industry` says whose work it is; an unknown one is refused, and so is an `X-Sync-Priority` that is none.
 */
import { parseOperationId, priorities, problem, type Problem } from '@holdfast/core'
import { problemAnswer, type DoorRequest, type SyncServer } from '@holdfast/server'
import { Hono } from 'hono'
import { addDoors, restDoor, type RestDoor } from '../rest-door.ts'
import {
  industries,
  industryNames,
  industryOf,
  workOperations,
  type IndustryName,
  type WorkRecord,
} from './operations.ts'

/** The type of work that says none. */
const genericType = 'generic'

/** Makes the routes. */
export function industryDoors(sync: SyncServer): Hono {
  const routes = new Hono()
  addDoors(routes, sync, '/api/industries/:type', [door])
  addDoors(routes, sync, '/api/industries', [door])
  return routes
}

const byName: { readonly [Name in IndustryName]: RestDoor } = {
  hs: doorFor('hs'),
  rest: doorFor('rest'),
  auto: doorFor('auto'),
  ret: doorFor('ret'),
}

/** Sends a request to its industry's door. */
const door: RestDoor = {
  method: 'POST',
  answer: async (request, sync) => {
    const { headers } = request.request
    const industry = industryOf(headers.get('x-industry'))
    if (industry === undefined) return problemAnswer(unknownIndustry)
    const priority = headers.get('x-sync-priority')
    if (priority !== null && !priorities.some((known) => known === priority)) return problemAnswer(unknownPriority)
    return byName[industry.name].answer(request, sync)
  },
}

function doorFor(name: IndustryName): RestDoor {
  return restDoor<WorkRecord>({
    method: 'POST',
    definition: workOperations[name],
    idOf: ({ id }) => id,
    payloadOf: (body, request) => {
      const key = parseOperationId(request.request.headers.get('idempotency-key')?.replaceAll('"', ''))
      const id = body['id'] ?? key
      const type = typeOf(request) ?? (industries[name].requiredFields.includes('type') ? undefined : genericType)
      // A record's own type goes before that of the address.
      return { ...(type !== undefined && { type }), ...body, ...(id !== undefined && { id }) }
    },
  })
}

function typeOf({ request }: DoorRequest): string | undefined {
  const [, type] = /^\/api\/industries\/([\w-]{1,40})$/.exec(new URL(request.url).pathname) ?? []
  return type
}

const unknownIndustry: Problem = problem('invalid-request', 'The industry is not known', {
  detail: `X-Industry must be one of ${industryNames.join(', ')}.`,
})

const unknownPriority: Problem = problem('invalid-request', 'The priority is not known', {
  detail: `X-Sync-Priority must be one of ${priorities.join(', ')}.`,
})
