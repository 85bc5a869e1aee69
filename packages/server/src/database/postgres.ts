/** PostgreSQL behind the database port: a pool, named prepared statements, one round trip to open a transaction. */
import { Client, Pool, type ClientConfig, type PoolClient } from 'pg'
import { ServerError } from '../error.ts'
import { describeError, type Log } from '../log.ts'
import { appRole, type Database, type Parameter, type Row } from './database.ts'
import { migrate } from './migrations.ts'
import { checkRowSecurity } from './row-security.ts'
import { createTransactionGuard } from './transaction-guard.ts'

/** How to reach a PostgreSQL, 15 or newer. */
export interface PostgresOptions {
  /** `postgres://user:password@host:port/database`. The user owns the tables and may create the app role once. */
  readonly url: string
  readonly log: Log
  /** Default 10. */
  readonly connectionsMax?: number
  /** How long a transaction waits for a connection, ms. Default 10 s. */
  readonly connectionWaitMaxMs?: number
  /** `false` opens the database as it is: neither migrated nor checked, for whoever only looks. Default `true`. */
  readonly migrate?: boolean
}

/**
 * Statements are few and look their rows up by key, so one generic plan per statement is right and much cheaper to keep
 * than a new plan each time. It must be a plan for any size: one made while the tables were empty would scan and hash
 * them, and be kept while they grow (measured without this: 1.9 ms per single operation became 9.8 ms after 12,000
 * rows). All of it must be set on the login: `set local role` ignores the app role's settings.
 */
const sessionOptions = [
  '-c plan_cache_mode=force_generic_plan',
  '-c enable_seqscan=off',
  '-c enable_hashjoin=off',
  '-c enable_mergejoin=off',
  '-c statement_timeout=30000',
  '-c idle_in_transaction_session_timeout=60000',
].join(' ')

const listenAgainDelayMs = 1_000

/**
 * Opens a PostgreSQL: migrates it and proves that row-level security holds.
 *
 * @throws ServerError `row-security`, `newer-database`; and the driver's errors when it cannot be reached
 */
export async function openPostgres(options: PostgresOptions): Promise<Database> {
  const { url, log, connectionsMax = 10, connectionWaitMaxMs = 10_000 } = options
  const config: ClientConfig = {
    connectionString: url,
    options: sessionOptions,
    application_name: 'holdfast',
    connectionTimeoutMillis: connectionWaitMaxMs,
  }
  const pool = createPool(config, connectionsMax, log)
  const listeners = new Set<() => Promise<void>>()
  const guard = createTransactionGuard()

  const database: Database = {
    tx: async (tenant, run) => {
      guard.check('tx()')
      const client = await pool.connect()
      let failure: unknown
      try {
        await client.query(`begin; set local role ${appRole}; set local app.tenant = ${client.escapeLiteral(tenant)}`)
        const result = await guard.run((name, text, params) => queryOn(client, name, text, params), run)
        // PostgreSQL ends a transaction in which a statement failed with "ROLLBACK", which is no error of its own.
        const { command } = await client.query('commit')
        if (command !== 'COMMIT') {
          throw new Error('The transaction was rolled back: one of its statements failed, and nobody was told.')
        }
        return result
      } catch (error) {
        failure = await rollBack(client)
        throw error
      } finally {
        // A connection that could not even roll back is not given to anybody else.
        client.release(failure !== undefined)
      }
    },
    query: async (name, text, params) => {
      guard.check('query()')
      const { rows } = await pool.query<Row>({ name, text, values: [...params] })
      return rows
    },
    listen: async (channel, heard) => {
      guard.check('listen()')
      const stop = await listenOn(config, channel, heard, log)
      listeners.add(stop)
      return async () => {
        listeners.delete(stop)
        await stop()
      }
    },
    connections: () => ({ open: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount }),
    close: async () => {
      if (!guard.close()) return
      await Promise.all([...listeners].map((stop) => stop()))
      await pool.end()
    },
    [Symbol.asyncDispose]: () => database.close(),
  }
  try {
    if (options.migrate !== false) {
      await migrateOn(pool, log)
      await checkRowSecurity(database)
    }
  } catch (error) {
    await database.close()
    throw error
  }
  return database
}

/**
 * Whoever uses a connection when it breaks gets the error from the query. The event must be heard all the same, for an
 * idle connection and for one in use: an unheard one ends the process.
 */
function createPool(config: ClientConfig, max: number, log: Log): Pool {
  const noteLoss = (error: Error): void => {
    log({
      level: 'warn',
      event: 'database-connection-lost',
      message: 'A connection to the database was lost.',
      error: describeError(error),
    })
  }
  const pool = new Pool({ ...config, max })
  pool.on('error', noteLoss)
  pool.on('connect', (client) => {
    client.on('error', noteLoss)
  })
  return pool
}

async function queryOn(
  client: PoolClient,
  name: string,
  text: string,
  params: readonly Parameter[],
): Promise<readonly Row[]> {
  const { rows } = await client.query<Row>({ name, text, values: [...params] })
  return rows
}

async function rollBack(client: PoolClient): Promise<unknown> {
  try {
    await client.query('rollback')
    return undefined
  } catch (error) {
    return error
  }
}

async function migrateOn(pool: Pool, log: Log): Promise<void> {
  const client = await pool.connect()
  let failure: unknown
  try {
    // Rebuilding a large table takes its time, and so does waiting for another process that does it.
    await client.query('begin; set local statement_timeout = 0')
    const steps = await migrate({
      run: async (text) => {
        await client.query(text)
      },
      query: async (text) => (await client.query<Row>(text)).rows,
    })
    await client.query('commit')
    if (steps > 0)
      log({ level: 'info', event: 'database-migrated', message: `The database took ${steps} migration(s).` })
  } catch (error) {
    failure = await rollBack(client)
    throw error
  } finally {
    client.release(failure !== undefined)
  }
}

/** Listens on a connection of its own, and on a new one when that is lost. */
async function listenOn(
  config: ClientConfig,
  channel: string,
  heard: (payload: string) => void,
  log: Log,
): Promise<() => Promise<void>> {
  let isStopped = false
  let timer: NodeJS.Timeout | undefined
  let current: Client | undefined
  const connect = async (): Promise<void> => {
    const client = new Client(config)
    client.on('error', (error) => {
      log({
        level: 'warn',
        event: 'listener-lost',
        message: 'The listening connection was lost.',
        error: describeError(error),
      })
    })
    client.on('end', () => {
      if (isStopped || current !== client) return
      again()
    })
    client.on('notification', ({ payload }) => {
      heard(payload ?? '')
    })
    await client.connect()
    if (isStopped) {
      await client.end()
      throw new ServerError('closed', 'The database was closed while a listener connected.')
    }
    current = client
    await client.query(`listen ${client.escapeIdentifier(channel)}`)
  }
  const again = (): void => {
    timer = setTimeout(() => {
      connect().catch(() => {
        if (!isStopped) again()
      })
    }, listenAgainDelayMs)
  }
  await connect()
  return async () => {
    isStopped = true
    clearTimeout(timer)
    await current?.end()
  }
}
