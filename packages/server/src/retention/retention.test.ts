/** Retention on both databases: what goes after a time, and what must stay for ever. */
import type { OperationOutcome, WireOperation } from '@holdfast/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { codeOf, kinds } from '../applying.fixture.ts'
import type { Database } from '../database/database.ts'
import { openTimeoutMs, testDatabases, type TestDatabase } from '../database/test-databases.fixture.ts'
import { applied, decide, on } from '../handler.ts'
import type { LogEntry } from '../log.ts'
import { changeNote, changeNoteServerWins, idOf, noteHandlers, noteOp } from '../notes.fixture.ts'
import { createSyncServer, type SyncServer } from '../sync-server.ts'
import { startRetention } from './retention.ts'
import { trimResults } from './trim-results.ts'

const dayMs = 24 * 3_600_000

describe.each(testDatabases)('on $name', ({ open }) => {
  let opened: TestDatabase
  let sync: SyncServer
  const clock = { nowMs: Date.UTC(2026, 0, 1) }
  beforeAll(async () => {
    opened = await open()
    sync = createSyncServer({
      database: opened.database,
      handlers: [
        ...noteHandlers.filter(({ definition }) => definition.type !== changeNoteServerWins.type),
        on(
          changeNoteServerWins,
          decide(({ payload: { id } }) => applied({ id }, { ids: { note: id }, result: { said: 'SECRET-result' } })),
        ),
      ],
      authenticate: () => null,
      nowMs: () => clock.nowMs,
    })
  }, openTimeoutMs)
  afterAll(() => opened.close())

  const apply = (tenant: string, operations: readonly WireOperation[]): Promise<readonly OperationOutcome[]> =>
    sync.apply({ tenant, user: 'ana', device: 'phone' }, operations)
  const ledgerOf = (tenant: string) =>
    opened.database.tx(tenant, ({ query }) =>
      query('ledger-of', 'select l.id, l.user_id, l.hash, l.code, l.outcome from holdfast.ledger l order by l.id', []),
    )

  test('F064 a duplicate after forty days: the first outcome without its details, and nothing is applied again', async () => {
    const batch = [
      noteOp('k1', changeNoteServerWins, { id: 'a' }),
      noteOp('k2', changeNote, { id: 'b', add: -1 }),
      noteOp('k3', changeNote, { id: 'c', text: 'SECRET-mine' }, { base: { version: 7 } }),
      noteOp('k4', changeNote, { id: 'd', add: 1 }),
      noteOp('k5', changeNote, { id: 'e', add: 1 }, { cancel: idOf('k1') }),
    ]
    expect(kinds(await apply('north', batch))).toEqual(['applied', 'rejected', 'conflict', 'applied', 'duplicate'])
    await apply('south', batch)
    const before = await ledgerOf('north')
    clock.nowMs += 29 * dayMs
    const young = noteOp('young', changeNoteServerWins, { id: 'young' })
    await apply('north', [young])
    expect(await trimResults(opened.database, clock)).toBe(0)

    clock.nowMs += 11 * dayMs
    expect(await trimResults(opened.database, clock)).toBe(8)
    expect(await trimResults(opened.database, clock)).toBe(0)
    const after = (await ledgerOf('north')).filter(({ id }) => id !== 'young')
    expect(after.map(({ id, user_id, hash, code }) => [id, user_id, hash, code])).toEqual(
      before.map(({ id, user_id, hash, code }) => [id, user_id, hash, code]),
    )
    expect(JSON.stringify(after)).not.toMatch(/SECRET|only goes up|at version/)

    const again = await apply('north', [...batch.slice(0, 1), ...batch.slice(3)])
    expect(again).toEqual([
      { id: 'k1', outcome: 'duplicate', first: { outcome: 'applied', version: 1, ids: { note: 'a' } } },
      { id: 'k4', outcome: 'duplicate', first: { outcome: 'applied', version: 1, ids: { note: 'd' } } },
      { id: 'k5', outcome: 'duplicate', of: 'k1', first: { outcome: 'applied', version: 1, ids: { note: 'a' } } },
    ])
    const refusals = await Promise.all(batch.slice(1, 3).map((operation) => apply('north', [operation])))
    expect(refusals.flat().map((outcome) => [outcome.outcome, codeOf(outcome)])).toEqual([
      ['duplicate', 'refused'],
      ['duplicate', 'conflict'],
    ])
    expect(await apply('north', [young])).toMatchObject([{ first: { result: { said: 'SECRET-result' } } }])
    expect((await sync.read('north', 'note', ['a', 'd'])).get('a')?.version).toBe(1)
    // Another content under the old id is still told apart, and a late child still finds the id that was assigned.
    expect((await apply('north', [noteOp('k4', changeNote, { id: 'd', add: 2 })])).map(codeOf)).toEqual(['id-reused'])
    const reference = { $holdfast: 'reference', operation: 'k1', name: 'note' }
    const child = noteOp('k6', changeNote, { id: 'f', text: 'x' }, { after: [idOf('k1')], lane: 'l' })
    const outcomes = await apply('north', [{ ...child, payload: { id: 'f', text: reference } }])
    expect(kinds(outcomes)).toEqual(['applied'])
    expect((await sync.read('north', 'note', ['f'])).get('f')?.state).toMatchObject({ text: 'a' })
  })

  test('a run in the background goes on after a failure, and ends when it is told to', async () => {
    await apply('later', [noteOp('m1', changeNoteServerWins, { id: 'm' })])
    clock.nowMs += 31 * dayMs
    const heard = Promise.withResolvers<LogEntry[]>()
    const entries: LogEntry[] = []
    let failures = 1
    const shaky: Database = {
      ...opened.database,
      tx: (tenant, run) => {
        if (failures > 0) {
          failures -= 1
          return Promise.reject(new Error('the connection is gone'))
        }
        return opened.database.tx(tenant, run)
      },
    }
    const retention = startRetention({
      database: shaky,
      nowMs: () => clock.nowMs,
      everyMs: 1,
      log: (entry) => {
        entries.push(entry)
        if (entry.event === 'results-trimmed') heard.resolve(entries)
      },
    })
    expect((await heard.promise).map(({ event }) => event)).toEqual(['retention-failed', 'results-trimmed'])
    await retention.stop()
    expect(await trimResults(opened.database, clock)).toBe(0)
  })
})
