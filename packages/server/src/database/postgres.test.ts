import { setImmediate } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Client } from 'pg'
import { applied, decide, on } from '../handler.ts'
import { changeNote, noteOp } from '../notes.fixture.ts'
import { createSyncServer } from '../sync-server.ts'
import { databaseContract } from './database.contract.ts'
import { launchPostgres, type LaunchedPostgres } from './postgres-launcher.fixture.ts'
import { migrationsKnown } from './migrations.ts'
import { openPostgres } from './postgres.ts'
import { testDatabases } from './test-databases.fixture.ts'

const log = (): void => undefined

for (const kind of testDatabases) if (kind.name === 'PostgreSQL') databaseContract(kind)

describe('a served PostgreSQL', () => {
  let server: LaunchedPostgres
  beforeAll(async () => {
    server = await launchPostgres()
  }, 60_000)
  afterAll(() => server.stop())

  async function asSuperuser(sql: string, url = server.url): Promise<void> {
    const client = new Client({ connectionString: url })
    await client.connect()
    await client.query(sql)
    await client.end()
  }

  test('F065 several processes that start at once on an empty database migrate it once', async () => {
    await asSuperuser('create database fresh')
    const url = server.url.replace(/postgres$/, 'fresh')
    const databases = await Promise.all(Array.from({ length: 6 }, () => openPostgres({ url, log, connectionsMax: 2 })))
    const [first] = databases
    const rows = await first?.query('migrations', 'select number, name from holdfast.migrations', [])
    expect(rows?.map(({ number }) => number)).toEqual(Array.from({ length: migrationsKnown }, (_, index) => index + 1))
    await Promise.all(databases.map((database) => database.close()))
  })

  test('a migration, and the wait for one, may take any time, and a statement after it may not', async () => {
    await asSuperuser('create database slow')
    const url = server.url.replace(/postgres$/, 'slow')
    // The database itself notes what every migrating statement ran under.
    await asSuperuser(
      `create table public.seen (timeout text not null);
       create function public.note_timeout() returns event_trigger language plpgsql as $$ begin
         insert into public.seen values (current_setting('statement_timeout'));
       end $$;
       create event trigger note_timeout on ddl_command_end execute function public.note_timeout()`,
      url,
    )
    const first = new Client({ connectionString: url })
    await first.connect()
    await first.query('select pg_advisory_lock(1752132708, 1)')
    const timeoutMs = 1_000
    const opening = openPostgres({ url: `${url}?options=-c%20statement_timeout%3D${timeoutMs}`, log })
    opening.catch(() => undefined)
    const waits = `select 1 from pg_stat_activity
      where datname = 'slow' and wait_event = 'advisory' and clock_timestamp() - query_start > interval '${timeoutMs + 200} ms'`
    const isOver = opening.then(
      () => true,
      () => true,
    )
    const hasWaitedLong = async () => (await first.query(waits)).rows.length > 0
    // While another migrates, it waits for longer than a statement may take.
    while (!(await hasWaitedLong())) if (await Promise.race([isOver, setImmediate(false)])) break
    await first.end()
    const database = await opening
    expect(await database.query('seen', 'select distinct timeout from public.seen', [])).toEqual([{ timeout: '0' }])
    expect(await database.query('now', 'show statement_timeout', [])).toEqual([{ statement_timeout: '1s' }])
    await database.close()
  }, 30_000)

  test('F065 a database of a newer release is refused and left alone', async () => {
    await asSuperuser('create database newer')
    const url = server.url.replace(/postgres$/, 'newer')
    await (await openPostgres({ url, log })).close()
    await asSuperuser(`insert into holdfast.migrations (number, name) values (99, 'from the future')`, url)
    await expect(openPostgres({ url, log })).rejects.toMatchObject({ code: 'newer-database' })
  })

  test('F072 the server refuses to start where row-level security would not hold', async () => {
    await asSuperuser('create database open_door')
    const url = server.url.replace(/postgres$/, 'open_door')
    await (await openPostgres({ url, log })).close()
    await asSuperuser('alter table holdfast.entities no force row level security', url)
    await expect(openPostgres({ url, log })).rejects.toMatchObject({ code: 'row-security' })
  })

  test('a login that is no superuser owns the tables and passes the check', async () => {
    await asSuperuser('create role landlord login createrole')
    await asSuperuser('create database rented owner landlord')
    await asSuperuser('grant holdfast_app to landlord')
    const url = server.url.replace('postgres@', 'landlord@').replace(/postgres$/, 'rented')
    const database = await openPostgres({ url, log })
    const sync = createSyncServer({
      database,
      authenticate: () => null,
      handlers: [
        on(
          changeNote,
          decide(({ payload }) => applied({ ...payload })),
        ),
      ],
    })
    const owner = { tenant: 'north', user: 'ana', device: 'd' }
    expect(await sync.apply(owner, [noteOp('a', changeNote, { id: 'n' })])).toMatchObject([{ outcome: 'applied' }])
    // Even the owner of the tables sees nothing outside a tenant's transaction.
    expect(await database.query('count', 'select count(*)::integer as count from holdfast.entities', [])).toEqual([
      { count: 0 },
    ])
    await database.close()
  })

  test('single operations run on generic plans', async () => {
    const database = await openPostgres({ url: server.url, log })
    const rows = await database.tx('t', ({ query }) => query('plans', 'show plan_cache_mode', []))
    expect(rows).toEqual([{ plan_cache_mode: 'force_generic_plan' }])
    await database.close()
  })

  test('F060 a connection that dies in the middle of a transaction fails that one, and the next gets another', async () => {
    const database = await openPostgres({ url: server.url, log, connectionsMax: 1 })
    await expect(
      database.tx('t', ({ query }) => query('suicide', 'select pg_terminate_backend(pg_backend_pid())', [])),
    ).rejects.toThrow()
    expect(await database.tx('t', ({ query }) => query('one', 'select 1 as one', []))).toEqual([{ one: 1 }])
    await database.close()
  })

  test('a listener whose connection is lost listens again', async () => {
    const lost: string[] = []
    const database = await openPostgres({ url: server.url, log: ({ event }) => void lost.push(event) })
    let wake = (): void => undefined
    const heard = new Promise<void>((resolve) => {
      wake = resolve
    })
    const stop = await database.listen('again', () => {
      wake()
    })
    await asSuperuser(`select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen %again%'`)
    const repeat = setInterval(() => {
      database.query('notify', `select pg_notify('again', '')`, []).catch(() => undefined)
    }, 100)
    await heard
    clearInterval(repeat)
    expect(lost).toContain('listener-lost')
    await stop()
    await database.close()
  }, 20_000)
})
