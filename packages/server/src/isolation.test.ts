/**
 * Two walls between tenants, each tried alone on both databases: with the query scope taken out of every statement,
 * and with row-level security taken out of every table.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Database, Query } from './database/database.ts'
import { openTimeoutMs, testDatabases, type TestDatabase } from './database/test-databases.fixture.ts'
import { changeNote, createNote, idOf, noteHandlers, noteOp, removeNote } from './notes.fixture.ts'
import { createSyncServer, type SyncServer } from './sync-server.ts'

/** Every statement names its tenant as `<alias>.tenant = $1`; this takes that out, and counts. */
function withoutScope(database: Database, removed: Map<string, number>): Database {
  const unscoped =
    (query: Query): Query =>
    (name, text, params) => {
      let count = 0
      const open = text.replaceAll(/\b\w+\.tenant = \$1/g, () => {
        count += 1
        return '$1::text is not null'
      })
      removed.set(name, count)
      return query(`${name}-unscoped`, open, params)
    }
  return {
    ...database,
    tx: (tenant, run) => database.tx(tenant, ({ query }) => run({ query: unscoped(query) })),
  }
}

async function removeRowSecurity({ superuser }: TestDatabase): Promise<void> {
  for (const table of ['ledger', 'entities', 'losing_sides', 'feed_head', 'feed']) {
    await superuser(`drop policy tenant_only on holdfast.${table}`)
    await superuser(`alter table holdfast.${table} no force row level security`)
    await superuser(`alter table holdfast.${table} disable row level security`)
  }
}

/** Both tenants use the very same ids for everything; each must find its own world and nothing else. */
async function liveSideBySide(sync: SyncServer): Promise<void> {
  const north = { tenant: 'north', user: 'ana', device: 'd' }
  const south = { tenant: 'south', user: 'ana', device: 'd' }
  const make = (text: string) => [noteOp('op-1', createNote, { id: 'n', text, add: 1 })]
  expect(await sync.apply(north, make('north'))).toMatchObject([{ outcome: 'applied', version: 1 }])
  const only = noteOp('only-north', createNote, { id: 'secret', text: 'north' })
  expect(await sync.apply(north, [only])).toMatchObject([{ outcome: 'applied' }])

  expect(await sync.list('south', 'note', { limit: 10 })).toEqual({ entities: [] })
  expect((await sync.read('south', 'note', ['n', 'secret'])).size).toBe(0)

  // The same id and another content: were the ledgers shared, this would be an id used again.
  expect(await sync.apply(south, make('south'))).toMatchObject([{ outcome: 'applied', version: 1 }])
  // Were they shared, this would find north's operation applied, or tombstone it.
  const cancel = noteOp('op-2', createNote, { id: 'n' }, { cancel: idOf('only-north') })
  expect(await sync.apply(south, [cancel])).toEqual([{ id: 'op-2', outcome: 'applied' }])
  const child = noteOp('op-3', changeNote, { id: 'm', add: 1 }, { after: [idOf('only-north')] })
  expect(await sync.apply(south, [child])).toMatchObject([{ outcome: 'rejected' }])
  expect(await sync.apply(north, [only])).toMatchObject([{ outcome: 'duplicate', first: { outcome: 'applied' } }])
  // A conflict must show south's own state; a change and a removal must meet south's own row.
  const stale = noteOp('op-4', changeNote, { id: 'n', text: 'x' }, { base: { version: 0 } })
  expect(await sync.apply(south, [stale])).toMatchObject([{ outcome: 'conflict', current: { text: 'south' } }])
  const retry = noteOp('op-5', changeNote, { id: 'n', add: 1 }, { base: { version: 1 }, resolves: idOf('op-4') })
  expect(await sync.apply(south, [retry])).toMatchObject([{ outcome: 'applied', version: 2 }])
  expect(await sync.apply(south, [noteOp('op-6', removeNote, { id: 'secret' })])).toMatchObject([
    { outcome: 'rejected' },
  ])

  expect((await sync.list('north', 'note', { limit: 10 })).entities).toMatchObject([
    { id: 'secret', version: 1, state: { text: 'north' } },
    { id: 'n', version: 1, state: { text: 'north', count: 1 } },
  ])
  expect((await sync.list('south', 'note', { limit: 10 })).entities).toMatchObject([
    { id: 'n', version: 2, state: { text: 'south', count: 2 } },
  ])
  expect(await sync.apply(north, [noteOp('op-7', changeNote, { id: 'n', add: 1 })])).toMatchObject([{ version: 2 }])
}

const emptyAll = 'truncate holdfast.ledger, holdfast.entities, holdfast.losing_sides, holdfast.feed_head, holdfast.feed'

describe.each(testDatabases)('on $name', ({ open }) => {
  let opened: TestDatabase
  beforeAll(async () => {
    opened = await open()
  }, openTimeoutMs)
  afterAll(() => opened.close())

  const serverOn = (database: Database) =>
    createSyncServer({ database, handlers: noteHandlers, authenticate: () => null })

  test('F072 every table of a tenant is forced behind its policy, and the app’s role changes no other', async () => {
    const tables = await opened.database.query(
      'tables',
      `select c.relname::text as name, c.relrowsecurity and c.relforcerowsecurity as forced,
         exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant') as has_tenant,
         exists (
           select from pg_index i join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]
           where i.indrelid = c.oid and i.indisprimary and a.attname = 'tenant'
         ) as tenant_first,
         (select count(*)::integer from pg_policy p where p.polrelid = c.oid and p.polpermissive
           and pg_get_expr(p.polqual, p.polrelid) like '%app.tenant%'
           and pg_get_expr(p.polwithcheck, p.polrelid) like '%app.tenant%') as policies,
         has_table_privilege('holdfast_app', c.oid, 'insert, update, delete, truncate') as may_change
       from pg_class c where c.relnamespace = 'holdfast'::regnamespace and c.relkind in ('r', 'p') order by 1`,
      [],
    )
    const ofTenants = tables.filter((table) => table['has_tenant'] === true)
    expect(ofTenants.length).toBeGreaterThanOrEqual(5)
    for (const table of ofTenants) expect(table).toMatchObject({ forced: true, tenant_first: true, policies: 1 })
    for (const table of tables.filter((other) => !ofTenants.includes(other))) {
      expect(table).toMatchObject({ may_change: false })
    }
  })

  test('F070 F072 row-level security alone keeps tenants apart', async () => {
    const removed = new Map<string, number>()
    await liveSideBySide(serverOn(withoutScope(opened.database, removed)))
    // Every statement of the server was run, and none without its scope taken out.
    expect(Object.fromEntries(removed)).toEqual({
      'holdfast-claim': 1,
      'holdfast-read-ledger': 2,
      'holdfast-write': 9,
      'holdfast-read-entities': 1,
      'holdfast-list-entities': 1,
    })
  })

  test('F070 F072 the query scope alone keeps tenants apart', async () => {
    await opened.superuser(emptyAll)
    await removeRowSecurity(opened)
    await liveSideBySide(serverOn(opened.database))
  })

  test('with both walls gone the tenants do meet: the two tests above can fail', async () => {
    await opened.superuser(emptyAll)
    await expect(liveSideBySide(serverOn(withoutScope(opened.database, new Map())))).rejects.toThrow(/expected/)
  })
})
