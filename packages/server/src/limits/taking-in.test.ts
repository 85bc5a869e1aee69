/** What a server takes in, and of whom: stopped types, roles, rates and room, on both databases. */
import { batchPath, parseBatchAnswer, parseProblem, problemCodeOf, type WireOperation } from '@holdfast/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { codeOf, kinds } from '../applying.fixture.ts'
import type { Database } from '../database/database.ts'
import { openTimeoutMs, testDatabases, type TestDatabase } from '../database/test-databases.fixture.ts'
import { applied, decide, on } from '../handler.ts'
import { changeNote, changeNoteServerWins, idOf, noteHandlers, noteOp } from '../notes.fixture.ts'
import { createSyncServer, type ServerLimits, type SyncServer } from '../sync-server.ts'
import { listStoppedTypes, startType, stopType } from './stopped-types.ts'

const ana = { tenant: 'north', user: 'ana', device: 'phone' }

function batchOf(operations: readonly WireOperation[], as = 'ana@north'): Request {
  const identity = { protocol: 1, tenant: 'north', user: 'ana', device: 'phone', sequence: 1 }
  return new Request(`http://desk.example${batchPath}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-test-session': as },
    body: JSON.stringify({ ...identity, pending: 1, oldestAgeMs: 0, operations }),
  })
}

describe.each(testDatabases)('on $name', ({ open }) => {
  let opened: TestDatabase
  const clock = { nowMs: 1_000_000 }
  /** Who has which roles now; whoever is not in it is not signed in. */
  const roles = new Map<string, readonly string[]>([['ana@north', []]])
  beforeAll(async () => {
    opened = await open()
  }, openTimeoutMs)
  afterAll(() => opened.close())

  const serverOn = (database: Database, limits: ServerLimits = {}): SyncServer =>
    createSyncServer({
      database,
      limits,
      handlers: [
        ...noteHandlers.filter(({ definition }) => definition.type !== changeNoteServerWins.type),
        on(
          changeNoteServerWins,
          decide(({ payload: { id } }) => applied({ id })),
          { roles: ['manager', 'owner'] },
        ),
      ],
      authenticate: (request) => {
        const name = request.headers.get('x-test-session') ?? ''
        const [user = '', tenant = ''] = name.split('@')
        const own = roles.get(name)
        return own === undefined ? null : { tenant, user, roles: own }
      },
      nowMs: () => clock.nowMs,
    })
  const outcomesOf = async (response: Response) => parseBatchAnswer(await response.json())?.outcomes ?? []
  const problemOf = async (response: Response) => problemCodeOf(parseProblem(await response.json()))

  test('a stopped type is deferred with a time in every process; others, duplicates and cancels go on', async () => {
    const here = serverOn(opened.database)
    const there = serverOn(opened.database)
    const before = noteOp('s1', changeNote, { id: 's', add: 1 })
    expect(kinds(await here.apply(ana, [before]))).toEqual(['applied'])
    expect(kinds(await there.apply(ana, [before]))).toEqual(['duplicate'])

    await stopType(opened.database, { type: changeNote.type, untilMs: clock.nowMs + 90_000, reason: 'Stocktaking.' })
    clock.nowMs += 2_000
    const batch = [
      before,
      noteOp('s2', changeNote, { id: 's', add: 1 }),
      noteOp('s3', changeNote, { id: 's', add: 1 }),
      noteOp('s4', { type: 'note.create' }, { id: 'fresh' }),
      noteOp('s5', changeNote, { id: 'other' }, { cancel: idOf('never-came') }),
    ]
    for (const [index, server] of [here, there].entries()) {
      const outcomes = await server.apply(ana, batch)
      const others = index === 0 ? 'applied' : 'duplicate'
      expect(kinds(outcomes)).toEqual(['duplicate', 'deferred', 'deferred', others, others])
      expect(outcomes[1]).toMatchObject({ problem: { detail: 'Stocktaking.' }, retryAfterMs: 88_000 })
      expect(codeOf(outcomes[1])).toBe('unavailable')
    }
    // The time comes by itself.
    clock.nowMs += 88_000
    expect(kinds(await there.apply(ana, batch.slice(1, 2)))).toEqual(['applied'])
    expect(await listStoppedTypes(opened.database)).toHaveLength(1)

    await stopType(opened.database, { type: changeNote.type })
    clock.nowMs += 2_000
    expect(await here.apply(ana, batch.slice(2, 3))).toMatchObject([{ outcome: 'deferred', retryAfterMs: 60_000 }])
    await startType(opened.database, changeNote.type)
    clock.nowMs += 2_000
    expect(kinds(await here.apply(ana, batch.slice(2, 3)))).toEqual(['applied'])
    expect((await here.read('north', 'note', ['s'])).get('s')).toMatchObject({ state: { count: 3 } })
  })

  test('F056 a role that was lowered while operations were queued: refused with the reason, applied once it is back', async () => {
    const server = serverOn(opened.database)
    const operation = noteOp('r1', changeNoteServerWins, { id: 'r' })
    roles.set('ana@north', ['staff'])
    const [refusal] = await outcomesOf(await server.routes.fetch(batchOf([operation])))
    expect([refusal?.outcome, codeOf(refusal)]).toEqual(['rejected', 'forbidden'])
    expect(JSON.stringify(refusal)).toContain('manager, owner')
    expect((await server.read('north', 'note', ['r'])).size).toBe(0)

    roles.set('ana@north', ['manager'])
    const answers = await server.routes.fetch(
      batchOf([noteOp('r2', changeNoteServerWins, { id: 'r' }, { supersedes: idOf('r1') })]),
    )
    expect(kinds(await outcomesOf(answers))).toEqual(['applied'])
    roles.set('ana@north', [])
  })

  test('F056 a person who was removed, or belongs to another tenant now: nothing of theirs is applied', async () => {
    const server = serverOn(opened.database)
    const operation = noteOp('gone', changeNote, { id: 'gone', add: 1 })
    const removed = await server.routes.fetch(batchOf([operation], 'nobody@north'))
    expect([removed.status, await problemOf(removed)]).toEqual([401, 'unauthenticated'])
    roles.set('ana@south', ['manager'])
    const moved = await server.routes.fetch(batchOf([operation], 'ana@south'))
    expect([moved.status, await problemOf(moved)]).toEqual([403, 'wrong-identity'])
    for (const tenant of ['north', 'south']) expect((await server.read(tenant, 'note', ['gone'])).size).toBe(0)
  })

  test('F023 more requests than the rate: 429 with the time to come again, and then they pass', async () => {
    roles.set('ben@north', [])
    const server = serverOn(opened.database, {
      userRate: { perSecond: 1, burst: 2 },
      tenantRate: { perSecond: 1, burst: 3 },
    })
    const send = (as: string) => server.routes.fetch(batchOf([noteOp('rate', changeNote, { id: 'rate' })], as))
    expect((await send('ana@north')).status).toBe(200)
    expect((await send('ana@north')).status).toBe(200)
    const limited = await send('ana@north')
    expect([limited.status, limited.headers.get('retry-after'), await problemOf(limited)]).toEqual([
      429,
      '1',
      'rate-limited',
    ])
    // Ben has tokens of his own, and the tenant has one left. (The batch is Ana's.)
    expect((await send('ben@north')).status).toBe(403)
    expect((await send('ben@north')).status).toBe(429)
    clock.nowMs += 1_000
    expect((await send('ana@north')).status).toBe(200)
  })

  test('F088 no room for more requests: 503 with the time to come again, and what was taken in is finished', async () => {
    const held = Promise.withResolvers<void>()
    const slow: Database = {
      ...opened.database,
      tx: async (tenant, run) => {
        await held.promise
        return opened.database.tx(tenant, run)
      },
    }
    const server = serverOn(slow, { requestsMax: 2 })
    const send = (id: string) => server.routes.fetch(batchOf([noteOp(id, changeNote, { id, add: 1 })]))
    const taken = ['room-1', 'room-2'].map(send)
    const refused = await send('room-3')
    expect([refused.status, await problemOf(refused)]).toEqual([503, 'unavailable'])
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    held.resolve()
    for (const answer of taken) expect(kinds(await outcomesOf(await answer))).toEqual(['applied'])
    expect(kinds(await outcomesOf(await send('room-3')))).toEqual(['applied'])
  })

  test('F063 the same batch over a hundred connections at once: one effect, a hundred equal answers', async () => {
    const server = serverOn(opened.database)
    const operations = [noteOp('same', changeNote, { id: 'same', add: 1 })]
    const answers = await Promise.all(Array.from({ length: 100 }, async () => server.routes.fetch(batchOf(operations))))
    const outcomes = (await Promise.all(answers.map(outcomesOf))).flat()
    const firsts = outcomes.map(({ id: _id, ...outcome }) =>
      outcome.outcome === 'duplicate' ? outcome.first : outcome,
    )
    expect(firsts).toEqual(
      Array.from({ length: 100 }, () => ({ outcome: 'applied', version: 1, ids: { note: 'same' } })),
    )
    expect((await server.read('north', 'note', ['same'])).get('same')).toMatchObject({ state: { count: 1 } })
  })
})
