/** References and upgrades on both databases: what travels unresolved is resolved once, by the ledger, or said to wait. */
import { defineLane, defineOperation, isRecord, ref, type Json, type WireOperation } from '@holdfast/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { codeOf, kinds } from './applying.fixture.ts'
import { openTimeoutMs, testDatabases, type TestDatabase } from './database/test-databases.fixture.ts'
import { applied, decide, on, refused } from './handler.ts'
import { idOf } from './notes.fixture.ts'
import { wavesOf } from './references.ts'
import { createSyncServer, type SyncServer } from './sync-server.ts'

interface Box {
  readonly label: string
}
interface Item {
  readonly boxId: string
  readonly count: number
}

const boxLane = defineLane('box')
const itemLane = defineLane('item')
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** The server gives each box a number of its own: an entity id that the device cannot know. */
const addBox = defineOperation<Box>({
  type: 'box.add',
  version: 1,
  payload: {
    '~standard': {
      version: 1,
      vendor: 'tests',
      validate: (value) =>
        isRecord(value) && typeof value['label'] === 'string'
          ? { value: { label: value['label'] } }
          : { issues: [{ message: 'must be a box' }] },
    },
  },
  lane: ({ label }) => boxLane(label),
  entity: ({ label }) => ({ kind: 'box', id: `no-${label}` }),
})

/** Version 1 named the count `n`. */
const putItem = defineOperation<Item>({
  type: 'item.put',
  version: 2,
  payload: {
    '~standard': {
      version: 1,
      vendor: 'tests',
      validate: (value) =>
        isRecord(value) && typeof value['boxId'] === 'string' && typeof value['count'] === 'number'
          ? { value: { boxId: value['boxId'], count: value['count'] } }
          : { issues: [{ message: 'must be an item', path: ['boxId'] }] },
    },
  },
  lane: ({ count }) => itemLane(`${count}`),
  entity: ({ boxId }) => ({ kind: 'box', id: boxId }),
  upgrade: (from, payload) => {
    if (from !== 1 || !isRecord(payload)) return payload
    // An upgrade sees the ids themselves: version 1 kept them with a mark of its own.
    return {
      boxId: textOf(payload['boxId']).replace('#', ''),
      count: typeof payload['n'] === 'number' ? payload['n'] : 0,
    }
  },
})

const handlers = [
  on(
    addBox,
    decide(({ payload: { label } }) =>
      label === 'bad' ? refused('No such box.') : applied({ label, count: 0 }, { ids: { box: `no-${label}` } }),
    ),
  ),
  on(
    putItem,
    decide(({ payload: { boxId, count } }, box) => {
      const state = box?.state
      if (!isRecord(state)) return refused(`There is no box ${boxId}.`)
      const before = typeof state['count'] === 'number' ? state['count'] : 0
      return applied({ label: textOf(state['label']), count: before + count }, { result: { boxId } })
    }),
  ),
]

const op = (
  id: string,
  definition: { readonly type: string; readonly version: number },
  lane: string,
  payload: Json,
  more: Partial<WireOperation> = {},
): WireOperation => ({
  id: idOf(id),
  type: definition.type,
  version: definition.version,
  lane,
  payload,
  ageMs: 0,
  ...more,
})
const box = (id: string, label: string, more: Partial<WireOperation> = {}): WireOperation =>
  op(id, addBox, `box:${label}`, { label }, more)
const item = (
  id: string,
  parent: string,
  count: number,
  more: Partial<WireOperation> = {},
  name = 'box',
): WireOperation =>
  op(id, putItem, `item:${id}`, { boxId: { ...ref(idOf(parent), name) }, count }, { after: [idOf(parent)], ...more })

let tenants = 0
const newTenant = (): string => `tenant-${(tenants += 1)}`

