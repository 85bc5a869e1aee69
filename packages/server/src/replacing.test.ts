/** Operations that replace, cancel, need or contradict others, on both databases: one effect each. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { codeOf, kinds, openApplying, type Applying } from './applying.fixture.ts'
import { openTimeoutMs, testDatabases } from './database/test-databases.fixture.ts'
import {
  changeNote,
  changeNoteClientWins,
  changeNoteMerge,
  changeNoteServerWins,
  createNote,
  idOf,
  noteOp,
  removeNote,
} from './notes.fixture.ts'

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

  test('F012 a lost answer followed by an edit: the first one stands, the edit applies nothing', async () => {
    const tenant = newTenant()
    const [first] = await apply(tenant, [noteOp('s1', createNote, { id: 'n', text: 'first' })])
    const edit = noteOp('s2', createNote, { id: 'n', text: 'edited' }, { supersedes: idOf('s1') })
    const expected = [{ id: 's2', outcome: 'duplicate', first: { outcome: 'applied', version: 1 }, of: 's1' }]
    expect(first).toMatchObject({ outcome: 'applied', version: 1 })
    expect(await apply(tenant, [edit])).toEqual(expected)
    expect(await apply(tenant, [edit])).toEqual(expected)
    expect(await note(tenant, 'n')).toMatchObject({ version: 1, state: { text: 'first' } })
  })

  test('F014 an edit that came first leaves a tombstone: the late original is answered cancelled', async () => {
    const tenant = newTenant()
    const late = noteOp('s1', createNote, { id: 'n', text: 'first' })
    const edit = noteOp('s2', createNote, { id: 'n', text: 'edited' }, { supersedes: idOf('s1') })
    expect(kinds(await apply(tenant, [edit]))).toEqual(['applied'])
    const [answer] = await apply(tenant, [late])
    expect(answer).toMatchObject({ outcome: 'duplicate', first: { outcome: 'rejected' } })
    expect(codeOf(answer)).toBe('cancelled')
    expect(await note(tenant, 'n')).toMatchObject({ version: 1, state: { text: 'edited' } })
  })

  test('F012 a lost answer followed by a discard: it says that the operation had been applied', async () => {
    const tenant = newTenant()
    await apply(tenant, [noteOp('k1', createNote, { id: 'n' })])
    const discard = noteOp('k2', createNote, { id: 'n' }, { cancel: idOf('k1') })
    const expected = [{ id: 'k2', outcome: 'duplicate', first: { outcome: 'applied', version: 1 }, of: 'k1' }]
    expect(await apply(tenant, [discard])).toEqual(expected)
    expect(await apply(tenant, [discard])).toEqual(expected)
    expect(await note(tenant, 'n')).toMatchObject({ version: 1 })
  })

  test('F014 F095 an edit of an edit that nobody has answered: neither of the two versions before it can arrive late', async () => {
    const tenant = newTenant()
    const first = noteOp('q1', createNote, { id: 'n', text: 'first' })
    const second = noteOp('q2', createNote, { id: 'n', text: 'second' }, { supersedes: first.id })
    const third = noteOp('q3', createNote, { id: 'n', text: 'third' }, { supersedes: second.id, earlier: [first.id] })
    const child = noteOp('q4', changeNote, { id: 'm', add: 1 }, { after: [first.id] })
    expect(kinds(await apply(tenant, [third]))).toEqual(['applied'])
    for (const late of [second, first]) {
      const [answer] = await apply(tenant, [late])
      expect([answer?.outcome, codeOf(answer)]).toEqual(['duplicate', 'cancelled'])
    }
    expect(await note(tenant, 'n')).toMatchObject({ version: 1, state: { text: 'third' } })
    // Who needs one of the versions before needs what became of it.
    expect(kinds(await apply(tenant, [child]))).toEqual(['applied'])
  })

  test('F012 a lost answer followed by two edits: the first one stands, and neither edit applies anything', async () => {
    const tenant = newTenant()
    await apply(tenant, [noteOp('g1', createNote, { id: 'n', text: 'first' })])
    const edit = noteOp('g3', createNote, { id: 'n', text: 'third' }, { supersedes: idOf('g2'), earlier: [idOf('g1')] })
    const expected = [{ id: 'g3', outcome: 'duplicate', first: { outcome: 'applied', version: 1 }, of: 'g1' }]
    expect(await apply(tenant, [edit])).toEqual(expected)
    expect(await note(tenant, 'n')).toMatchObject({ version: 1, state: { text: 'first' } })
  })

  test('F014 a newer change absorbs an older one: of that, nothing can arrive late, and the newer one always counts', async () => {
    const tenant = newTenant()
    const [first, second] = ['c1', 'c2'].map((id) => noteOp(id, changeNote, { id: 'n', text: id }))
    if (first === undefined || second === undefined) throw new TypeError('two of them')
    const third = noteOp('c3', changeNote, { id: 'n', text: 'c3' }, { absorbs: [second.id, first.id] })
    const child = noteOp('c4', changeNote, { id: 'm', add: 1 }, { after: [second.id] })
    await apply(tenant, [first])
    expect(await apply(tenant, [third])).toMatchObject([{ outcome: 'applied', version: 2 }])
    for (const late of [first, second]) await apply(tenant, [late])
    expect(await note(tenant, 'n')).toMatchObject({ version: 2, state: { text: 'c3' } })
    expect(kinds(await apply(tenant, [child]))).toEqual(['applied'])
  })

  test('a newer change on the same version is no conflict with the older one that it absorbs, but with anybody else’s', async () => {
    const tenant = newTenant()
    const on = (version: number, id: string, absorbs: readonly string[]): ReturnType<typeof noteOp> =>
      noteOp(id, changeNote, { id: 'n', text: id }, { base: { version }, absorbs: absorbs.map(idOf) })
    expect(kinds(await apply(tenant, [on(0, 'd1', [])]))).toEqual(['applied'])
    expect(kinds(await apply(tenant, [on(0, 'd2', ['d1'])]))).toEqual(['applied'])
    expect(kinds(await apply(tenant, [on(0, 'd3', ['d2', 'd1'])]))).toEqual(['applied'])
    await apply(tenant, [noteOp('theirs', changeNote, { id: 'n', add: 1 })])
    expect(kinds(await apply(tenant, [on(0, 'd4', ['d3', 'd2', 'd1'])]))).toEqual(['conflict'])
  })

  test('what somebody else has made cannot be absorbed', async () => {
    const tenant = newTenant()
    await apply(tenant, [noteOp('h1', changeNote, { id: 'n', add: -1 })])
    const taking = noteOp('h2', changeNote, { id: 'n', add: 1 }, { absorbs: [idOf('h1')] })
    const [answer] = await apply(tenant, [taking], 'ben')
    expect(codeOf(answer)).toBe('forbidden')
  })

  test('a discard that was taken back: the operation goes under a new id, and the discard may still arrive', async () => {
    const tenant = newTenant()
    const original = noteOp('u1', createNote, { id: 'n', text: 'mine' })
    const discard = noteOp('u2', createNote, { id: 'n' }, { cancel: original.id })
    const again = noteOp('u3', createNote, { id: 'n', text: 'mine' }, { supersedes: original.id })
    expect(kinds(await apply(tenant, [again]))).toEqual(['applied'])
    expect(kinds(await apply(tenant, [discard]))).toEqual(['applied'])
    expect(kinds(await apply(tenant, [original]))).toEqual(['duplicate'])
    expect(await note(tenant, 'n')).toMatchObject({ version: 1, state: { text: 'mine' } })
  })

  test('a discard that the server has taken note of can be taken back as well, once', async () => {
    const tenant = newTenant()
    const discard = noteOp('t2', createNote, { id: 'n' }, { cancel: idOf('t1') })
    expect(kinds(await apply(tenant, [discard]))).toEqual(['applied'])
    const [again, twice] = ['t3', 't4'].map((id) => noteOp(id, createNote, { id: 'n' }, { supersedes: idOf('t1') }))
    if (again === undefined || twice === undefined) throw new TypeError('two of them')
    expect(kinds(await apply(tenant, [again]))).toEqual(['applied'])
    expect(await apply(tenant, [twice])).toMatchObject([{ outcome: 'duplicate', of: 't1' }])
    expect(await note(tenant, 'n')).toMatchObject({ version: 1 })
  })

  test('a discard that came first: nothing is applied, and the late original is answered cancelled', async () => {
    const tenant = newTenant()
    const discard = noteOp('k2', createNote, { id: 'n' }, { cancel: idOf('k1') })
    expect(await apply(tenant, [discard])).toEqual([{ id: 'k2', outcome: 'applied' }])
    const [answer] = await apply(tenant, [noteOp('k1', createNote, { id: 'n' })])
    expect(answer).toMatchObject({ outcome: 'duplicate', first: { outcome: 'rejected' } })
    expect(codeOf(answer)).toBe('cancelled')
    expect(await note(tenant, 'n')).toBeUndefined()
    expect(await feedOf(tenant)).toEqual([])
  })

  test('an original and its edit sent at the same moment: one of the two is applied', async () => {
    const tenant = newTenant()
    for (let round = 0; round < 10; round += 1) {
      const original = noteOp(`o-${round}`, changeNote, { id: `n-${round}`, add: 1 })
      const edit = noteOp(`e-${round}`, changeNote, { id: `n-${round}`, add: 1 }, { supersedes: original.id })
      await Promise.all([apply(tenant, [original]), apply(tenant, [edit])])
      expect(await note(tenant, `n-${round}`)).toMatchObject({ version: 1, state: { count: 1 } })
    }
  })

  test('F095 a dead letter retried twice takes effect once', async () => {
    const tenant = newTenant()
    await apply(tenant, [noteOp('p1', changeNote, { id: 'n', add: -1 })])
    const retries = ['p2', 'p3'].map((id) => noteOp(id, changeNote, { id: 'n', add: 1 }, { supersedes: idOf('p1') }))
    const answers = await Promise.all(retries.map((retry) => apply(tenant, [retry])))
    expect(
      answers
        .flat()
        .map(({ outcome }) => outcome)
        .toSorted(),
    ).toEqual(['applied', 'duplicate'])
    expect(await note(tenant, 'n')).toMatchObject({ version: 1, state: { count: 1 } })
  })

  test('F052 an operation waits for one that it needs, goes when that is applied, and also when its edit is', async () => {
    const tenant = newTenant()
    const child = noteOp('w2', changeNote, { id: 'child', add: 1 }, { after: [idOf('w1')] })
    const [early] = await apply(tenant, [child])
    expect(early?.outcome).toBe('deferred')
    await apply(tenant, [noteOp('w1', changeNote, { id: 'parent', add: -1 })])
    const refusedChild = noteOp('w3', changeNote, { id: 'child', add: 1 }, { after: [idOf('w1')] })
    const [answer] = await apply(tenant, [refusedChild])
    expect(codeOf(answer)).toBe('parent-refused')
    await apply(tenant, [noteOp('w4', changeNote, { id: 'parent', add: 1 }, { supersedes: idOf('w1') })])
    expect(kinds(await apply(tenant, [child]))).toEqual(['applied'])
  })

  test('a change on top of an operation takes that one’s version, also from an earlier batch', async () => {
    const tenant = newTenant()
    await apply(tenant, [noteOp('b1', changeNote, { id: 'n', add: 1 })])
    await apply(tenant, [noteOp('b2', changeNote, { id: 'n', add: 1 })])
    const [stale] = await apply(tenant, [
      noteOp('b3', changeNote, { id: 'n', add: 1 }, { base: { after: idOf('b1') } }),
    ])
    expect(stale).toMatchObject({ outcome: 'conflict', version: 2 })
    const fresh = noteOp('b4', changeNote, { id: 'n', add: 1 }, { base: { after: idOf('b2') } })
    expect(await apply(tenant, [fresh])).toMatchObject([{ outcome: 'applied', version: 3 }])
  })

  test('F028 F091 a conflict is put before a person, both sides stay, and its resolution applies once', async () => {
    const tenant = newTenant()
    await apply(tenant, [noteOp('v1', createNote, { id: 'n', text: 'base' })])
    await apply(tenant, [noteOp('v2', changeNote, { id: 'n', text: 'theirs' }, { base: { version: 1 } })])
    const mine = noteOp('v3', changeNote, { id: 'n', text: 'mine' }, { base: { version: 1 } })
    const [conflict] = await apply(tenant, [mine])
    expect(conflict).toMatchObject({
      outcome: 'conflict',
      version: 2,
      current: { id: 'n', count: 0, text: 'theirs' },
      conflictFields: ['text'],
    })
    expect(await apply(tenant, [mine])).toMatchObject([{ outcome: 'duplicate', first: { outcome: 'conflict' } }])
    expect(await rows(tenant, 'losing_sides', 't.operation')).toMatchObject([
      { operation: 'v3', side: 'operation', version: 2, data: { id: 'n', text: 'mine' } },
    ])
    const resolution = noteOp(
      'v4',
      changeNote,
      { id: 'n', text: 'both' },
      { base: { version: 2 }, resolves: idOf('v3') },
    )
    expect(await apply(tenant, [resolution])).toMatchObject([{ outcome: 'applied', version: 3 }])
    const second = noteOp('v5', changeNote, { id: 'n', text: 'other' }, { base: { version: 2 }, resolves: idOf('v3') })
    expect(await apply(tenant, [second])).toMatchObject([{ outcome: 'duplicate', first: { version: 3 }, of: 'v3' }])
    expect(await note(tenant, 'n')).toMatchObject({ version: 3, state: { text: 'both' } })
  })

  test('where the device wins, what it overwrites is kept', async () => {
    const tenant = newTenant()
    await apply(tenant, [noteOp('x1', createNote, { id: 'n', text: 'theirs' })])
    const mine = noteOp('x2', changeNoteClientWins, { id: 'n', text: 'mine' }, { base: { version: 0 } })
    expect(await apply(tenant, [mine])).toMatchObject([{ outcome: 'applied', version: 2, conflictResolved: true }])
    expect(await note(tenant, 'n')).toMatchObject({ state: { text: 'mine' } })
    expect(await rows(tenant, 'losing_sides', 't.operation')).toMatchObject([
      { operation: 'x2', side: 'current', version: 1, data: { text: 'theirs' } },
    ])
  })

  test('where the device wins over an entity that was removed or never was, its change is applied', async () => {
    const tenant = newTenant()
    await apply(tenant, [noteOp('r1', createNote, { id: 'n' }), noteOp('r2', removeNote, { id: 'n' })])
    const outcomes = await apply(tenant, [
      noteOp('r3', changeNoteClientWins, { id: 'n', text: 'mine' }, { base: { version: 1 } }),
      noteOp('r4', changeNoteClientWins, { id: 'never', text: 'mine' }, { base: { version: 5 } }),
    ])
    expect(outcomes).toMatchObject([
      { outcome: 'applied', version: 3, conflictResolved: true },
      { outcome: 'applied', version: 1, conflictResolved: true },
    ])
    expect(await rows(tenant, 'losing_sides', 't.operation')).toMatchObject([
      { operation: 'r3', side: 'current', version: 2, data: null },
      { operation: 'r4', side: 'current', version: 0, data: null },
    ])
  })

  test('F095 an operation that was edited twenty times is known by its first id', async () => {
    const tenant = newTenant()
    const last = 20
    for (let edit = 0; edit <= last; edit += 1) {
      const more = edit === 0 ? {} : { supersedes: idOf(`e${edit - 1}`) }
      const add = edit === last ? 1 : -1
      expect(kinds(await apply(tenant, [noteOp(`e${edit}`, changeNote, { id: 'n', add }, more)]))).toEqual([
        edit === last ? 'applied' : 'rejected',
      ])
    }
    const again = noteOp('again', changeNote, { id: 'n', add: 1 }, { supersedes: idOf('e0') })
    expect(await apply(tenant, [again])).toMatchObject([{ outcome: 'duplicate', first: { version: 1 }, of: 'e0' }])
    expect(await note(tenant, 'n')).toMatchObject({ version: 1, state: { count: 1 } })
    const child = noteOp('child', createNote, { id: 'm' }, { after: [idOf('e0')] })
    expect(kinds(await apply(tenant, [child]))).toEqual(['applied'])
  })

  test('where the server wins, the device is told what stands, and its own side is kept', async () => {
    const tenant = newTenant()
    await apply(tenant, [noteOp('y1', createNote, { id: 'n', text: 'theirs' })])
    const mine = noteOp('y2', changeNoteServerWins, { id: 'n', text: 'mine' }, { base: { version: 0 } })
    expect(await apply(tenant, [mine])).toMatchObject([
      { outcome: 'applied', version: 1, conflictResolved: true, result: { text: 'theirs' } },
    ])
    expect(await rows(tenant, 'losing_sides', 't.operation')).toMatchObject([
      { side: 'operation', data: { text: 'mine' } },
    ])
    expect(await feedOf(tenant)).toHaveLength(1)
  })

  test('a merge without rules waits for a person', async () => {
    const tenant = newTenant()
    await apply(tenant, [noteOp('z1', createNote, { id: 'n' })])
    const mine = noteOp('z2', changeNoteMerge, { id: 'n', text: 'mine' }, { base: { version: 0 } })
    expect(kinds(await apply(tenant, [mine]))).toEqual(['conflict'])
  })
})
