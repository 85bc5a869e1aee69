/**
 * The running server: opens the database, puts the app together, listens, and takes all of it down again.
 *
 * Of all that is written to, the database comes first. It holds the lock on the data folder, so that a second server
 * which was started on the same folder by mistake stops before it has touched anything.
 */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { getRequestListener } from '@hono/node-server'
import { getConnInfo } from '@hono/node-server/conninfo'
import { simulatedProcessor } from '@holdfast/domains/payments/handlers'
import { createSyncServer, ServerError, type Database, type Log } from '@holdfast/server'
import { addDemoAccounts, openAccounts } from './account-store.ts'
import { createApp } from './app.ts'
import type { Config } from './config.ts'
import { readOrMakeKey } from './key-file.ts'
import { createLoginLimit } from './login-limit.ts'
import { packDoors, packHandlers, packOperations } from './packs.ts'
import { sessionOf, sessionRoutes } from './session-routes.ts'
import { readServedFiles, type ServedFiles } from './static-files.ts'

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

/** How long requests may take to finish once the server is told to stop, ms. */
const finishWithinMs = 8000

/**
 * Starts the server. When anything fails, everything that was opened is closed again.
 *
 * @throws Error with a sentence that says what to do: pages not built, port taken, data folder in use, no database
 */
export async function startServer(config: Config, surroundings: ServerSurroundings): Promise<RunningServer> {
  const files = await readServedFiles(surroundings.pagesFolder)
  const database = await openDatabase(config, surroundings.log)
  try {
    const app = await assemble(config, database, files, surroundings.log)
    const answer = getRequestListener(app.fetch)
    const server = createServer((request, response) => void answer(request, response))
    const port = await listen(server, config.port)
    return {
      port,
      close: async () => {
        await finish(server)
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

async function assemble({ dataFolder }: Config, database: Database, files: ServedFiles, log: Log) {
  const key = await readOrMakeKey(dataFolder)
  const accounts = await openAccounts(database)
  await addDemoAccounts(database)
  const now = () => Date.now()
  const sync = createSyncServer({
    operations: packOperations,
    database,
    handlers: packHandlers,
    log,
    authenticate: (request) => {
      const session = sessionOf(request, key, now())
      return session === undefined ? null : { tenant: session.tenant, user: session.user, roles: [] }
    },
  })
  const login = sessionRoutes({
    accounts,
    key,
    now,
    limit: createLoginLimit(now),
    addressOf: (context) => getConnInfo(context).remote.address ?? '',
  })
  return createApp({
    // It charges nobody: this is an app for trying things out.
    doors: [login, ...packDoors(sync, simulatedProcessor()), sync.routes],
    files,
    log,
    sessionOf: (request) => sessionOf(request, key, now()),
  })
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port)
  try {
    await once(server, 'listening')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'EADDRINUSE') {
      throw new Error(
        `Port ${port} is taken by another program. Stop that one, or choose another with PORT=… (PORT=0: any free one).`,
      )
    }
    if (code === 'EACCES') throw new Error(`This user may not open port ${port}. Choose one from 1024 up with PORT=….`)
    throw error
  }
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : port
}

async function finish(server: Server): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  // Browsers keep connections open for later; those that carry no request now go at once.
  server.closeIdleConnections()
  const timer = setTimeout(() => server.closeAllConnections(), finishWithinMs)
  await closed
  clearTimeout(timer)
}
