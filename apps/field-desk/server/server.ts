/**
 * The running server: opens the database, puts the app together, listens, and takes all of it down again.
 *
 * Of all that is written to, the database comes first. It holds the lock on the data folder, so that a second server
 * which was started on the same folder by mistake stops before it has touched anything.
 */
import { join } from 'node:path'
import { getConnInfo } from '@hono/node-server/conninfo'
import { simulatedProcessor } from '@holdfast/domains/payments/handlers'
import {
  createSyncServer,
  runWorker,
  ServerError,
  startRetention,
  type Database,
  type JobWorker,
  type Log,
  type Observer,
  type RunningRetention,
  type SyncServer,
} from '@holdfast/server'
import type { ServedApp } from '@holdfast/server/cli'
import { listenOnNode } from '@holdfast/server/node'
import type { Hono } from 'hono'
import { addDemoAccounts, openAccounts } from './account-store.ts'
import { openApiTokens, tokenRoutes } from './api-tokens.ts'
import { createApp } from './app.ts'
import { createAuthenticate } from './authenticate.ts'
import type { Config } from './config.ts'
import { readOrMakeKey } from './key-file.ts'
import { createLoginLimit } from './login-limit.ts'
import { packDoors, packHandlers, packJobs, packOperations } from './packs.ts'
import { openReadingDesk, type ReadingDesk } from './reading-desk.ts'
import { sessionRoutes } from './session-routes.ts'
import { openSessions } from './session-store.ts'
import { readServedFiles, type ServedFiles } from './static-files.ts'
import { makeTables } from './tables.ts'

/** A server that serves. */
export interface RunningServer {
  readonly port: number
  /** Takes no new requests, finishes those that came, closes the database. */
  readonly close: () => Promise<void>
}

/** What the server is given besides its configuration. */
export interface ServerSurroundings {
  readonly log: Log
  /** The folder of the built pages. */
  readonly pagesFolder: string
}

/**
 * Starts the server. When anything fails, everything that was opened is closed again.
 *
 * @throws Error with a sentence that says what to do: pages not built, port taken, data folder in use, no database
 */
export async function startServer(config: Config, surroundings: ServerSurroundings): Promise<RunningServer> {
  const files = await readServedFiles(surroundings.pagesFolder)
  const database = await openDatabase(config, surroundings.log)
  try {
    const { fetch, close: onClose } = await assemble(config, database, files, surroundings.log)
    const server = await listenOnNode({ fetch, port: config.port, onClose }).catch(async (error: unknown) => {
      await onClose()
      throw error
    })
    return {
      port: server.port,
      close: async () => {
        await server.close()
        await database.close()
      },
    }
  } catch (error) {
    await database.close()
    throw error
  }
}

async function openDatabase({ databaseUrl, dataFolder }: Config, log: Log): Promise<Database> {
  // Only the driver that is used is loaded: each costs a good part of the start.
  try {
    if (databaseUrl !== undefined) {
      const { openPostgres } = await import('@holdfast/server/postgres')
      return await openPostgres({ url: databaseUrl, log })
    }
    const { openPglite } = await import('@holdfast/server/pglite')
    return await openPglite({ folder: join(dataFolder, 'db'), log })
  } catch (error) {
    // Our own errors say what to do; a driver's or the system's only says what happened.
    if (error instanceof ServerError) throw error
    const came = error instanceof Error && error.message !== '' ? error.message : String(error)
    const what = databaseUrl === undefined ? `The data folder ${dataFolder}` : 'The database of DATABASE_URL'
    const where =
      databaseUrl === undefined ? 'choose another with HOLDFAST_DATA=…' : 'check that it is there and lets us in'
    throw new Error(`${what} cannot be used: ${where}. What came: ${came}`, { cause: error })
  }
}

/** The app, and the list of all its doors. */
export interface AssembledApp extends ServedApp {
  readonly routes: Hono['routes']
  readonly close: () => Promise<void>
}

/** Puts all that answers requests together, on a database that is open. */
export async function assemble(
  { dataFolder, isReading = true }: Pick<Config, 'dataFolder'> & Partial<Pick<Config, 'isReading'>>,
  database: Database,
  files: ServedFiles,
  log: Log,
  observers: readonly Observer[] = [],
): Promise<AssembledApp> {
  const key = await readOrMakeKey(dataFolder)
  await makeTables(database)
  const accounts = openAccounts(database)
  const sessions = openSessions(database)
  const tokens = openApiTokens(database)
  await addDemoAccounts(database)
  const now = () => Date.now()
  const authenticate = createAuthenticate({ sessions, tokens, key, now })
  const sync = createSyncServer({
    operations: packOperations,
    database,
    handlers: packHandlers,
    log,
    observers,
    authenticate,
  })
  // It charges nobody: this is an app for trying things out.
  const processor = simulatedProcessor()
  const worker = runWorker({ database, handlers: packJobs(sync, processor), log })
  const reading = await openReadingDesk({ database, sync, dataFolder, isReading, log })
  const retention = startRetention({ database, log })
  const login = sessionRoutes({
    accounts,
    sessions,
    key,
    now,
    limit: createLoginLimit(now),
    addressOf: (context) => getConnInfo(context).remote.address ?? '',
  })
  const app = createApp({
    doors: [login, tokenRoutes(sync, tokens, now), ...packDoors(sync, processor), ...reading.doors, sync.routes],
    files,
    log,
    sessionOf: authenticate,
  })
  const { routes } = app
  const close = () => stopAll(worker, reading, retention, sync)
  return { fetch: (request, env) => app.fetch(request, env), close, streams: sync.streams, routes }
}

/** How long the worker may finish what it is at, ms; what is left is given back. Less than requests have. */
const stopWithinMs = 4_000

/** Ends what would never end by itself. The worker first: what it is at may still need the database and the streams. */
async function stopAll(
  worker: JobWorker,
  reading: ReadingDesk,
  retention: RunningRetention,
  sync: SyncServer,
): Promise<void> {
  await Promise.all([worker.stop(stopWithinMs), reading.stop(stopWithinMs)])
  await retention.stop()
  await sync.close()
}
