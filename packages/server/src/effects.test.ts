/** Effects on both databases: SQL of a domain's own in the operation's transaction, each behind its savepoint. */
import { defineOperation, type OperationDefinition, type WireOperation } from '@holdfast/core'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { codeOf, kinds } from './applying.fixture.ts'
import type { Query } from './database/database.ts'
import { openTimeoutMs, testDatabases, type TestDatabase } from './database/test-databases.fixture.ts'
import { sqlStateOf } from './database/sql-state.ts'
import { applied, effect, on, refused, type Decision } from './handler.ts'
import type { LogEntry } from './log.ts'
import { changeNote, idOf, noteHandlers, noteOp, type NoteChange } from './notes.fixture.ts'
import { runEffect, type EffectCall } from './run-effect.ts'
import { createSyncServer, type SyncServer } from './sync-server.ts'

const countStock: OperationDefinition<NoteChange> = defineOperation({
  ...changeNote,
  type: 'stock.count',
  entity: ({ id }) => ({ kind: 'note', id }),
})

const stockSql = `insert into stock as s (tenant, id, amount, runs) values ($1, $2, $3, 1)
on conflict (tenant, id) do update set amount = s.amount + excluded.amount, runs = s.runs + 1
where s.tenant = $1 returning s.amount`

/** What an effect can do wrong with its query. */
const faulty: Readonly<Record<string, (query: Query) => unknown>> = {
  commit: (query) => query('commit', '; /* so */ commit', []),
  'too many parameters': (query) => query('too-many', 'select 1 as one', ['a', 'b']),
  'a parameter of another type': (query) => query('other-type', 'select $1::boolean as one', ['perhaps']),
  'a failure that it swallows': (query) => query('swallowed', 'select 1 / 0', []).catch(() => []),
  'a failure that it does not wait for': (query) => void query('forgotten', 'select 1 / (0 * $1::integer)', [1]),
  'one name for two texts': async (query) => {
    await query('same', 'select 1 as one', [])
    await query('same', 'select 2 as two', [])
  },
}

/** What the text of an operation makes its effect do, after it has written. */
const late: Query[] = []
let failuresLeft = 0
let hangs = (): void => undefined
const handler = on(
  countStock,
  effect(async ({ payload: { id, add = 0, text } }, entity, { tenant, user, query }) => {
    const [row] = await query('stock', stockSql, [tenant, id, add])
    if (text === 'refuse') return refused('Not today.')
    if (text === 'throw') throw new Error('a bug in an effect')
    await faulty[text ?? '']?.(query)
    if (text === 'hang') await new Promise(() => hangs())
    if (text === 'late') late.push(query)
    if (text === 'not-json') return applied(undefined, { result: '\u0000' })
    if (text === 'rerun' && failuresLeft > 0) {
      failuresLeft -= 1
      await query('as-if', `select as_if('40001')`, []).catch(() => [])
    }
    return applied(
      { id, count: Number(row?.['amount']), seen: entity?.version ?? 0 },
      { ids: { stock: id }, result: { amount: Number(row?.['amount']), user } },
    )
  }),
)

let tenants = 0
const newTenant = (): string => `effects-${(tenants += 1)}`
const count = (id: string, stock: string, add: number, more: { text?: string } & Partial<WireOperation> = {}) => {
  const { text, ...rest } = more
  return noteOp(id, countStock, { id: stock, add, ...(text !== undefined && { text }) }, rest)
}

