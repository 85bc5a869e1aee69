/**
 * The plans of all statements, as PostgreSQL makes them on empty tables and then keeps: each must look rows up by key.
 * (A plan that scanned was right while the tables were empty, and made every operation slower as they grew.)
 */
import { Client } from 'pg'
import { expect, test } from 'vitest'
import type { Database } from '../database/database.ts'
import { launchPostgres } from '../database/postgres-launcher.fixture.ts'
import { openPostgres } from '../database/postgres.ts'
import { trimResults } from '../retention/trim-results.ts'
import { changeNote, idOf, noteHandlers, noteOp } from '../notes.fixture.ts'
import { createSyncServer } from '../sync-server.ts'

test('no statement scans a table or hashes it', async () => {
  const postgres = await launchPostgres()
  const database = await openPostgres({ url: postgres.url, log: () => undefined })
  const texts = new Map<string, string>()
  const recording: Database = {
    ...database,
    tx: (tenant, run) =>
      database.tx(tenant, ({ query }) =>
        run({
          query: (name, text, params) => {
            texts.set(name, text)
            return query(name, text, params)
          },
        }),
      ),
  }
  const sync = createSyncServer({ database: recording, handlers: noteHandlers, authenticate: () => null })
  const owner = { tenant: 't', user: 'u', device: 'd' }
  await sync.apply(owner, [noteOp('a', changeNote, { id: 'n', add: 1 }, { supersedes: idOf('b') })])
  await sync.apply(owner, [noteOp('a', changeNote, { id: 'n', add: 1 }, { supersedes: idOf('b') })])
  await sync.read('t', 'note', ['n'])
  await sync.list('t', 'note', { limit: 1 })
  await trimResults(recording, { nowMs: Date.now() })
  await database.close()

  const options = '-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off'
  const client = new Client({ connectionString: postgres.url, options })
  await client.connect()
  await client.query(`truncate holdfast.ledger, holdfast.entities, holdfast.feed, holdfast.feed_head`)
  expect([...texts.keys()].toSorted()).toEqual([
    'holdfast-claim',
    'holdfast-list-entities',
    'holdfast-read-entities',
    'holdfast-read-ledger',
    'holdfast-trim-results',
    'holdfast-write',
  ])
  for (const [name, text] of texts) {
    await client.query(`begin; set local role holdfast_app; set local app.tenant = 't'`)
    const { rows } = await client.query<{ readonly 'QUERY PLAN': string }>(`explain (generic_plan) ${text}`)
    await client.query('rollback')
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n')
    expect(plan, name).not.toMatch(/Seq Scan|Hash|Merge/)
    for (const [condition] of plan.matchAll(/Index Cond: .*/g))
      expect(condition, plan).toMatch(/tenant = .* AND .*\b(id|kind|at)\b/)
  }
  await client.end()
  await postgres.stop()
}, 60_000)
