/** The rules of a batch without any database: an in-memory server in twenty lines, and what it must never do. */
import { linksOf, type Json, type OperationId, type OperationOutcome, type WireOperation } from '@holdfast/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decideBatch, entityKey, type StoredEntity } from './decide-batch.ts'
import { appliedOf, type LedgerRow } from './ledger.ts'
import { applied, decide, on, type ApplyDecision } from './handler.ts'
import { breakNote, changeNote, createNote, idOf, noteHandlers, noteOp } from './notes.fixture.ts'
import { prepareBatch, type PrepareContext } from './prepare.ts'

const handlers = new Map(noteHandlers.map((handler) => [handler.definition.type, handler]))

const knowing: PrepareContext = { handlers, user: 'u', rows: new Map() }

interface MemoryServer {
  readonly ledger: Map<OperationId, LedgerRow>
  readonly entities: Map<string, StoredEntity>
  readonly send: (operations: readonly WireOperation[], user?: string) => Promise<readonly OperationOutcome[]>
}

function memoryServer(): MemoryServer {
  const ledger = new Map<OperationId, LedgerRow>()
  const entities = new Map<string, StoredEntity>()
  return {
    ledger,
    entities,
    send: async (operations, user = 'ana') => {
      const prepared = await prepareBatch(operations, { handlers, user, rows: ledger })
      const context = { tenant: 't', user, nowMs: 1_000 }
      const result = decideBatch({ operations: prepared, ledger, entities, context })
      for (const [id, row] of result.ledger) {
        expect(ledger.has(id)).toBe(false)
        ledger.set(id, row)
      }
      for (const [id, successor] of result.successors) {
        const row = ledger.get(id)
        if (row !== undefined) ledger.set(id, { ...row, successor })
      }
      for (const { ref, loaded, version, state, lastModifiedMs } of result.entities) {
        const key = entityKey(ref)
        expect(entities.get(key)?.version ?? 0).toBe(loaded)
        entities.set(key, { version, state, lastModifiedMs })
      }
      return result.outcomes
    },
  }
}

test('it changes nothing of what it was given', async () => {
  const ledger: ReadonlyMap<OperationId, LedgerRow> = new Map()
  const entities: ReadonlyMap<string, StoredEntity> = new Map()
  const operations = await prepareBatch([noteOp('a', createNote, { id: 'n' })], knowing)
  const input = { operations, ledger, entities, context: { tenant: 't', user: 'u', nowMs: 5 } }
  const first = decideBatch(input)
  expect(ledger.size + entities.size).toBe(0)
  expect(decideBatch(input)).toEqual(first)
  expect(first.entities).toEqual([
    { ref: { kind: 'note', id: 'n' }, loaded: 0, version: 1, state: { id: 'n', count: 0 }, lastModifiedMs: 5 },
  ])
})

test('lanes that an earlier part stopped stay stopped', async () => {
  const operations = await prepareBatch([noteOp('a', createNote, { id: 'n' })], knowing)
  const context = { tenant: 't', user: 'u', nowMs: 5 }
  const stoppedLanes = new Set(['note:n'])
  const result = decideBatch({ operations, ledger: new Map(), entities: new Map(), context, stoppedLanes })
  expect(result).toMatchObject({ outcomes: [{ id: 'a', outcome: 'deferred' }], entities: [] })
  expect(result.ledger.size).toBe(0)
})

test('a decider that throws is told of, and its operation deferred', async () => {
  const operations = await prepareBatch([noteOp('a', breakNote, { id: 'n' })], knowing)
  const faults: string[] = []
  const result = decideBatch({
    operations,
    ledger: new Map(),
    entities: new Map(),
    context: { tenant: 't', user: 'u', nowMs: 5 },
    onFault: (type) => void faults.push(type),
  })
  expect(faults).toEqual(['note.break'])
  expect(result.outcomes).toMatchObject([{ outcome: 'deferred' }])
})