describe.each(testDatabases)('on $name', (kind) => {
  let opened: TestDatabase
  let sync: SyncServer
  beforeAll(async () => {
    opened = await kind.open()
    sync = createSyncServer({ database: opened.database, handlers, authenticate: () => null })
  }, openTimeoutMs)
  afterAll(() => opened.close())
  const apply = (tenant: string, operations: readonly WireOperation[], user = 'ana') =>
    sync.apply({ tenant, user, device: 'phone' }, operations)
  const countOf = async (tenant: string, label: string): Promise<unknown> => {
    const state = (await sync.read(tenant, 'box', [`no-${label}`])).get(`no-${label}`)?.state
    return isRecord(state) ? state['count'] : undefined
  }
  const ledgerIds = async (tenant: string): Promise<readonly unknown[]> => {
    const rows = await opened.database.tx(tenant, ({ query }) =>
      query('ids', 'select t.id from holdfast.ledger t order by t.id', []),
    )
    return rows.map(({ id }) => id)
  }

  test('R065 F052 an id that an earlier operation was given is put in, and the decider sees it', async () => {
    const tenant = newTenant()
    await apply(tenant, [box('b', 'x')])
    expect(await apply(tenant, [item('i', 'b', 3)])).toMatchObject([
      { outcome: 'applied', version: 2, result: { boxId: 'no-x' } },
    ])
    expect(await countOf(tenant, 'x')).toBe(3)
  })

  test('R065 R066 parent, child and grandchild in one batch, entity and all, answered in the order of the batch', async () => {
    const tenant = newTenant()
    const batch = [
      box('b1', 'x'),
      item('i1', 'b1', 1),
      box('b2', 'y'),
      item('i2', 'b2', 10),
      item('i3', 'b1', 5, { base: { after: idOf('i1') } }),
    ]
    const outcomes = await apply(tenant, batch)
    expect(outcomes.map(({ id, outcome }) => `${id} ${outcome}`)).toEqual(batch.map(({ id }) => `${id} applied`))
    expect([await countOf(tenant, 'x'), await countOf(tenant, 'y')]).toEqual([6, 10])
  })

  test('F012 a second send of the same batch, still unresolved, is the same operation', async () => {
    const tenant = newTenant()
    const batch = [box('b', 'x'), item('i', 'b', 3)]
    await apply(tenant, batch)
    expect(kinds(await apply(tenant, batch))).toEqual(['duplicate', 'duplicate'])
    expect(await countOf(tenant, 'x')).toBe(3)
    const resolved = op('i', putItem, 'item:i', { boxId: 'no-x', count: 3 }, { after: [idOf('b')] })
    expect(codeOf((await apply(tenant, [resolved]))[0])).toBe('id-reused')
  })

  test('R065 what refers to an operation that is not applied waits without a trace', async () => {
    const tenant = newTenant()
    const [answer] = await apply(tenant, [item('i', 'b', 3)])
    expect(answer).toMatchObject({ outcome: 'deferred', retryAfterMs: 5000 })
    expect(codeOf(answer)).toBe('in-progress')
    expect(await ledgerIds(tenant)).toEqual([])
    expect(kinds(await apply(tenant, [item('i', 'b', 3), box('b', 'x')]))).toEqual(['deferred', 'applied'])
    expect(kinds(await apply(tenant, [item('i', 'b', 3)]))).toEqual(['applied'])
  })

  test('F053 what refers to a refused or a cancelled operation is refused by name; others flow', async () => {
    const tenant = newTenant()
    const outcomes = await apply(tenant, [box('b', 'bad'), item('i', 'b', 3), box('c', 'x'), item('j', 'c', 1)])
    expect(kinds(outcomes)).toEqual(['rejected', 'rejected', 'applied', 'applied'])
    expect(codeOf(outcomes[1])).toBe('parent-refused')
    await apply(tenant, [op('d', addBox, 'box:y', null, { cancel: idOf('e') })])
    expect(codeOf((await apply(tenant, [item('k', 'e', 3)]))[0])).toBe('parent-refused')
  })

  test('R065 an id that the operation was not given is refused by name, inherited names too', async () => {
    const tenant = newTenant()
    await apply(tenant, [box('b', 'x')])
    const outcomes = await apply(tenant, [item('i', 'b', 3, {}, 'crate'), item('j', 'b', 3, {}, 'constructor')])
    expect(outcomes.map(codeOf)).toEqual(['reference-missing', 'reference-missing'])
    expect(await countOf(tenant, 'x')).toBe(0)
  })

  test('F071 F090 an operation of another tenant or of another person is as unknown as one that never was', async () => {
    const [tenant, other] = [newTenant(), newTenant()]
    await apply(other, [box('b', 'x')])
    await apply(tenant, [box('c', 'y')], 'ben')
    const unknown = await apply(tenant, [item('i', 'b', 3), item('j', 'c', 3), item('k', 'never', 3)])
    expect(unknown.map(({ outcome }) => outcome)).toEqual(['deferred', 'deferred', 'deferred'])
    expect(
      new Set(unknown.map((outcome) => JSON.stringify({ ...outcome, id: '' }).replace(/needs \w+,/, ''))),
    ).toHaveProperty('size', 1)
  })

  test('R065 what refers to an edited operation gets the id of its edit', async () => {
    const tenant = newTenant()
    expect(kinds(await apply(tenant, [box('e', 'y', { supersedes: idOf('b') }), item('i', 'b', 4)]))).toEqual([
      'applied',
      'applied',
    ])
    expect(await countOf(tenant, 'y')).toBe(4)
  })

  test('I3 what stands behind a reference in its lane does not overtake it', async () => {
    const tenant = newTenant()
    const outcomes = await apply(tenant, [
      box('b', 'x'),
      item('i', 'b', 1, { lane: 'one' }, 'crate'),
      op('j', addBox, 'one', { label: 'y' }),
      item('k', 'b', 1),
    ])
    expect(kinds(outcomes)).toEqual(['applied', 'rejected', 'deferred', 'applied'])
  })

  test('what looks like a reference to an operation that it does not come after stays data', async () => {
    const tenant = newTenant()
    await apply(tenant, [box('b', 'x')])
    const { after: _, ...alone } = item('i', 'b', 3)
    const elsewhere = item('j', 'b', 3, { after: [idOf('c')] })
    expect((await apply(tenant, [alone, elsewhere])).map(codeOf)).toEqual(['invalid-payload', 'invalid-payload'])
  })

  test('F047 an older version is upgraded after its references are resolved; its content keeps its hash', async () => {
    const tenant = newTenant()
    const old = { ...item('i', 'b', 0), version: 1, payload: { boxId: { ...ref(idOf('b'), 'box') }, n: 7 } }
    expect(kinds(await apply(tenant, [box('b', 'x'), old]))).toEqual(['applied', 'applied'])
    expect(await countOf(tenant, 'x')).toBe(7)
    expect(kinds(await apply(tenant, [old]))).toEqual(['duplicate'])
    const rewritten = { ...item('i', 'b', 7), version: 2 }
    expect(codeOf((await apply(tenant, [rewritten]))[0])).toBe('id-reused')
  })

  test('F047 F065 a version that is newer than the server waits for a release that knows it', async () => {
    const tenant = newTenant()
    const newer = { ...item('i', 'b', 3), version: 3 }
    const outcomes = await apply(tenant, [box('b', 'x'), newer])
    expect(outcomes).toMatchObject([{ outcome: 'applied' }, { outcome: 'deferred', retryAfterMs: 60_000 }])
    expect(codeOf(outcomes[1])).toBe('unknown-type')
    expect(await ledgerIds(tenant)).toEqual(['b'])
  })
})

