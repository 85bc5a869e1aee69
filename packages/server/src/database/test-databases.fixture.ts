/** The two databases that every suite runs on: PGlite in memory, and a real PostgreSQL launched for the file. */
import { randomUUID } from 'node:crypto'
import type { Database } from './database.ts'
import { openPglite } from './pglite.ts'
import { launchPostgres } from './postgres-launcher.fixture.ts'
import { openPostgres } from './postgres.ts'

/** A database to test with. `superuser` runs any statements past all walls. */
export interface TestDatabase {
  readonly database: Database
  readonly superuser: (sql: string) => Promise<void>
  readonly close: () => Promise<void>
}

/** A way to open one. */
export interface TestDatabaseKind {
  readonly name: string
  readonly open: () => Promise<TestDatabase>
}

const log = (): void => undefined

/** Both kinds. */
export const testDatabases: readonly TestDatabaseKind[] = [
  {
    name: 'PGlite',
    open: async () => {
      const database = await openPglite({ log })
      return {
        database,
        superuser: (sql) => runAll(database, sql),
        close: () => database.close(),
      }
    },
  },
  {
    name: 'PostgreSQL',
    open: async () => {
      const server = await launchPostgres()
      const database = await openPostgres({ url: server.url, log, connectionsMax: 20 })
      return {
        database,
        superuser: (sql) => runAll(database, sql),
        close: async () => {
          await database.close()
          await server.stop()
        },
      }
    },
  },
]

/** The login role of both is a superuser, and one `do` block is one statement. */
async function runAll(database: Database, sql: string): Promise<void> {
  await database.query(randomUUID(), `do $run$ begin ${sql}; end $run$`, [])
}

/** How long opening both may take on a busy machine, ms. */
export const openTimeoutMs = 120_000