test.each<[string, () => ApplyDecision]>([
  ['a state with a BigInt', () => applied(holding(1n))],
  ['a state with a cycle', () => applied(cycle())],
  ['a state with NaN', () => applied({ total: Number.NaN })],
  ['text that PostgreSQL cannot store', () => applied({ text: 'nul \u0000' })],
  ['a result with a BigInt', () => applied({}, { result: holding(1n) })],
  ['an id that is no text', () => applied({}, { ids: holding(7) })],
])('a decider that answers %s fails alone, and nothing of it is kept', async (_, answer) => {
  const faults: string[] = []
  const broken = new Map([...handlers, [breakNote.type, on(breakNote, decide(answer))]])
  const operations = await prepareBatch(
    [noteOp('a', createNote, { id: 'n' }), noteOp('b', breakNote, { id: 'm' }), noteOp('c', createNote, { id: 'o' })],
    { ...knowing, handlers: broken },
  )
  const result = decideBatch({
    operations,
    ledger: new Map(),
    entities: new Map(),
    context: { tenant: 't', user: 'u', nowMs: 5 },
    onFault: (type) => void faults.push(type),
  })
  expect(faults).toEqual(['note.break'])
  expect(result.outcomes).toMatchObject([
    { outcome: 'applied' },
    { outcome: 'deferred', problem: { type: 'urn:holdfast:problem:internal' } },
    { outcome: 'applied' },
  ])
  expect([...result.ledger.keys()]).toEqual(['a', 'c'])
  expect(result.entities.map(({ ref }) => ref.id)).toEqual(['n', 'o'])
})

/** What the types would not let through, and a careless domain does. */
function holding(value: unknown): { readonly [name: string]: never } {
  const holder: { readonly [name: string]: never } = {}
  return Object.defineProperty(holder, 'note', { value, enumerable: true })
}

function cycle(): Json {
  const list: Json[] = []
  list.push(list)
  return list
}

test('an original and its edit in one batch, in either order and any lanes: one of the two is applied', async () => {
  const original = noteOp('o', changeNote, { id: 'n', add: 1 }, { lane: 'one' })
  const edit = noteOp('e', changeNote, { id: 'n', add: 1 }, { lane: 'two', supersedes: idOf('o') })
  for (const batch of [
    [original, edit],
    [edit, original],
  ]) {
    const server = memoryServer()
    await server.send(batch)
    expect(server.entities.get(entityKey({ kind: 'note', id: 'n' }))).toMatchObject({ version: 1, state: { count: 1 } })
  }
})

test('a discarded edit takes back the edit and what it was to replace, and tells which of them had been applied', async () => {
  const original = noteOp('o', changeNote, { id: 'n', add: 1 })
  const edit = noteOp('e', changeNote, { id: 'n', add: 10 }, { supersedes: idOf('o') })
  const discard = noteOp('d', changeNote, { id: 'n' }, { cancel: idOf('e'), supersedes: idOf('o') })
  const child = noteOp('c', changeNote, { id: 'm', add: 1 }, { after: [idOf('o')] })
  const first = { outcome: 'applied', version: 1 }

  const onlyOriginal = memoryServer()
  await onlyOriginal.send([original])
  expect(await onlyOriginal.send([discard])).toMatchObject([{ outcome: 'duplicate', first, of: 'o' }])

  const onlyEdit = memoryServer()
  await onlyEdit.send([edit])
  expect(await onlyEdit.send([discard])).toMatchObject([{ outcome: 'duplicate', first, of: 'e' }])

  const neither = memoryServer()
  expect(await neither.send([discard])).toEqual([{ id: 'd', outcome: 'applied' }])
  expect(await neither.send([original])).toMatchObject([{ outcome: 'duplicate', first: { outcome: 'rejected' } }])
  expect(await neither.send([edit])).toMatchObject([{ outcome: 'duplicate', first: { outcome: 'rejected' } }])
  expect(await neither.send([child])).toMatchObject([{ outcome: 'rejected' }])
  expect(neither.entities.size).toBe(0)
})

test('F089 two copies of a device that retry one refused operation apart from each other apply it once', async () => {
  const server = memoryServer()
  const retry = (id: string, supersedes: string): WireOperation =>
    noteOp(id, changeNote, { id: 'n', add: 10 }, { supersedes: idOf(supersedes) })
  const refusedRetry = (id: string, supersedes: string): WireOperation =>
    noteOp(id, changeNote, { id: 'n', add: -1 }, { supersedes: idOf(supersedes) })
  await server.send([noteOp('n', createNote, { id: 'n' })])
  const [refusal] = await server.send([noteOp('o', changeNote, { id: 'n', add: -1 })])
  expect(refusal?.outcome).toBe('rejected')
  expect(await server.send([refusedRetry('here-1', 'o')])).toMatchObject([{ outcome: 'rejected' }])
  expect(await server.send([refusedRetry('there-1', 'o')])).toMatchObject([{ outcome: 'rejected' }])
  expect(await server.send([retry('here-2', 'here-1')])).toMatchObject([{ outcome: 'applied' }])
  expect(await server.send([retry('there-2', 'there-1')])).toMatchObject([{ outcome: 'duplicate' }])
})

