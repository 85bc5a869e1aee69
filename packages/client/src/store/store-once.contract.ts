/** The contract of ids that somebody else chose: each is stored once, whoever appends it and wherever it has got to. */
import type { ContractCase } from './contract-checks.fixture.ts'
import { expectEqual, expectSome } from './contract-checks.fixture.ts'
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
  timedId,
} from './store.fixture.ts'
import { idOf } from './store.ts'

/** The cases. */
export const storeOnceContract: readonly ContractCase<StoreHarness>[] = [
  {
    name: 'of many handles that append one id at once, one stores it and the others give what it stored',
    run: async (makeHarness) => {
      const harness = makeHarness()
      const handles = await Promise.all(Array.from({ length: 6 }, () => harness.open()))
      const store = expectSome(handles[0], 'a handle')
      const outcomes = await Promise.all(
        // Different priorities: the id counts, not the log that it would go into.
        handles.map((handle, nth) =>
          handle.appendOnce([queuedOperation('own', { priority: nth % 2 === 0 ? 'medium' : 'high' })]),
        ),
      )
      const appended = outcomes.flat()
      expectEqual(
        appended.map(({ entry }) => idOf(entry)),
        Array.from({ length: 6 }, () => 'own'),
        'the entries',
      )
      expectEqual(appended.filter(({ isNew }) => isNew).length, 1, 'how many have stored it')
      expectEqual((await store.counts()).queued, 1, 'how often it stands in the logs')
    },
  },
  {
    name: 'an id is stored once while others append, by handles that go on and on',
    run: async (makeHarness) => {
      const harness = makeHarness()
      const [one, two, busy] = await Promise.all([harness.open(), harness.open(), harness.open()])
      const ids = Array.from({ length: 10 }, (_, nth) => timedId(1_000 + nth, nth))
      await Promise.all([
        ...ids.flatMap((id) => [one.appendOnce([queuedOperation(id)]), two.appendOnce([queuedOperation(id)])]),
        ...ids.map((_, nth) => busy.append([queuedOperation(`busy-${nth}`)])),
      ])
      const stored = idsOf(await readWholeLog(one, 'medium'))
      expectEqual(stored.filter((id) => !id.startsWith('busy')).toSorted(), ids, 'the ids in the log')
      expectEqual(stored.length, 20, 'everything in the log')
    },
  },
  {
    name: 'an id that is held, settled, or twice in a group is not stored again, and the rest of the group is',
    run: async (makeHarness) => {
      const store = await makeHarness().open()
      const stored = await store.append([
        queuedOperation('held'),
        queuedOperation('settled'),
        queuedOperation('queued'),
      ])
      const [held, settled] = [expectSome(stored[0], 'an entry'), expectSome(stored[1], 'an entry')]
      await change(store, [always(held, { state: deadState }), always(settled, appliedChange())])
      const group = ['held', 'new', 'settled', 'queued', 'new'].map((id) => queuedOperation(id))
      const appended = await store.appendOnce(group)
      expectEqual(
        appended.map(({ entry, isNew }) => [idOf(entry), entry.state.kind, isNew]),
        [
          ['held', 'dead', false],
          ['new', 'queued', true],
          ['settled', 'applied', false],
          ['queued', 'queued', false],
          ['new', 'queued', false],
        ],
        'what has the ids now',
      )
      expectEqual(idsOf(await readWholeLog(store, 'medium')), ['queued', 'new'], 'the log')
      expectEqual(await store.appendOnce([]), [], 'nothing')
    },
  },
  {
    name: 'finds many entries in one search, wherever each has got to',
    run: async (makeHarness) => {
      const store = await makeHarness().open()
      const ids = Array.from({ length: 30 }, (_, nth) => testId(`entry-${nth}`))
      const stored = await store.append(
        ids.map((id, nth) => queuedOperation(id, { priority: nth % 3 === 0 ? 'low' : 'medium' })),
      )
      const [held, settled] = [expectSome(stored[4], 'an entry'), expectSome(stored[7], 'an entry')]
      await change(store, [always(held, { state: deadState }), always(settled, appliedChange())])
      const found = await store.findMany(new Set([...ids, testId('stranger')]))
      expectEqual([...found.keys()].toSorted(), ids.toSorted(), 'the ids')
      for (const id of ids) expectEqual(found.get(id), await store.find(id), 'the entry')
      expectEqual(
        [found.get(idOf(held))?.state.kind, found.get(idOf(settled))?.state.kind],
        ['dead', 'applied'],
        'states',
      )
    },
  },
]
