/**
 * The server: puts doors, rules, feed and database together. What it must be closed for is its event streams; the
 * database is its caller's.
 */
import {
  batchPath,
  changesPath,
  eventsPath,
  healthPath,
  protocolVersion,
  type AnyOperationDefinition,
  type HealthAnswer,
  type OperationId,
  type OperationOutcome,
  type WireOperation,
} from '@holdfast/core'
import { Hono } from 'hono'
import { isAt, mountRoutes, type ApiRoute } from './api/route-table.ts'
import { batchAbout, changesAbout, eventsAbout, healthAbout, losingSideAbout } from './api/sync-routes.ts'
import { applyBatch, type ApplyDependencies, type BatchOwner } from './apply.ts'
import type { Database } from './database/database.ts'
import { listEntities, readEntities, type EntityPage } from './entities.ts'
import { ServerError } from './error.ts'
import { answerChanges, answerEvents } from './feed/feed-doors.ts'
import { createLiveFeed, type LiveFeed, type LiveFeedOptions } from './feed/live-feed.ts'
import type { Entity, Handler } from './handler.ts'
import { holdfastAnswer } from './http/answer.ts'
import { answerBatch } from './http/batch-door.ts'
import {
  createDoor,
  failureAnswer,
  notFound,
  type Authenticate,
  type DoorDependencies,
  type DoorHandler,
  type DoorRequest,
  type DoorTakes,
} from './http/door.ts'
import { createAdmission, type AdmissionLimits } from './limits/admission.ts'
import { createStoppedTypes } from './limits/stopped-types.ts'
import type { Log } from './log.ts'
import { answerLosingSide, losingSidePath, readLosingSide, type KeptSide } from './losing-sides.ts'
import { tellAll, type Observer } from './operate/observer.ts'
import { checkEndpoints, type WebhookEndpoint } from './webhooks/webhook-endpoint.ts'
import { createTenantList } from './tenants.ts'

/** Limits of a server; each has a default. Rates and what is in work count per process. */
export interface ServerLimits extends AdmissionLimits {
  /** Most bytes of a request's body. Default 1 MiB: clients send at most half of that. */
  readonly bodyBytesMax?: number
}

/** What a server is made of. */
export interface SyncServerOptions {
  /** The types that clients may send. Each must have a handler; without the list, the handlers say it. */
  readonly operations?: readonly AnyOperationDefinition[]
  readonly database: Database
  readonly authenticate: Authenticate
  readonly handlers: readonly Handler[]
  /** Origins besides the server's own whose pages may change data, such as `https://app.example`. */
  readonly allowedOrigins?: readonly string[]
  readonly log?: Log
  readonly limits?: ServerLimits
  /** Who is told of applied operations, by signed requests that a worker makes (`webhookHandler`). */
  readonly webhooks?: readonly WebhookEndpoint[]
  /** Who measures: metrics, tracing, or an observer of your own. */
  readonly observers?: readonly Observer[]
  /** Event streams: how many, how long, how often they look. */
  readonly feed?: LiveFeedOptions
  /** The server's clock, ms since 1970. Default `Date.now`. */
  readonly nowMs?: () => number
}

/** A server, to be mounted in any Hono or fetch host. */
export interface SyncServer {
  /**
   * `POST /api/sync/offline-operations`, `GET /api/sync/changes`, `GET /api/sync/events` and `GET /api/sync/health`;
   * problem documents for all else under `/api/sync`.
   */
  readonly routes: Hono
  /** The same routes with what there is to say about them, for a description of the API. */
  readonly api: readonly ApiRoute[]
  /**
   * Applies operations in their order, an outcome for each: what every door ends in.
   *
   * @throws ServerError `unavailable` when the database is not to be had and nothing was applied
   */
  readonly apply: (owner: BatchOwner, operations: readonly WireOperation[]) => Promise<readonly OperationOutcome[]>
  /** Reads entities of one kind by id; those that do not exist are left out. */
  readonly read: (tenant: string, kind: string, ids: readonly string[]) => Promise<ReadonlyMap<string, Entity>>
  /** Reads the side that lost when an operation met a conflict; `undefined` when it met none. */
  readonly losingSide: (tenant: string, operation: OperationId) => Promise<KeptSide | undefined>
  /** Reads a page of a tenant's entities of one kind, by descending id. */
  readonly list: (
    tenant: string,
    kind: string,
    page: { readonly limit: number; readonly before?: string },
  ) => Promise<EntityPage>
  /** Makes a route's handler with the checks that every door has: origin, session, size and form of the body. */
  readonly door: (takes: DoorTakes, answer: (request: DoorRequest) => Promise<Response>) => DoorHandler
  /** Says that a transaction of somebody else's, such as a job's, has fed a tenant's feed and is committed. */
  readonly changed: (tenant: string) => void
  /** How many event streams are open. */
  readonly streams: () => number
  /** Ends the event streams and stops listening. The database stays open: it is its caller's. */
  readonly close: () => Promise<void>
}