describe('waves', () => {
  const chain = (length: number): readonly WireOperation[] =>
    Array.from({ length }, (_, index) => (index === 0 ? box('o0', 'x') : item(`o${index}`, `o${index - 1}`, 1)))

  test('a batch without references is one', () => {
    expect(wavesOf([box('a', 'x'), box('b', 'x', { after: [idOf('a')] })])).toEqual([[0, 1]])
  })

  test('I13 many pairs take two waves, and a chain one each', () => {
    const pairs = Array.from({ length: 50 }, (_, n) => [box(`b${n}`, `${n}`), item(`i${n}`, `b${n}`, 1)]).flat()
    expect(wavesOf(pairs)).toHaveLength(2)
    expect(wavesOf(chain(100))).toHaveLength(100)
  })

  test('what refers to an operation comes after every edit of it, the first ones included', () => {
    const edited = box('b3', 'x', { supersedes: idOf('b2'), earlier: [idOf('b1'), idOf('b0')] })
    for (const named of ['b3', 'b2', 'b1', 'b0']) expect(wavesOf([edited, item('i', named, 1)])).toEqual([[0], [1]])
  })

  test('I3 each place stands in one wave, and none before what is ahead of it in its lane or what it needs', () => {
    const batch: readonly WireOperation[] = [
      box('b', 'x'),
      item('i', 'b', 1, { lane: 'l' }),
      box('c', 'y', { lane: 'l' }),
      box('d', 'z', { after: [idOf('c')] }),
      item('j', 'd', 1),
    ]
    expect(wavesOf(batch)).toEqual([[0], [1, 2, 3], [4]])
    const places = wavesOf(batch).flat()
    expect(new Set(places)).toEqual(new Set(batch.keys()))
    expect(places).toHaveLength(batch.length)
  })
})