test('what needs an operation whose conflict was discarded is refused, and does not wait for ever', async () => {
  const server = memoryServer()
  const conflicting = noteOp('o', changeNote, { id: 'n', add: 1 }, { base: { version: 7 } })
  const child = noteOp('c', changeNote, { id: 'm', add: 1 }, { after: [idOf('o')] })
  expect(await server.send([conflicting])).toMatchObject([{ outcome: 'conflict' }])
  expect(await server.send([child])).toMatchObject([{ outcome: 'deferred' }])
  await server.send([noteOp('d', changeNote, { id: 'n' }, { cancel: idOf('o') })])
  expect(await server.send([child])).toMatchObject([{ outcome: 'rejected' }])
  expect(await server.send([conflicting])).toMatchObject([{ outcome: 'duplicate', first: { outcome: 'conflict' } }])
})

test('F013 F014 however batches are cut, repeated and mixed, each operation counts at most once', async () => {
  const lanes = fc.constantFrom('a', 'b', 'c')
  const operation = fc.record({
    number: fc.nat({ max: 12 }),
    lane: lanes,
    bad: fc.boolean(),
    supersedes: fc.option(fc.nat({ max: 12 }), { nil: undefined }),
    earlier: fc.option(fc.nat({ max: 12 }), { nil: undefined }),
    cancel: fc.option(fc.nat({ max: 12 }), { nil: undefined }),
    after: fc.option(fc.nat({ max: 12 }), { nil: undefined }),
  })
  // One fixed operation per number; sends pick any of them, any number of times, in any order.
  const world = fc.uniqueArray(operation, { selector: ({ number }) => number, minLength: 1, maxLength: 13 })
  const sends = fc.array(fc.array(fc.nat({ max: 12 }), { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(world, sends, async (specs, batches) => {
      const server = memoryServer()
      const operations = specs.map(({ number, lane, bad, supersedes, earlier, cancel, after }) =>
        noteOp(
          `op-${number}`,
          changeNote,
          { id: lane, add: bad ? -1 : 1 },
          {
            lane,
            ...(supersedes !== undefined && supersedes !== number && { supersedes: idOf(`op-${supersedes}`) }),
            ...(earlier !== undefined && earlier !== number && { earlier: [idOf(`op-${earlier}`)] }),
            ...(cancel !== undefined && cancel !== number && { cancel: idOf(`op-${cancel}`) }),
            ...(after !== undefined && after !== number && { after: [idOf(`op-${after}`)] }),
          },
        ),
      )
      const appliedIds: OperationId[] = []
      const finals = new Map<OperationId, string>()
      for (const picks of batches) {
        const ids = new Set(picks.map((pick) => pick % operations.length))
        const batch = [...ids].flatMap((index) => operations[index] ?? [])
        for (const outcome of await server.send(batch)) {
          if (outcome.outcome === 'deferred') continue
          if (outcome.outcome === 'applied') appliedIds.push(outcome.id)
          const { id, ...rest } = outcome
          const final = JSON.stringify(rest.outcome === 'duplicate' ? rest.first : rest)
          // A final answer never changes.
          expect(finals.get(id) ?? final).toBe(final)
          finals.set(id, final)
        }
      }
      expect(new Set(appliedIds).size).toBe(appliedIds.length)
      const effects = operations.filter(({ id, cancel }) => appliedIds.includes(id) && cancel === undefined)
      let counted = 0
      for (const { state } of server.entities.values()) {
        if (typeof state === 'object' && state !== null && 'count' in state) counted += Number(state['count'])
      }
      expect(counted).toBe(effects.length)
      // Of an operation and what took its place at most one had an effect of its own.
      for (const operation of effects) {
        for (const link of linksOf(operation)) expect(appliedIds.includes(link)).toBe(false)
      }
      for (const { id, cancel } of operations) {
        const row = cancel === undefined ? undefined : server.ledger.get(cancel)
        if (cancel === undefined || !appliedIds.includes(id) || row === undefined) continue
        expect(appliedOf(row.outcome)).toBeUndefined()
      }
    }),
    { numRuns: 500 },
  )
})