const bodyBytesMaxDefault = 1024 * 1024

/**
 * Makes a server.
 *
 * @example
 * const sync = createSyncServer({ database, authenticate, handlers: [on(addNote, decide(...))] })
 * app.route('/', sync.routes)
 * @throws ServerError `invalid-definition` when two handlers take one type, or an operation has none
 */
export function createSyncServer(options: SyncServerOptions): SyncServer {
  const { database, authenticate, log = () => undefined, limits = {}, nowMs = Date.now } = options
  const { webhooks = [] } = options
  checkEndpoints(webhooks)
  const stoppedTypes = createStoppedTypes(database, nowMs)
  const apply: ApplyDependencies = {
    database,
    handlers: handlersByType(options),
    stoppedTypes,
    tenants: createTenantList(database),
    log,
    nowMs,
    webhooks,
  }
  const dependencies: DoorDependencies = {
    authenticate,
    log,
    allowedOrigins: new Set(options.allowedOrigins),
    admission: createAdmission(limits, nowMs),
    bodyBytesMax: limits.bodyBytesMax ?? bodyBytesMaxDefault,
  }
  const live = createLiveFeed(database, log, options.feed)
  const observer = tellAll(options.observers ?? [])
  const typeOf = ({ type }: WireOperation): string => (apply.handlers.has(type) ? type : 'unknown')
  const server: Doors = {
    apply: async (owner, operations) => {
      const startedAtMs = nowMs()
      const outcomes = await applyBatch(apply, owner, operations)
      observer.applied({ tenant: owner.tenant, operations, outcomes, startedAtMs, endedAtMs: nowMs(), typeOf })
      if (outcomes.some(({ outcome }) => outcome === 'applied')) live.changed(owner.tenant)
      return outcomes
    },
    read: (tenant, kind, ids) => readEntities(database, tenant, kind, ids),
    losingSide: (tenant, operation) => readLosingSide(database, tenant, operation),
    list: (tenant, kind, page) => listEntities(database, tenant, kind, page),
    door: (takes, answer) => createDoor(dependencies, takes, answer),
    changed: live.changed,
    streams: live.streams.count,
    close: live.close,
  }
  const parts = { database, live, observer, nowMs }
  const api = routesOf(server, dependencies, parts)
  return { ...server, api, routes: appOf(api, parts) }
}

type Doors = Omit<SyncServer, 'api' | 'routes'>

interface RouteParts {
  readonly database: Database
  readonly live: LiveFeed
  readonly observer: Required<Observer>
  readonly nowMs: () => number
}

function routesOf(
  { door, apply, losingSide }: Doors,
  { authenticate, log }: DoorDependencies,
  parts: RouteParts,
): readonly ApiRoute[] {
  const { database, live, observer } = parts
  const health: DoorHandler = async (context) => {
    try {
      const session = await authenticate(context.req.raw)
      const answer: HealthAnswer = {
        holdfast: protocolVersion,
        session: session === null ? null : { tenant: session.tenant, user: session.user },
      }
      return holdfastAnswer(answer)
    } catch (error) {
      return failureAnswer(error, log)
    }
  }
  return [
    {
      method: 'post',
      path: batchPath,
      handler: door('json', (request) => answerBatch(request, apply, observer.reported)),
      about: batchAbout,
    },
    {
      method: 'get',
      path: changesPath,
      handler: door('nothing', (request) => answerChanges(request, database)),
      about: changesAbout,
    },
    {
      method: 'get',
      path: eventsPath,
      handler: door('nothing', (request) => Promise.resolve(answerEvents(request, live.streams))),
      about: eventsAbout,
    },
    { method: 'get', path: healthPath, handler: health, about: healthAbout },
    {
      method: 'get',
      path: `${losingSidePath}:id`,
      handler: door('nothing', (request) => answerLosingSide(request, losingSide)),
      about: losingSideAbout,
    },
  ]
}

function appOf(routes: readonly ApiRoute[], { observer, nowMs }: RouteParts): Hono {
  const app = new Hono()
  app.use('/api/sync/*', async (context, next) => {
    const startedAtMs = nowMs()
    await next()
    const path = routes.find((route) => isAt(route, context.req.path))?.path ?? 'other'
    observer.answered({ path, status: context.res.status, durationMs: nowMs() - startedAtMs })
  })
  mountRoutes(app, routes)
  app.all('/api/sync/*', notFound)
  return app
}

function handlersByType({ handlers, operations = [] }: SyncServerOptions): ReadonlyMap<string, Handler> {
  const byType = new Map(handlers.map((handler) => [handler.definition.type, handler]))
  if (byType.size < handlers.length) {
    throw new ServerError('invalid-definition', 'Two handlers take the same type of operation; keep one.')
  }
  const missing = operations.map(({ type }) => type).filter((type) => !byType.has(type))
  if (missing.length > 0) {
    throw new ServerError('invalid-definition', `These operations have no handler: ${missing.join(', ')}.`)
  }
  return byType
}
