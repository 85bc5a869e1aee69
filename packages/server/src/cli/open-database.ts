/** Opens the configured database; only the driver that is used is loaded, and it need not be installed otherwise. */
import type { Database } from '../database/database.ts'
import { ServerError } from '../error.ts'
import type { Log } from '../log.ts'
import type { DatabaseLocation } from './configuration.ts'

/** How a database is opened: `migrate: false` looks at it as it is, and checks nothing. */
export interface OpenOptions {
  readonly migrate?: boolean
}

/**
 * Opens it.
 *
 * @throws ServerError as the drivers do; Error with a sentence when it cannot be reached or the driver is missing
 */
export async function openConfigured(
  location: DatabaseLocation,
  log: Log,
  options: OpenOptions = {},
): Promise<Database> {
  try {
    if (location.url !== undefined) {
      const { openPostgres } = await import('../database/postgres.ts')
      const { url, connectionsMax } = location
      return await openPostgres({ url, log, ...(connectionsMax !== undefined && { connectionsMax }), ...options })
    }
    const { openPglite } = await import('../database/pglite.ts')
    return await openPglite({ folder: location.folder, log, ...options })
  } catch (error) {
    // Our own errors say what to do; a driver's or the system's only says what happened.
    if (error instanceof ServerError) throw error
    const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined
    const driver = location.url === undefined ? '@electric-sql/pglite' : 'pg'
    if (code === 'ERR_MODULE_NOT_FOUND') {
      throw new Error(`The driver of this database is not installed. Run \`npm install ${driver}\`.`, { cause: error })
    }
    const came = error instanceof Error && error.message !== '' ? error.message : String(code ?? error)
    const what =
      location.url === undefined ? `The database folder ${location.folder}` : 'The database of "database.url"'
    throw new Error(`${what} cannot be used: check that it is there and lets us in. What came: ${came}`, {
      cause: error,
    })
  }
}
