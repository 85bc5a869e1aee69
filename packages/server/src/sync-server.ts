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
  methodNotAllowed,
  notFound,
  type Authenticate,
  type DoorDependencies,
  type DoorHandler,
  type DoorRequest,
} from './http/door.ts'
import type { Log } from './log.ts'
import { answerLosingSide, losingSidePath, readLosingSide, type KeptSide } from './losing-sides.ts'

/** Limits of a server; each has a default. */
export interface ServerLimits {
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
  readonly door: (takes: 'json' | 'nothing', answer: (request: DoorRequest) => Promise<Response>) => DoorHandler
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
  const apply: ApplyDependencies = { database, handlers: handlersByType(options), log, nowMs }
  const dependencies: DoorDependencies = {
    authenticate,
    log,
    allowedOrigins: new Set(options.allowedOrigins),
    bodyBytesMax: limits.bodyBytesMax ?? bodyBytesMaxDefault,
  }
  const live = createLiveFeed(database, log, options.feed)
  const server: Omit<SyncServer, 'routes'> = {
    apply: async (owner, operations) => {
      const outcomes = await applyBatch(apply, owner, operations)
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
  return { ...server, routes: routesOf(server, dependencies, database, live) }
}

function routesOf(
  server: Omit<SyncServer, 'routes'>,
  { authenticate, log }: DoorDependencies,
  database: Database,
  live: LiveFeed,
): Hono {
  const routes = new Hono()
  routes.post(
    batchPath,
    server.door('json', (request) => answerBatch(request, server.apply)),
  )
  routes.all(batchPath, methodNotAllowed('POST'))
  routes.get(
    changesPath,
    server.door('nothing', (request) => answerChanges(request, database)),
  )
  routes.all(changesPath, methodNotAllowed('GET', 'HEAD'))
  routes.get(
    eventsPath,
    server.door('nothing', (request) => Promise.resolve(answerEvents(request, live.streams))),
  )
  routes.all(eventsPath, methodNotAllowed('GET'))
  routes.get(healthPath, async (context) => {
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
  })
  routes.all(healthPath, methodNotAllowed('GET', 'HEAD'))
  routes.get(
    `${losingSidePath}:id`,
    server.door('nothing', (request) => answerLosingSide(request, server.losingSide)),
  )
  routes.all('/api/sync/*', notFound)
  return routes
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
