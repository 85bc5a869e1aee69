/** Conflicts on both databases: every strategy, both sides kept, and two people who settle one conflict at once. */
import {
  counter,
  defineLane,
  defineOperation,
  isJson,
  isRecord,
  money,
  ranked,
  setById,
  text,
  textSeparator,
  type ConflictStrategy,
  type Json,
  type JsonObject,
  type OperationDefinition,
  type Schema,
  type WireOperation,
} from '@holdfast/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTimeoutMs, testDatabases, type TestDatabase } from './database/test-databases.fixture.ts'
import { applied, decide, on, refused, type Handler } from './handler.ts'
import { idOf } from './notes.fixture.ts'
import { createSyncServer, type SyncServer } from './sync-server.ts'

interface Edit {
  readonly id: string
  readonly fields: JsonObject
}

const editSchema: Schema<Edit> = {
  '~standard': {
    version: 1,
    vendor: 'tests',
    validate: (value) => {
      if (!isRecord(value) || typeof value['id'] !== 'string') return { issues: [{ message: 'must have an id' }] }
      const fields: [string, Json][] = []
      for (const [name, field] of Object.entries(value)) if (isJson(field) && name !== 'id') fields.push([name, field])
      return { value: { id: value['id'], fields: Object.fromEntries(fields) } }
    },
  },
}

const taskLane = defineLane('task')

function editOf(conflict: ConflictStrategy): OperationDefinition<Edit> {
  return defineOperation({
    type: `task.${conflict.replace('_', '-')}`,
    version: 1,
    payload: editSchema,
    lane: ({ id }) => taskLane(id),
    entity: ({ id }) => ({ kind: 'task', id }),
    policy: { conflict },
    merge: {
      status: ranked(['cancelled', 'open', 'done']),
      notes: text(),
      parts: setById('id'),
      hours: counter(),
      costCents: money(),
    },
  })
}

const remove = defineOperation<Edit>({ ...editOf('merge'), type: 'task.remove', policy: { conflict: 'merge' } })

/** Sets fields; a task that is locked takes no change. */
const change = decide<Edit>(({ payload: { fields } }, entity) => {
  const state = isRecord(entity?.state) ? entity.state : {}
  return 'locked' in state ? refused('The task is locked.') : applied({ ...state, ...fields })
})

const strategies: readonly ConflictStrategy[] = ['server_wins', 'client_wins', 'merge', 'manual']
const handlers: readonly Handler[] = [
  ...strategies.map((strategy) => on(editOf(strategy), change)),
  on(
    remove,
    decide(() => applied(null)),
  ),
]

const base = { status: 'open', notes: 'gate', parts: [{ id: 'p1', n: 1 }], hours: 2, costCents: 100 }
const atMs = 1_790_000_000_000
let names = 0

