/** What every store promises about entries that are coalesced under a key. */
import { earlierMax, type QueuedOperation } from '@holdfast/core'
import { coalesce } from './coalescing.ts'
import { expectEqual, expectSome, type ContractCase } from './contract-checks.fixture.ts'
import type { StoreHarness } from './store.contract.ts'
import {
  always,
  appliedChange,
  change,
  deadState,
  idsOf,
  queuedOperation,
  readWholeLog,
  testId,
  waitingUntil,
} from './store.fixture.ts'
import type { Store, StoredEntry } from './store.ts'

async function absorbsOf(store: Store, id: string): Promise<readonly string[] | undefined> {
  const found = await store.find(testId(id))
  return found !== undefined && 'operation' in found ? found.operation.absorbs : undefined
}

/** See store.contract.ts. */
export const storeCoalesceContract: readonly ContractCase<StoreHarness>[] = [
  {
    name: 'of entries under one key the newest stays, in the place of the first, and names those it absorbs',
    run: async (makeHarness) => {
      const harness = makeHarness()
      const [left, right] = [await harness.open(), await harness.open()]
      const first = await coalesce(left, queuedOperation('a', { createdAtMs: 7 }), 'draft', 1)
      await right.append([queuedOperation('between')])
      const second = await coalesce(right, queuedOperation('b'), 'draft', 2)
      const third = await coalesce(left, queuedOperation('c'), 'draft', 3)
      expectEqual(
        [first, second, third].map(({ hasAbsorbed }) => hasAbsorbed),
        [false, true, true],
        'absorbed',
      )
      expectEqual(third.entry.operation.absorbs, ['b', 'a'], 'what the third absorbs')
      expectEqual(third.entry.operation.createdAtMs, 7, 'since when the third has waited')
      const reopened = await harness.crash()
      expectEqual(idsOf(await readWholeLog(reopened, 'medium')), ['between'], 'the log')
      expectEqual(await reopened.find(testId('c')), third.entry, 'the third')
      expectEqual(third.entry.position, first.entry.position, 'the place of the third')
      expectEqual(third.entry.state.kind === 'waiting' && third.entry.state.isInLine, true, 'that it stands in line')
      expectEqual(
        (await reopened.find(testId('a')))?.state,
        { kind: 'discarded', cause: 'superseded', by: 'b', isCertain: false },
        'the first',
      )
      expectEqual(await reopened.counts(), { queued: 1, waiting: 1, conflicted: 0, dead: 0 }, 'the counts')
    },
  },
  {
    name: 'another key, lane or type is another matter',
    run: async (makeHarness) => {
      const store = await makeHarness().open()
      const { operation, ...rest } = queuedOperation('d')
      await coalesce(store, queuedOperation('a'), 'one', 1)
      await coalesce(store, queuedOperation('b'), 'two', 1)
      await coalesce(store, queuedOperation('c', { lane: 'test:2' }), 'one', 1)
      await coalesce(store, { ...rest, operation: { ...operation, type: 'test.other' } }, 'one', 1)
      expectEqual(idsOf(await readWholeLog(store, 'medium')), ['a', 'b', 'c', 'd'], 'the log')
    },
  },
  {
    name: 'I8 what waits for its retry gives way, what needs a person or is settled does not',
    run: async (makeHarness) => {
      const store = await makeHarness().open()
      const states = { waiting: { state: waitingUntil(9) }, dead: { state: deadState }, applied: appliedChange() }
      for (const [key, wanted] of Object.entries(states)) {
        const { entry } = await coalesce(store, queuedOperation(`${key}-old`), key, 1)
        await change(store, [always(entry, wanted)])
        await coalesce(store, queuedOperation(`${key}-new`), key, 2)
      }
      const kinds: string[] = []
      for (const key of Object.keys(states)) {
        const old = expectSome<StoredEntry>(await store.find(testId(`${key}-old`)), key)
        kinds.push(`${old.state.kind} ${(await absorbsOf(store, `${key}-new`))?.length ?? 0}`)
      }
      expectEqual(kinds, ['discarded 1', 'dead 0', 'applied 0'], 'the old ones, and how many the new ones absorb')
      expectEqual(await store.counts(), { queued: 2, waiting: 1, conflicted: 0, dead: 1 }, 'the counts')
    },
  },
  {
    name: 'I11 what comes after something that the older one did not come after does not take its place',
    run: async (makeHarness) => {
      const store = await makeHarness().open()
      const after = (id: string, ...parents: readonly string[]): QueuedOperation => {
        const { operation, ...rest } = queuedOperation(id)
        return { ...rest, operation: { ...operation, after: parents.map(testId) } }
      }
      const ways: boolean[] = []
      for (const queued of [after('a', 'p', 'q'), after('b', 'q'), after('c', 'q'), after('d', 'q', 'a')]) {
        ways.push((await coalesce(store, queued, 'draft', 1)).hasAbsorbed)
      }
      expectEqual(ways, [false, true, true, false], 'whether an older one gave way')
    },
  },
  {
    name: 'a chain that has grown too long ends, and another one begins',
    run: async (makeHarness) => {
      const store = await makeHarness().open()
      for (let nth = 0; nth <= earlierMax + 1; nth += 1) await coalesce(store, queuedOperation(`e${nth}`), 'draft', nth)
      expectEqual(
        idsOf(await store.readHeld('waiting', { limit: 5 })),
        [`e${earlierMax}`],
        'the last of the first chain',
      )
      expectEqual(idsOf(await readWholeLog(store, 'medium')), [`e${earlierMax + 1}`], 'what begins the second')
      expectEqual((await absorbsOf(store, `e${earlierMax}`))?.length, earlierMax, 'the length of the first chain')
      expectEqual(await absorbsOf(store, `e${earlierMax + 1}`), undefined, 'what begins the second')
    },
  },
  {
    name: 'a key that was not used for the retention time is forgotten, and nothing is lost by it',
    run: async (makeHarness) => {
      const store = await makeHarness().open()
      await coalesce(store, queuedOperation('a'), 'old', 1)
      await coalesce(store, queuedOperation('b'), 'new', 5)
      await store.cleanup(5)
      await coalesce(store, queuedOperation('c'), 'old', 6)
      await coalesce(store, queuedOperation('d'), 'new', 6)
      expectEqual(idsOf(await readWholeLog(store, 'medium')), ['a', 'c'], 'the log')
      expectEqual(idsOf(await store.readHeld('waiting', { limit: 5 })), ['d'], 'what took a place')
    },
  },
]
