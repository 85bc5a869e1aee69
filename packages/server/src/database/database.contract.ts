/** What every database behind the port promises; run on each by its own test file. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Database } from './database.ts'
import { checkRowSecurity } from './row-security.ts'
import { openTimeoutMs, type TestDatabase, type TestDatabaseKind } from './test-databases.fixture.ts'

const insertSql = `
insert into holdfast.entities (tenant, kind, id, version, state, last_modified)
values ($1, 'k', $2, 1, $3::text::json, now())`
const allSql = 'select e.tenant, e.id from holdfast.entities e order by e.tenant, e.id'

/** Runs the contract on one kind of database. */
export function databaseContract({ name, open }: TestDatabaseKind): void {
  describe(`the database contract on ${name}`, () => {
    let opened: TestDatabase
    let database: Database
    beforeAll(async () => {
      opened = await open()
      database = opened.database
    }, openTimeoutMs)
    afterAll(() => opened.close())

    const insert = (tenant: string, id: string, as = tenant) =>
      database.tx(as, ({ query }) => query('insert', insertSql, [tenant, id, '{}']))
    const idsOf = async (tenant: string) =>
      (await database.tx(tenant, ({ query }) => query('all', allSql, []))).map(({ id }) => id)

    test('a transaction that is fulfilled is committed, one that is rejected leaves nothing', async () => {
      await insert('t1', 'kept')
      await expect(
        database.tx('t1', async ({ query }) => {
          await query('insert', insertSql, ['t1', 'lost', '{}'])
          throw new RangeError('changed its mind')
        }),
      ).rejects.toThrow(RangeError)
      expect(await idsOf('t1')).toEqual(['kept'])
    })

    test('a statement that fails takes its transaction along, and the next one is clean', async () => {
      await expect(insert('t2', 'x').then(() => insert('t2', 'x'))).rejects.toMatchObject({ code: '23505' })
      expect(await idsOf('t2')).toEqual(['x'])
    })

    test('a transaction that hides the failure of a statement is not taken for committed', async () => {
      await expect(
        database.tx('t2', async ({ query }) => {
          await query('insert', insertSql, ['t2', 'hidden', '{}'])
          await query('fails', 'select 1 / 0', []).catch(() => undefined)
        }),
      ).rejects.toThrow(/rolled back/)
      expect(await idsOf('t2')).not.toContain('hidden')
    })

    test('F072 row-level security shows a tenant its own rows and lets it write no others', async () => {
      await insert('north', 'n')
      await insert('south', 's')
      expect(await idsOf('north')).toEqual(['n'])
      expect(await idsOf("o'hara; --\\")).toEqual([])
      await expect(insert('south', 'forged', 'north')).rejects.toMatchObject({ code: '42501' })
      expect(await idsOf('south')).toEqual(['s'])
    })

    test('F072 nothing of a transaction’s role or tenant stays on its connection', async () => {
      const settingsSql = `select current_user = session_user as is_login, coalesce(current_setting('app.tenant', true), '') as tenant`
      await insert('t3', 'a')
      for (let round = 0; round < 30; round += 1) {
        expect(await database.query('settings', settingsSql, [])).toEqual([{ is_login: true, tenant: '' }])
      }
    })

    test('a query inside a transaction that is not its own throws, and so does a nested transaction', async () => {
      await database.tx('t4', async ({ query }) => {
        await expect(database.query('one', 'select 1', [])).rejects.toMatchObject({ code: 'foreign-query' })
        await expect(database.tx('t4', () => Promise.resolve())).rejects.toMatchObject({ code: 'foreign-query' })
        expect(await query('one', 'select 1 as one', [])).toEqual([{ one: 1 }])
      })
    })

    test('a transaction’s handle is dead when the transaction has ended', async () => {
      const { query } = await database.tx('t5', (transaction) => Promise.resolve(transaction))
      await expect(query('one', 'select 1', [])).rejects.toMatchObject({ code: 'foreign-query' })
    })

    test('JSON survives the trip: text, numbers, nesting', async () => {
      const state = { text: 'ä "\\ 😀', number: 0.1, big: 9007199254740991, list: [null, true, { deep: [] }] }
      await database.tx('t6', ({ query }) => query('insert', insertSql, ['t6', 'j', JSON.stringify(state)]))
      const rows = await database.tx('t6', ({ query }) => query('state', 'select e.state from holdfast.entities e', []))
      expect(rows).toEqual([{ state }])
    })

    test('a listener hears a notification of a committed transaction, and no more when it has stopped', async () => {
      const heard: string[] = []
      let wake = (): void => undefined
      const stop = await database.listen('Holdfast "feed"', (payload) => {
        heard.push(payload)
        wake()
      })
      const arrived = new Promise<void>((resolve) => {
        wake = resolve
      })
      await database.query('notify', `select pg_notify('Holdfast "feed"', 'north:1')`, [])
      await arrived
      await stop()
      await database.query('notify', `select pg_notify('Holdfast "feed"', 'north:1')`, [])
      expect(heard).toEqual(['north:1'])
    })

    test('F072 the start-up check refuses a table without forced row-level security, without a policy or with a careless one, or a role that bypasses', async () => {
      await checkRowSecurity(database)
      const breaches: readonly (readonly [string, string])[] = [
        ['alter table holdfast.feed no force row level security', 'alter table holdfast.feed force row level security'],
        [
          'alter table holdfast.ledger disable row level security',
          'alter table holdfast.ledger enable row level security',
        ],
        ['create policy open_all on holdfast.ledger using (true)', 'drop policy open_all on holdfast.ledger'],
        [
          'create policy open_all on holdfast.ledger for insert with check (true)',
          'drop policy open_all on holdfast.ledger',
        ],
        ['alter role holdfast_app bypassrls', 'alter role holdfast_app nobypassrls'],
        ['alter role holdfast_app superuser', 'alter role holdfast_app nosuperuser'],
        ['create table holdfast.careless (tenant text)', 'drop table holdfast.careless'],
        ['alter table holdfast.feed owner to holdfast_app', 'alter table holdfast.feed owner to postgres'],
      ]
      for (const [breach, repair] of breaches) {
        await opened.superuser(breach)
        await expect(checkRowSecurity(database), breach).rejects.toMatchObject({ code: 'row-security' })
        await opened.superuser(repair)
      }
      await checkRowSecurity(database)
    })

    test('close waits for what runs, and refuses what comes after', async () => {
      const another = await open()
      await another.database.tx('t', ({ query }) => query('one', 'select 1', []))
      await another.close()
      await expect(another.database.query('one', 'select 1', [])).rejects.toMatchObject({ code: 'closed' })
      await expect(another.database.tx('t', () => Promise.resolve())).rejects.toMatchObject({ code: 'closed' })
      await another.database.close()
    }, 60_000)
  })
}
