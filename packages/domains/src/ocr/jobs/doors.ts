/**
 * The REST doors of reading jobs:
 *
 *   POST /api/ocr/jobs                { id, mediaAssetId, jobType, metadata? } → the paper and its job
 *   GET  /api/ocr/jobs                ?status&limit&before → { jobs, next }, newest first
 *   GET  /api/ocr/jobs/ID             → the job, with what was read
 *   POST /api/ocr/jobs/ID/cancel      → the job; 409 names the transition that is none
 *   POST /api/ocr/jobs/ID/again       → the job
 *   POST /api/ocr/retry-failed        → { retried }
 *   POST /api/ocr/cancel-stale        → { cancelled }
 *   POST /api/ocr/corrections         { id, paperId, fields }
 *   GET  /api/ocr/status              → { queued, processing, failed, completed24h, held? }
 *   GET  /api/ocr/costs               → { today, month, budget? }
 *   PUT  /api/ocr/budget              { limitMicros, currency, windowMs } or { limitMicros: null }; managers alone
 */
import { isRecord, parseOperationId, problem } from '@holdfast/core'
import {
  jsonAnswer,
  methodNotAllowed,
  notFound,
  problemAnswer,
  type DoorHandler,
  type JobBudget,
  type Session,
  type SyncServer,
} from '@holdfast/server'
import { Hono } from 'hono'
import { addDoors, restDoor } from '../../rest-door.ts'
import { correctReading, requestReading } from '../operations.ts'
import { ocrJobStatuses, type OcrAct } from './ocr-job.ts'
import { ocrJobsOf, type OcrJobService, type OcrJobsOptions } from './ocr-jobs.ts'

/** What the doors are made of. */
export interface OcrDoorsOptions extends Omit<OcrJobsOptions, 'sync'> {
  readonly sync: SyncServer
  /** The role that sets budgets; default `manager`. */
  readonly budgetRole?: string
}

type Answer = (service: OcrJobService, request: Asked) => Promise<Response>

/** What a door is asked. */
interface Asked {
  readonly session: Session
  readonly url: URL
  readonly body: unknown
}

/** Makes the routes. */
export function ocrDoors(options: OcrDoorsOptions): Hono {
  const { sync, budgetRole = 'manager' } = options
  const routes = new Hono()
  const door = (takes: 'json' | 'nothing', answer: Answer): DoorHandler =>
    sync.door(takes, ({ session, request, body }) =>
      answer(ocrJobsOf(options, session), { session, url: new URL(request.url), body }),
    )
  routes.get('/api/ocr/jobs', door('nothing', listed))
  addDoors(routes, sync, '/api/ocr/jobs', [
    restDoor({
      method: 'POST',
      definition: requestReading,
      idOf: ({ id }) => id,
      respond: async ({ session, outcome }) => {
        const job = await ocrJobsOf(options, session).find(outcome.id)
        const duplicate = outcome.outcome === 'duplicate'
        return jsonAnswer({ success: true, id: outcome.id, job, duplicate }, duplicate ? 200 : 201)
      },
    }),
  ])
  addDoors(routes, sync, '/api/ocr/corrections', [
    restDoor({ method: 'POST', definition: correctReading, idOf: ({ id }) => id }),
  ])
  const add = (method: 'get' | 'post' | 'put', path: string, answer: Answer): void => {
    routes[method](path, door(method === 'get' ? 'nothing' : 'json', answer))
    routes.all(path, methodNotAllowed(...(method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()])))
  }
  add('get', '/api/ocr/jobs/:id', async (service, { url }) => {
    const id = idIn(url)
    const job = id === undefined ? undefined : await service.find(id)
    return job === undefined ? notFound() : jsonAnswer(job)
  })
  add('post', '/api/ocr/jobs/:id/cancel', async (service, { url }) => actedOn(url, service.cancel))
  add('post', '/api/ocr/jobs/:id/again', async (service, { url }) => actedOn(url, service.readAgain))
  add('post', '/api/ocr/retry-failed', async (service) => jsonAnswer({ retried: await service.retryFailed() }))
  add('post', '/api/ocr/cancel-stale', async (service) => jsonAnswer({ cancelled: await service.cancelStale() }))
  add('get', '/api/ocr/status', async (service) => jsonAnswer(await service.getQueueStatus()))
  add('get', '/api/ocr/costs', async (service) => jsonAnswer(await service.costs()))
  add('put', '/api/ocr/budget', async (service, { session, body }) => {
    if (!session.roles.includes(budgetRole)) {
      return problemAnswer(problem('forbidden', `Only somebody with the role ${budgetRole} may do this`))
    }
    const budget = parseBudget(body)
    if (budget === undefined) return problemAnswer(invalidBudget)
    await service.setBudget(budget)
    return jsonAnswer({ budget })
  })
  return routes
}

async function listed(service: OcrJobService, { url }: Asked): Promise<Response> {
  const { searchParams: query } = url
  const [name, before] = [query.get('status'), query.get('before')]
  const status = ocrJobStatuses.find((known) => known === name)
  const limit = Number(query.get('limit') ?? 50)
  if ((name !== null && status === undefined) || !(limit >= 1 && limit <= 200)) {
    return problemAnswer(problem('invalid-request', 'The list cannot be made', { detail: listRule }))
  }
  const from = before === null ? undefined : parseOperationId(before)
  if (before !== null && from === undefined) {
    return problemAnswer(problem('invalid-request', 'The list cannot be made', { detail: listRule }))
  }
  const jobs = await service.findByStatus(status, { limit, ...(from !== undefined && { before: from }) })
  return jsonAnswer({ jobs, next: jobs.length < limit ? null : (jobs.at(-1)?.id ?? null) })
}

const listRule = `status is one of ${ocrJobStatuses.join(', ')}; limit is 1 to 200; before is the id of a job.`

/** The id in `/api/ocr/jobs/ID…`; `undefined` for one that no job can have. */
function idIn(url: URL): string | undefined {
  try {
    return parseOperationId(decodeURIComponent(url.pathname.split('/')[4] ?? ''))
  } catch {
    return undefined
  }
}

async function actedOn(url: URL, does: (id: string) => Promise<OcrAct>): Promise<Response> {
  const id = idIn(url)
  const act: OcrAct = id === undefined ? { kind: 'not-found' } : await does(id)
  switch (act.kind) {
    case 'done':
      return jsonAnswer(act.job)
    case 'not-found':
      return notFound()
    case 'refused':
      return problemAnswer(problem('conflict', 'The job is not in a state for that', { detail: act.detail }))
    case 'held':
      return problemAnswer(problem('unavailable', 'Papers are not read at the moment', { detail: act.hold }))
  }
}

function parseBudget(body: unknown): JobBudget | null | undefined {
  if (!isRecord(body)) return undefined
  const { limitMicros, currency, windowMs } = body
  if (limitMicros === null) return null
  if (typeof limitMicros !== 'number' || !Number.isSafeInteger(limitMicros) || limitMicros < 0) return undefined
  if (typeof currency !== 'string' || !/^[A-Z]{3}$/.test(currency)) return undefined
  if (typeof windowMs !== 'number' || !(windowMs > 0) || !(windowMs <= windowMsMax)) return undefined
  return { limitMicros, currency, windowMs }
}

const windowMsMax = 366 * 86_400_000

const invalidBudget = problem('invalid-request', 'The budget cannot be read', {
  detail: 'limitMicros is a whole number of millionths, or null; currency such as EUR; windowMs of at most a year.',
})