describe.each(testDatabases)('on $name', ({ open }) => {
  let opened: TestDatabase
  let sync: SyncServer
  let nowMs = atMs

  beforeAll(async () => {
    opened = await open()
    sync = createSyncServer({
      database: opened.database,
      handlers,
      authenticate: (request) => {
        const user = request.headers.get('x-user')
        return user === null ? null : { tenant: request.headers.get('x-tenant') ?? 'north', user, roles: [] }
      },
      nowMs: () => nowMs,
    })
  }, openTimeoutMs)
  afterAll(() => opened.close())

  const send = async (
    id: string,
    type: string,
    payload: JsonObject & { readonly id: string },
    more: Partial<WireOperation> = {},
    user = 'ana',
  ) => {
    const lane = `task:${payload.id}`
    const wire = { id: idOf(id), type, version: 1, lane, entity: { kind: 'task', id: payload.id }, payload, ageMs: 0 }
    const [outcome] = await sync.apply({ tenant: 'north', user, device: 'phone' }, [{ ...wire, ...more }])
    if (outcome === undefined) throw new Error('no outcome')
    return outcome
  }
  const stateOf = async (id: string) => (await sync.read('north', 'task', [id])).get(id)?.state
  const losing = (id: string) => sync.losingSide('north', idOf(id))

  /** A task at version 1, changed by Ben to version 2. */
  const changedByBen = async (theirs: JsonObject) => {
    const id = `t${(names += 1)}`
    nowMs = atMs
    await send(`${id}-1`, 'task.merge', { id, ...base })
    await send(`${id}-2`, 'task.merge', { id, ...theirs }, { base: { version: 1 } }, 'ben')
    return { id, op: `${id}-3`, base: { version: 1, state: base } as const }
  }

  test('R104 F091 the server wins: its state stands and the operation’s is kept', async () => {
    const { id, op, base: made } = await changedByBen({ notes: 'theirs' })
    const outcome = await send(op, 'task.server-wins', { id, notes: 'mine' }, { base: made })
    expect(outcome).toMatchObject({
      outcome: 'applied',
      version: 2,
      conflictResolved: true,
      result: { notes: 'theirs' },
    })
    expect(await stateOf(id)).toMatchObject({ notes: 'theirs' })
    expect(await losing(op)).toMatchObject({ side: 'operation', version: 2, data: { id, notes: 'mine' } })
  })

  test('R104 F091 the client wins: its change stands and the state that it overwrote is kept', async () => {
    const { id, op, base: made } = await changedByBen({ notes: 'theirs' })
    const outcome = await send(op, 'task.client-wins', { id, notes: 'mine' }, { base: made })
    expect(outcome).toMatchObject({ outcome: 'applied', version: 3, conflictResolved: true })
    expect(await stateOf(id)).toMatchObject({ notes: 'mine' })
    expect(await losing(op)).toMatchObject({ side: 'current', data: { notes: 'theirs' } })
  })

  test('R104 R111 R112 a merge keeps the changes of both and is one version further', async () => {
    const theirs = { notes: 'gate open', parts: [...base.parts, { id: 'p2', n: 1 }], hours: 3, status: 'done' }
    const { id, op, base: made } = await changedByBen(theirs)
    nowMs = atMs + 60_000
    const mine = { id, notes: 'gate 12', parts: [...base.parts, { id: 'p3', n: 1 }], hours: 4, status: 'cancelled' }
    const outcome = await send(op, 'task.merge', mine, { base: made })
    const merged = {
      status: 'done',
      notes: `gate open${textSeparator}gate 12`,
      parts: [...theirs.parts, { id: 'p3', n: 1 }],
      hours: 5,
      costCents: 100,
    }
    expect(outcome).toMatchObject({ outcome: 'applied', version: 3, conflictResolved: true, result: merged })
    const entity = (await sync.read('north', 'task', [id])).get(id)
    expect(entity).toMatchObject({ version: 3, state: merged, lastModifiedMs: atMs + 60_000 })
    expect(await losing(op)).toMatchObject({ side: 'both', data: { current: { hours: 3 }, operation: { hours: 4 } } })
    expect(await send(op, 'task.merge', mine, { base: made })).toMatchObject({ outcome: 'duplicate' })
    expect(await stateOf(id)).toEqual(merged)
  })

  test('R108 money that both changed goes to a person, with nothing changed and both sides kept', async () => {
    const { id, op, base: made } = await changedByBen({ costCents: 200, notes: 'theirs' })
    const outcome = await send(op, 'task.merge', { id, costCents: 300, notes: 'mine' }, { base: made })
    expect(outcome).toMatchObject({ outcome: 'conflict', version: 2, conflictFields: ['costCents'] })
    expect(await stateOf(id)).toMatchObject({ costCents: 200, notes: 'theirs' })
    expect(await losing(op)).toMatchObject({ side: 'operation', data: { costCents: 300 } })
  })

  test('R113 R103 manual waits for a person, and of two who settle it one does and the other sees a new conflict', async () => {
    const { id, op, base: made } = await changedByBen({ notes: 'theirs' })
    const first = await send(op, 'task.manual', { id, notes: 'mine' }, { base: made })
    expect(first).toMatchObject({
      outcome: 'conflict',
      version: 2,
      current: { notes: 'theirs' },
      conflictFields: ['notes'],
    })
    const [resolved, beaten] = await Promise.all([
      send(`${op}r`, 'task.manual', { id, notes: 'both' }, { base: { version: 2 }, resolves: idOf(op) }),
      send(`${op}s`, 'task.manual', { id, notes: 'other' }, { base: { version: 2 } }, 'ben'),
    ])
    expect([resolved.outcome, beaten.outcome].toSorted()).toEqual(['applied', 'conflict'])
    expect(await stateOf(id)).toMatchObject({ notes: resolved.outcome === 'applied' ? 'both' : 'other' })
  })

  test('F091 what somebody removed while another changed it goes to a person, whoever came first', async () => {
    const first = await changedByBen({ notes: 'theirs' })
    await send(`${first.id}-d`, 'task.remove', { id: first.id }, { base: { version: 2 } }, 'ben')
    const late = await send(first.op, 'task.merge', { id: first.id, notes: 'mine' }, { base: first.base })
    expect(late).toMatchObject({ outcome: 'conflict', version: 3, current: null })
    const second = await changedByBen({ notes: 'theirs' })
    const removal = await send(second.op, 'task.remove', { id: second.id }, { base: second.base })
    expect(removal).toMatchObject({ outcome: 'conflict', current: { notes: 'theirs' } })
    expect(await stateOf(second.id)).toMatchObject({ notes: 'theirs' })
  })

  test('a base that a sender made up does not get round a rule of the domain', async () => {
    const { id, op } = await changedByBen({ locked: true })
    const outcome = await send(op, 'task.merge', { id, notes: 'mine' }, { base: { version: 1, state: base } })
    expect(outcome).toMatchObject({ outcome: 'rejected', problem: { detail: 'The task is locked.' } })
  })

  test('where nobody kept the base, fields that differ go by their rules and the rest stays', async () => {
    const { id, op } = await changedByBen({ notes: 'theirs', hours: 9 })
    const outcome = await send(op, 'task.merge', { id, notes: 'mine' }, { base: { version: 1 } })
    expect(outcome).toMatchObject({ outcome: 'applied', result: { notes: `theirs${textSeparator}mine`, hours: 9 } })
    const counted = await send(`${op}c`, 'task.merge', { id, hours: 4 }, { base: { version: 1 } })
    expect(counted).toMatchObject({ outcome: 'conflict', conflictFields: ['hours'] })
  })

  test('R102 without a version, a change made on what is more than five seconds older meets a conflict', async () => {
    const { id, op } = await changedByBen({ notes: 'theirs' })
    const near = await send(`${op}n`, 'task.manual', { id, status: 'done' }, { base: { lastModifiedMs: atMs - 5_000 } })
    expect(near).toMatchObject({ outcome: 'applied', version: 3 })
    const same = await send(`${op}e`, 'task.manual', { id, notes: 'theirs' }, { base: { lastModifiedMs: 0 } })
    expect(same).toMatchObject({ outcome: 'applied', version: 4 })
    const far = await send(op, 'task.manual', { id, notes: 'mine' }, { base: { lastModifiedMs: atMs - 5_001 } })
    expect(far).toMatchObject({ outcome: 'conflict', conflictFields: ['notes'] })
    const merged = { base: { lastModifiedMs: atMs - 5_001, state: base } }
    expect(await send(`${op}m`, 'task.merge', { id, hours: 7 }, merged)).toMatchObject({
      outcome: 'applied',
      conflictResolved: true,
      result: { hours: 7, notes: 'theirs', status: 'done' },
    })
  })

  test('I9 the losing side is read at its door by those of the tenant, and by nobody else', async () => {
    const { id, op, base: made } = await changedByBen({ notes: 'theirs' })
    await send(op, 'task.server-wins', { id, notes: 'mine' }, { base: made })
    const read = (operation: string, headers: Record<string, string>) =>
      sync.routes.request(`http://desk.example/api/sync/losing-sides/${operation}`, { headers })
    const answer = await read(op, { 'x-user': 'ben' })
    expect(await answer.json()).toEqual({
      operation: op,
      entity: { kind: 'task', id },
      version: 2,
      side: 'operation',
      data: { id, notes: 'mine' },
      at: new Date(atMs).toISOString(),
    })
    const statuses = await Promise.all([
      read(op, {}),
      read(op, { 'x-user': 'eve', 'x-tenant': 'south' }),
      read(`${id}-1`, { 'x-user': 'ben' }),
      read('not%20an%20id', { 'x-user': 'ben' }),
    ])
    expect(statuses.map(({ status }) => status)).toEqual([401, 404, 404, 404])
  })
})
