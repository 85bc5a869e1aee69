/** A database in trouble: what can be run again is, what cannot is answered so that every client keeps its operations. */
import { batchPath, parseProblem, problemCodeOf } from '@holdfast/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Database } from './database/database.ts'
import { launchPostgres } from './database/postgres-launcher.fixture.ts'
import { openPostgres } from './database/postgres.ts'
import { openTimeoutMs, testDatabases, type TestDatabase } from './database/test-databases.fixture.ts'
import { changeNote, noteHandlers, noteOp } from './notes.fixture.ts'
import { createSyncServer, type SyncServer } from './sync-server.ts'

const log = (): void => undefined
const authenticate = () => ({ tenant: 'north', user: 'ana', roles: [] })

const serverOn = (database: Database): SyncServer =>
  createSyncServer({ database, handlers: noteHandlers, authenticate })

function batchRequest(id: string): Request {
  const operations = [noteOp(id, changeNote, { id, add: 1 })]
  const identity = { protocol: 1, tenant: 'north', user: 'ana', device: 'phone', sequence: 1 }
  return new Request(`http://desk.example${batchPath}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...identity, pending: 1, oldestAgeMs: 0, operations }),
  })
}

async function expectUnavailable(sync: SyncServer, id: string): Promise<void> {
  const response = await sync.routes.fetch(batchRequest(id))
  expect([response.status, problemCodeOf(parseProblem(await response.json()))]).toEqual([503, 'unavailable'])
  expect(response.headers.get('retry-after')).toBe('5')
}

describe.each(testDatabases)('on $name', ({ open }) => {
  let opened: TestDatabase
  beforeAll(async () => {
    opened = await open()
  }, openTimeoutMs)
  afterAll(() => opened.close())

  /** After everything has been written, the first `times` transactions fail with a real error of the database. */
  function failing(sqlState: string, times: number): { readonly database: Database; readonly runs: () => number } {
    let runs = 0
    const database: Database = {
      ...opened.database,
      tx: (tenant, run) =>
        opened.database.tx(tenant, async (transaction) => {
          runs += 1
          const result = await run(transaction)
          if (runs <= times) {
            const sql = `do $$ begin raise exception 'as if' using errcode = '${sqlState}'; end $$`
            await transaction.query(`fail-${sqlState}`, sql, [])
          }
          return result
        }),
    }
    return { database, runs: () => runs }
  }

  test.each([
    ['a serialization failure', '40001'],
    ['a deadlock', '40P01'],
  ])('F060 %s is run again, and its batch has one effect', async (_name, sqlState) => {
    const { database, runs } = failing(sqlState, 3)
    const operation = noteOp(`rerun-${sqlState}`, changeNote, { id: `rerun-${sqlState}`, add: 1 })
    const owner = { tenant: 'north', user: 'ana', device: 'd' }
    expect(await serverOn(database).apply(owner, [operation])).toMatchObject([{ outcome: 'applied', version: 1 }])
    expect(runs()).toBe(4)
  })

  test('F060 what fails every time is given up after a bounded number of runs: 503, and nothing is applied', async () => {
    const { database, runs } = failing('40001', Number.POSITIVE_INFINITY)
    await expectUnavailable(serverOn(database), 'hopeless')
    expect(runs()).toBe(12)
    expect((await serverOn(opened.database).read('north', 'note', ['hopeless'])).size).toBe(0)
  })

  test.each([
    ['no resources', '53300'],
    ['an administrator’s shutdown', '57P01'],
  ])('F060 %s is 503 at once, and nothing is applied', async (_name, sqlState) => {
    const { database, runs } = failing(sqlState, 1)
    await expectUnavailable(serverOn(database), `outage-${sqlState}`)
    expect(runs()).toBe(1)
    expect((await serverOn(opened.database).read('north', 'note', [`outage-${sqlState}`])).size).toBe(0)
  })
})

describe('a served PostgreSQL', () => {
  test('F060 all connections in use: 503 after a bounded wait, and the next one goes through', async () => {
    const postgres = await launchPostgres()
    const database = await openPostgres({ url: postgres.url, log, connectionsMax: 1, connectionWaitMaxMs: 200 })
    const sync = serverOn(database)
    let free = (): void => undefined
    const held = new Promise<void>((resolve) => {
      free = resolve
    })
    const holder = database.tx('north', () => held)
    await expectUnavailable(sync, 'crowded')
    free()
    await holder
    expect((await sync.routes.fetch(batchRequest('crowded'))).status).toBe(200)
    await database.close()
    await postgres.stop()
  }, 60_000)

  test('F025 a database that is gone: 503 at every door, and the server lives', async () => {
    const postgres = await launchPostgres()
    const database = await openPostgres({ url: postgres.url, log })
    const sync = serverOn(database)
    await postgres.stop()
    await expectUnavailable(sync, 'gone')
    await expect(sync.list('north', 'note', { limit: 1 })).rejects.toThrow()
    await expectUnavailable(sync, 'still-gone')
    await database.close()
  }, 60_000)
})
