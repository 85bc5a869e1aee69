/** The apply path on both databases: the traps in which an effect could happen twice, not at all, or out of order. */
import type { WireOperation } from '@holdfast/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { codeOf, kinds, openApplying, type Applying } from './applying.fixture.ts'
import { openTimeoutMs, testDatabases } from './database/test-databases.fixture.ts'
import { breakNote, changeNote, createNote, idOf, noteOp, removeNote } from './notes.fixture.ts'

let tenants = 0
const newTenant = (): string => `tenant-${(tenants += 1)}`

describe.each(testDatabases)('on $name', (kind) => {
  let server: Applying
  beforeAll(async () => {
    server = await openApplying(kind)
  }, openTimeoutMs)
  afterAll(() => server.close())
  const apply: Applying['apply'] = (...sent) => server.apply(...sent)
  const note: Applying['note'] = (...named) => server.note(...named)
  const rows: Applying['rows'] = (...named) => server.rows(...named)
  const feedOf: Applying['feedOf'] = (tenant) => server.feedOf(tenant)
  const superuser: Applying['superuser'] = (sql) => server.superuser(sql)

  test('a chain of four changes of one entity in a batch is applied in order, in one write', async () => {
    const tenant = newTenant()
    const outcomes = await apply(tenant, [
      noteOp('c1', createNote, { id: 'n', add: 1 }),
      noteOp('c2', changeNote, { id: 'n', add: 10 }, { base: { after: idOf('c1') } }),
      noteOp('c3', changeNote, { id: 'n', text: 'x' }, { base: { after: idOf('c2') } }),
      noteOp('c4', changeNote, { id: 'n', add: 100 }, { base: { version: 3 } }),
    ])
    expect(outcomes).toMatchObject([1, 2, 3, 4].map((version) => ({ outcome: 'applied', version })))
    expect(await note(tenant, 'n')).toMatchObject({ version: 4, state: { count: 111, text: 'x' } })
    expect(await feedOf(tenant)).toEqual([{ seq: 1, id: 'n', version: 4, deleted: false }])
  })

  test('two batches that create the same entity at once: one does, the other is told', async () => {
    const tenant = newTenant()
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        apply(tenant, [noteOp(`race-${index}`, createNote, { id: 'n', add: 1 })]),
      ),
    )
    const all = answers.flat()
    expect(all.filter(({ outcome }) => outcome === 'applied')).toHaveLength(1)
    expect(all.filter((outcome) => codeOf(outcome) === 'refused')).toHaveLength(7)
    expect(await note(tenant, 'n')).toMatchObject({ version: 1, state: { count: 1 } })
  })

  test('changes of one entity by many batches at once lose nothing', async () => {
    const tenant = newTenant()
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        apply(tenant, [noteOp(`hot-${index}`, changeNote, { id: 'hot', add: 1 })]),
      ),
    )
    expect(new Set(answers.flat().map((outcome) => outcome.outcome))).toEqual(new Set(['applied']))
    expect(await note(tenant, 'hot')).toMatchObject({ version: 12, state: { count: 12 } })
  })

  test('a deferred operation leaves no trace, and is applied once when it is sent again', async () => {
    const tenant = newTenant()
    const bad = noteOp('d1', changeNote, { id: 'n', add: -1 })
    const behind = noteOp('d2', changeNote, { id: 'n', add: 5 })
    const elsewhere = noteOp('d3', changeNote, { id: 'm', add: 7 })
    expect(kinds(await apply(tenant, [bad, behind, elsewhere]))).toEqual(['rejected', 'deferred', 'applied'])
    expect((await rows(tenant, 'ledger', 't.id')).map(({ id }) => id)).toEqual(['d1', 'd3'])
    expect(kinds(await apply(tenant, [bad, behind]))).toEqual(['duplicate', 'deferred'])
    expect(kinds(await apply(tenant, [behind]))).toEqual(['applied'])
    expect(kinds(await apply(tenant, [behind]))).toEqual(['duplicate'])
    expect(await note(tenant, 'n')).toMatchObject({ version: 1, state: { count: 5 } })
  })

  test('a duplicate of an applied operation lets its lane go on, any other duplicate stops it', async () => {
    const tenant = newTenant()
    const first = noteOp('l1', changeNote, { id: 'n', add: 1 })
    await apply(tenant, [first])
    const next = noteOp('l2', changeNote, { id: 'n', add: 1 })
    expect(kinds(await apply(tenant, [first, next]))).toEqual(['duplicate', 'applied'])
    const bad = noteOp('l3', changeNote, { id: 'n', add: -1 })
    await apply(tenant, [bad])
    expect(kinds(await apply(tenant, [bad, noteOp('l4', changeNote, { id: 'n', add: 1 })]))).toEqual([
      'duplicate',
      'deferred',
    ])
  })

  test('a removed entity is gone for readers, in the feed as deleted, and its versions go on', async () => {
    const tenant = newTenant()
    await apply(tenant, [noteOp('r1', createNote, { id: 'n' }), noteOp('r2', removeNote, { id: 'n' })])
    expect(await note(tenant, 'n')).toBeUndefined()
    expect(await apply(tenant, [noteOp('r3', createNote, { id: 'n' })])).toMatchObject([{ version: 3 }])
    expect(await feedOf(tenant)).toMatchObject([
      { version: 2, deleted: true },
      { version: 3, deleted: false },
    ])
  })

  test('F013 the same batch three times at once: applied once, otherwise duplicate with the same outcome', async () => {
    const tenant = newTenant()
    const batch = Array.from({ length: 20 }, (_, index) =>
      noteOp(`t-${index}`, changeNote, { id: `n-${index % 5}`, add: 1 }),
    )
    const answers = await Promise.all([apply(tenant, batch), apply(tenant, batch), apply(tenant, batch)])
    for (const [index, operation] of batch.entries()) {
      const outcomes = answers.map((answer) => answer[index])
      const own = outcomes.filter((outcome) => outcome?.outcome === 'applied')
      expect(own, operation.id).toHaveLength(1)
      const { id, ...first } = own[0] ?? { id: undefined }
      const others = outcomes.filter((outcome) => outcome?.outcome !== 'applied')
      expect(others).toEqual([0, 1].map(() => ({ id, outcome: 'duplicate', first })))
    }
    for (let index = 0; index < 5; index += 1) {
      expect(await note(tenant, `n-${index}`)).toMatchObject({ version: 4, state: { count: 4 } })
    }
  })

  test('F063 the same operation a hundred times at once: one effect', async () => {
    const tenant = newTenant()
    const operation = noteOp('again', changeNote, { id: 'n', add: 1 })
    const answers = await Promise.all(Array.from({ length: 100 }, () => apply(tenant, [operation])))
    expect(answers.flat().filter(({ outcome }) => outcome === 'applied')).toHaveLength(1)
    expect(answers.flat().filter(({ outcome }) => outcome === 'duplicate')).toHaveLength(99)
    expect(await note(tenant, 'n')).toMatchObject({ version: 1, state: { count: 1 } })
  })

  test('F062 F090 the same id with another payload is refused, and the ledger keeps the first', async () => {
    const tenant = newTenant()
    await apply(tenant, [noteOp('u1', changeNote, { id: 'n', add: 1 })])
    const before = await rows(tenant, 'ledger', 't.id')
    const [answer] = await apply(tenant, [noteOp('u1', changeNote, { id: 'n', add: 2 })])
    expect(answer).toMatchObject({ outcome: 'rejected', problem: { status: 422 } })
    expect(codeOf(answer)).toBe('id-reused')
    expect(await rows(tenant, 'ledger', 't.id')).toEqual(before)
    expect(await note(tenant, 'n')).toMatchObject({ version: 1, state: { count: 1 } })
  })

  test('F083 an id of another user of the tenant is refused, for sending again and for replacing', async () => {
    const tenant = newTenant()
    const hers = noteOp('m1', changeNote, { id: 'n', add: 1 })
    await apply(tenant, [hers], 'ana')
    expect((await apply(tenant, [hers], 'ben')).map(codeOf)).toEqual(['id-reused'])
    const his = noteOp('m2', changeNote, { id: 'n', add: 1 }, { supersedes: idOf('m1') })
    expect((await apply(tenant, [his], 'ben')).map(codeOf)).toEqual(['forbidden'])
    expect(await note(tenant, 'n')).toMatchObject({ version: 1 })
  })

  test('F027 F061 a poison operation is refused alone; operation 7 of 20 fails and 19 are applied', async () => {
    const tenant = newTenant()
    const batch = Array.from({ length: 20 }, (_, index) =>
      noteOp(`q-${index}`, changeNote, index === 6 ? { id: 'bad', text: 'nul \u0000' } : { id: `n-${index}`, add: 1 }),
    )
    const outcomes = await apply(tenant, batch)
    expect(kinds(outcomes).filter((kind) => kind === 'applied')).toHaveLength(19)
    expect(codeOf(outcomes[6])).toBe('invalid-payload')
  })

  test('F065 a type or version from the future is deferred, an older version is upgraded', async () => {
    const tenant = newTenant()
    const future = noteOp('f1', changeNote, { id: 'n', add: 1 }, { version: 3 })
    const unknown = noteOp('f2', { type: 'note.unheard-of' }, { id: 'm' })
    const outcomes = await apply(tenant, [future, unknown])
    expect(outcomes.map(codeOf)).toEqual(['unknown-type', 'unknown-type'])
    expect(outcomes).toMatchObject([{ retryAfterMs: 60_000 }, { retryAfterMs: 60_000 }])
    expect(await rows(tenant, 'ledger', 't.id')).toEqual([])
    const old: WireOperation = {
      ...noteOp('f3', changeNote, { id: 'n' }),
      version: 1,
      payload: { name: 'n', text: 'old' },
    }
    expect(await apply(tenant, [old])).toMatchObject([{ outcome: 'applied', version: 1 }])
    expect(await note(tenant, 'n')).toMatchObject({ state: { text: 'old' } })
  })

  test('a bug in one decider defers that operation and its lane, and nothing else', async () => {
    const tenant = newTenant()
    const outcomes = await apply(tenant, [
      noteOp('i1', breakNote, { id: 'n' }),
      noteOp('i2', changeNote, { id: 'n', add: 1 }),
      noteOp('i3', changeNote, { id: 'm', add: 1 }),
    ])
    expect(kinds(outcomes)).toEqual(['deferred', 'deferred', 'applied'])
    expect(codeOf(outcomes[0])).toBe('internal')
  })

  test('an error of the database bisects the batch: the guilty operation alone is deferred, stopped lanes stay stopped', async () => {
    const tenant = newTenant()
    await superuser(`alter table holdfast.entities add constraint never check (id <> 'poison')`)
    try {
      const outcomes = await apply(tenant, [
        noteOp('g1', changeNote, { id: 'a', add: 1 }),
        noteOp('g2', changeNote, { id: 'poison', add: 1 }, { lane: 'note:shared' }),
        noteOp('g3', changeNote, { id: 'b', add: 1 }, { lane: 'note:shared' }),
        noteOp('g4', changeNote, { id: 'c', add: 1 }),
      ])
      expect(kinds(outcomes)).toEqual(['applied', 'deferred', 'deferred', 'applied'])
      expect(codeOf(outcomes[1])).toBe('internal')
    } finally {
      await superuser('alter table holdfast.entities drop constraint never')
    }
    expect((await feedOf(tenant)).map(({ seq }) => seq)).toEqual([1, 2])
  })

  test('several writers at once: the feed has no gap and no number twice', async () => {
    const tenant = newTenant()
    const writers = Array.from({ length: 8 }, (_, writer) =>
      Promise.all(
        Array.from({ length: 5 }, (_unused, index) =>
          apply(tenant, [
            noteOp(`a-${writer}-${index}`, changeNote, { id: `own-${writer}`, add: 1 }),
            noteOp(`b-${writer}-${index}`, changeNote, { id: `shared-${index % 3}`, add: 1 }),
            noteOp(`c-${writer}-${index}`, changeNote, { id: `own-${writer}`, add: -1 }),
          ]),
        ),
      ),
    )
    const outcomes = (await Promise.all(writers)).flat(2)
    expect(outcomes.filter(({ outcome }) => outcome === 'applied')).toHaveLength(80)
    const feed = await feedOf(tenant)
    expect(feed.map(({ seq }) => seq)).toEqual(feed.map((_, index) => index + 1))
    expect(feed).toHaveLength(80)
    const [head] = await server.database.tx(tenant, ({ query }) =>
      query('head', 'select h.seq::float8 as seq from holdfast.feed_head h where h.tenant = $1', [tenant]),
    )
    expect(head).toEqual({ seq: 80 })
  })
})
