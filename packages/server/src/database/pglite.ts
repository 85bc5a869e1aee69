/**
 * PGlite behind the database port: a whole PostgreSQL inside this process, for a demo and for tests. It needs no set-up
 * at all, never syncs to disk and serves one process only, so it is not for production, and says so.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import type { Log } from '../log.ts'
import { appRole, type Database, type Row } from './database.ts'
import { lockFolder } from './folder-lock.ts'
import { migrate } from './migrations.ts'
import { checkRowSecurity } from './row-security.ts'
import { createTransactionGuard } from './transaction-guard.ts'

/** Where a PGlite keeps its data. */
export interface PgliteOptions {
  /** The data folder, made when missing. Without one everything is in memory and gone at the end. */
  readonly folder?: string
  readonly log: Log
  /** `false` opens the database as it is: neither migrated nor checked, for whoever only looks. Default `true`. */
  readonly migrate?: boolean
}

/**
 * Opens a PGlite: locks its folder, migrates it and proves that row-level security holds.
 *
 * @throws ServerError `database-in-use` when another process that is alive has the folder; `row-security`, `newer-database`
 */
export async function openPglite({ folder, log, migrate: isWanted = true }: PgliteOptions): Promise<Database> {
  if (folder !== undefined) await mkdir(folder, { recursive: true })
  const unlock = folder === undefined ? undefined : await lockFolder(folder)
  try {
    const pglite = await PGlite.create(folder === undefined ? {} : { dataDir: join(folder, 'pglite') })
    log({
      level: 'warn',
      event: 'database-embedded',
      message: 'The database is embedded in this process. That is for trying things out, not for production.',
    })
    return await start(pglite, unlock, isWanted)
  } catch (error) {
    await unlock?.()
    throw error
  }
}

async function start(
  pglite: PGlite,
  unlock: (() => Promise<void>) | undefined,
  isMigrated: boolean,
): Promise<Database> {
  const guard = createTransactionGuard()
  const database: Database = {
    tx: async (tenant, run) => {
      guard.check('tx()')
      return pglite.transaction(async (transaction) => {
        await transaction.exec(`set local role ${appRole}`)
        await transaction.query(`select set_config('app.tenant', $1, true)`, [tenant])
        return guard.run(async (_name, text, params) => {
          const { rows } = await transaction.query<Row>(text, [...params])
          return rows
        }, run)
      })
    },
    query: async (_name, text, params) => {
      guard.check('query()')
      const { rows } = await pglite.query<Row>(text, [...params])
      return rows
    },
    listen: async (channel, heard) => {
      guard.check('listen()')
      // The driver's own `listen` loses a quoted name again when it ends, so all notifications are taken and sorted here.
      const stop = pglite.onNotification((name, payload) => {
        if (name === channel) heard(payload)
      })
      await pglite.exec(`listen "${channel.replaceAll('"', '""')}"`)
      return () => Promise.resolve(stop())
    },
    close: async () => {
      if (!guard.close()) return
      await pglite.close()
      await unlock?.()
    },
    [Symbol.asyncDispose]: () => database.close(),
  }
  if (!isMigrated) return database
  try {
    await pglite.transaction((transaction) =>
      migrate({
        run: async (text) => {
          await transaction.exec(text)
        },
        query: async (text) => (await transaction.query<Row>(text)).rows,
      }),
    )
    await checkRowSecurity(database)
  } catch (error) {
    guard.close()
    await pglite.close()
    throw error
  }
  return database
}