describe.each(testDatabases)('on $name', ({ name, open }) => {
  let opened: TestDatabase
  let sync: SyncServer
  const entries: LogEntry[] = []
  beforeAll(async () => {
    opened = await open()
    await opened.superuser(`
      create table stock (tenant text, id text, amount integer check (amount < 100), runs integer, primary key (tenant, id));
      alter table stock enable row level security;
      create policy tenant_only on stock using (tenant = current_setting('app.tenant', true));
      grant select, insert, update on stock to holdfast_app;
      create function as_if(state text) returns void language plpgsql
        as $f$ begin raise exception 'as if' using errcode = state; end $f$`)
    sync = createSyncServer({
      database: opened.database,
      handlers: [...noteHandlers, handler],
      authenticate: () => null,
      log: (entry) => void entries.push(entry),
    })
  }, openTimeoutMs)
  afterAll(() => opened.close())

  const apply = (tenant: string, ...operations: readonly WireOperation[]) =>
    sync.apply({ tenant, user: 'ana', device: 'phone' }, operations)
  const stockOf = async (tenant: string): Promise<Record<string, unknown>> => {
    const rows = await opened.database.tx(tenant, ({ query }) =>
      query('all-stock', 'select s.id, s.amount, s.runs from stock s', []),
    )
    return Object.fromEntries(rows.map(({ id, amount, runs }) => [String(id), [amount, runs]]))
  }

  test('an effect and deciders act on one entity in their order, and the answer is kept for duplicates', async () => {
    const tenant = newTenant()
    const batch = [
      noteOp('o1', changeNote, { id: 'n', add: 1 }),
      count('o2', 'n', 7),
      noteOp('o3', changeNote, { id: 'n', add: 1 }),
    ]
    const outcomes = await apply(tenant, ...batch)
    expect(outcomes).toMatchObject([
      { outcome: 'applied', version: 1 },
      { outcome: 'applied', version: 2, ids: { stock: 'n' }, result: { amount: 7, user: 'ana' } },
      { outcome: 'applied', version: 3 },
    ])
    expect((await sync.read(tenant, 'note', ['n'])).get('n')?.state).toEqual({ id: 'n', count: 8 })
    const { id: _id, ...first } = outcomes[1] ?? { id: undefined }
    expect((await apply(tenant, ...batch))[1]).toEqual({ id: 'o2', outcome: 'duplicate', first })
    expect(await stockOf(tenant)).toEqual({ n: [7, 1] })
  })

  test('F061 of 20 effects the 7th fails: its SQL is undone, its lane waits, 18 stand', async () => {
    const tenant = newTenant()
    const batch = Array.from({ length: 20 }, (_, index) =>
      count(`p-${index}`, `s-${index}`, index === 6 ? 100 : 1, index === 7 ? { lane: 'note:s-6' } : {}),
    )
    const outcomes = await apply(tenant, ...batch)
    expect(kinds(outcomes).filter((kind) => kind === 'applied')).toHaveLength(18)
    expect(outcomes.slice(6, 8).map((outcome) => [outcome.outcome, codeOf(outcome)])).toEqual([
      ['deferred', 'internal'],
      ['deferred', undefined],
    ])
    const stock = await stockOf(tenant)
    expect(Object.keys(stock)).toHaveLength(18)
    expect(new Set(Object.values(stock).map(String))).toEqual(new Set(['1,1']))
  })

  // PGlite keeps no statements by their names.
  const faults = Object.keys(faulty).filter((text) => name === 'PostgreSQL' || text !== 'one name for two texts')
  test.each(['throw', 'not-json', ...faults])('F061 an effect with a bug (%s) leaves nothing behind', async (text) => {
    const tenant = newTenant()
    entries.length = 0
    const outcomes = await apply(tenant, count('b1', 'bad', 1, { text }), count('b2', 'good', 1))
    expect(kinds(outcomes)).toEqual(['deferred', 'applied'])
    expect(codeOf(outcomes[0])).toBe('internal')
    expect(await stockOf(tenant)).toEqual({ good: [1, 1] })
    expect(entries).toMatchObject([{ event: 'handler-failed' }])
  })

  test('an effect that refuses leaves nothing behind, and its refusal stays', async () => {
    const tenant = newTenant()
    const refusal = count('r1', 's', 1, { text: 'refuse' })
    expect((await apply(tenant, refusal)).map(codeOf)).toEqual(['refused'])
    expect(await apply(tenant, refusal)).toMatchObject([{ outcome: 'duplicate', first: { outcome: 'rejected' } }])
    expect(await stockOf(tenant)).toEqual({})
  })

  test('F060 a serialization failure runs the whole batch again, whatever the effect makes of it', async () => {
    const tenant = newTenant()
    failuresLeft = 2
    const outcomes = await apply(tenant, count('f1', 'a', 1), count('f2', 'b', 1, { text: 'rerun' }))
    expect(kinds(outcomes)).toEqual(['applied', 'applied'])
    expect(failuresLeft).toBe(0)
    expect(await stockOf(tenant)).toEqual({ a: [1, 1], b: [1, 1] })
  })

  test('F063 an effect that is sent a hundred times at once happens once', async () => {
    const tenant = newTenant()
    const answers = await Promise.all(Array.from({ length: 100 }, () => apply(tenant, count('x', 's', 1))))
    expect(answers.flat().filter(({ outcome }) => outcome === 'applied')).toHaveLength(1)
    expect(await stockOf(tenant)).toEqual({ s: [1, 1] })
  })

  test('a query behind its effect is refused', async () => {
    await apply(newTenant(), count('l1', 's', 1, { text: 'late' }))
    await expect(late[0]?.('too-late', 'select 1', [])).rejects.toMatchObject({ code: 'foreign-query' })
  })

  test('an effect that hangs is given up after ten seconds, and its batch goes on', async () => {
    const tenant = newTenant()
    const hanging = new Promise<void>((resolve) => {
      hangs = resolve
    })
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const applying = apply(tenant, count('h1', 's', 1, { text: 'hang' }), count('h2', 'other', 1))
      await hanging
      vi.advanceTimersByTime(10_000)
      expect(kinds(await applying)).toEqual(['deferred', 'applied'])
    } finally {
      vi.useRealTimers()
    }
    expect(await stockOf(tenant)).toEqual({ other: [1, 1] })
  })

  test.runIf(name === 'PostgreSQL')(
    'a statement of an effect has the effect’s time, those after it have theirs',
    async () => {
      const seen: unknown[] = []
      const codeThat = (asking: Promise<unknown>) => asking.then(() => 'done', sqlStateOf)
      const call = (run: (query: Query) => Promise<Decision>): EffectCall => ({
        handler: { kind: 'effect', definition: countStock, run: (_operation, _entity, { query }) => run(query) },
        operation: { id: idOf('t'), type: countStock.type, payload: {}, ageMs: 0 },
        entity: undefined,
        context: { tenant: 'north', user: 'ana', nowMs: 0 },
      })
      await opened.database.tx(newTenant(), async ({ query }) => {
        const lookSql = `select current_setting('statement_timeout') as now`
        const look = async (by: Query) => void seen.push((await by('look', lookSql, []))[0]?.['now'])
        const slow = call(async (own) => {
          seen.push(await codeThat(own('sleep', 'select pg_sleep(20)', [])))
          return applied()
        })
        seen.push((await runEffect(query, slow, 100)).kind)
        await look(query)
        const quick = call(async (own) => {
          await look(own)
          return applied()
        })
        seen.push((await runEffect(query, quick)).kind)
        await look(query)
      })
      expect(seen).toEqual(expect.arrayContaining(['57014']))
      expect(seen.filter((each) => each !== '57014')).toEqual(['failed', '30s', '10s', 'decided', '30s'])
    },
  )
})
