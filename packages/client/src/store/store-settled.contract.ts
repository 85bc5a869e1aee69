/** The contract of settled entries: what is kept of them, for how long, and what cleanup may touch. */
import type { ContractCase } from './contract-checks.fixture.ts'
import { expectEqual, expectSome } from './contract-checks.fixture.ts'
import type { StoreHarness } from './store.contract.ts'
import {
  always,
  appliedChange,
  change,
  deadState,
  discardedChange,
  idsOf,
  queuedOperation,
  readWholeLog,
  testId,
  timedId,
  waitingUntil,
} from './store.fixture.ts'
import { isLive, type LiveEntry, type SettledEntry, type Store } from './store.ts'

async function settle(store: Store, ids: readonly string[], nowMs: number): Promise<readonly LiveEntry[]> {
  const stored = await store.append(ids.map((id) => queuedOperation(id)))
  await change(
    store,
    stored.map((entry) => always(entry, appliedChange())),
    nowMs,
  )
  return stored
}

async function readAllSettled(store: Store, limit: number): Promise<readonly SettledEntry[]> {
  const all: SettledEntry[] = []
  for (;;) {
    const before = all.at(-1)
    const page = await store.readSettled({ limit, ...(before !== undefined && { before }) })
    all.push(...page)
    if (page.length < limit) return all
  }
}

/** The cases. */
export const storeSettledContract: readonly ContractCase<StoreHarness>[] = [
  {
    name: 'what is kept of a settled entry is its outcome, not its body, and survives a crash',
    run: async (makeHarness) => {
      const harness = makeHarness()
      const store = await harness.open()
      const [queued] = await store.append([queuedOperation('a', { lane: 'test:9', createdAtMs: 77 })])
      const [report] = await change(store, [always(expectSome(queued, 'the entry'), appliedChange(4))], 88)
      const expected: SettledEntry = {
        id: testId('a'),
        type: 'test.write',
        lane: 'test:9',
        createdAtMs: 77,
        settledAtMs: 88,
        state: { kind: 'applied', applied: { outcome: 'applied', version: 4 } },
      }
      expectEqual(report, { entry: expected, isChanged: true }, 'the report')
      const after = await harness.crash()
      expectEqual(await after.find(testId('a')), expected, 'found')
      expectEqual(await after.readSettled({ limit: 5 }), [expected], 'settled')
    },
  },
  {
    name: 'settled entries are listed latest first, by pages of any size',
    run: async (makeHarness) => {
      const store = await makeHarness().open()
      await settle(store, ['a', 'b', 'c'], 100)
      await settle(store, ['d'], 200)
      await settle(store, ['e', 'f'], 200)
      await settle(store, ['g'], 150)
      const expected = ['f', 'e', 'd', 'g', 'c', 'b', 'a']
      for (const limit of [1, 2, 3, 7, 50]) {
        expectEqual(idsOf(await readAllSettled(store, limit)), expected, `by ${limit}`)
      }
    },
  },
  {
    name: 'finds settled entries among many, by an id with a time and by one without',
    run: async (makeHarness) => {
      const store = await makeHarness().open()
      for (let nth = 0; nth < 40; nth += 1) {
        const atMs = 1_000_000 + nth * 1_000
        await settle(store, [timedId(atMs, nth), `plain-${nth}`], nth === 20 ? 5 : atMs + 500)
      }
      for (const id of [timedId(1_000_000, 0), timedId(1_020_000, 20), timedId(1_039_000, 39), 'plain-0', 'plain-39']) {
        expectEqual((await store.find(testId(id)))?.state.kind, 'applied', `the state of ${id}`)
      }
      expectEqual(await store.find(timedId(1_005_000, 77)), undefined, 'an unknown one')
    },
  },
  {
    name: 'an uncertain discard becomes certain, or turns out applied, in its own place',
    run: async (makeHarness) => {
      const store = await makeHarness().open()
      const stored = await store.append(['a', 'b', 'c'].map((id) => queuedOperation(id)))
      const reports = await change(
        store,
        stored.map((entry) => always(entry, discardedChange('cancel'))),
        100,
      )
      const [a, b] = [expectSome(reports[0], 'a').entry, expectSome(reports[1], 'b').entry]
      await settle(store, ['d'], 150)
      await change(store, [always(a, discardedChange('cancel', true)), always(b, appliedChange(3))], 200)
      expectEqual((await store.find(testId('a')))?.state, discardedChange('cancel', true).state, 'a')
      expectEqual((await store.find(testId('b')))?.state, appliedChange(3).state, 'b')
      expectEqual((await store.find(testId('c')))?.state, discardedChange('cancel').state, 'c')
      expectEqual(idsOf(await readAllSettled(store, 2)).toSorted(), ['a', 'b', 'c', 'd'], 'each once')
      expectEqual(await store.counts(), { queued: 0, waiting: 0, conflicted: 0, dead: 0 }, 'the counts')
    },
  },
  {
    name: 'I8 cleanup forgets what was settled before the instant, and never anything else',
    run: async (makeHarness) => {
      const store = await makeHarness().open()
      const live = await store.append(['queued', 'waiting', 'dead'].map((id) => queuedOperation(id)))
      await change(
        store,
        [
          always(expectSome(live[1], 'an entry'), { state: waitingUntil(1) }),
          always(expectSome(live[2], 'an entry'), { state: deadState }),
        ],
        10,
      )
      await settle(store, ['old-1', 'old-2'], 100)
      await settle(store, ['edge'], 200)
      await settle(store, ['new'], 300)
      expectEqual(await store.cleanup(200), 2, 'forgotten')
      expectEqual(await store.cleanup(200), 0, 'forgotten again')
      expectEqual(idsOf(await readAllSettled(store, 10)), ['new', 'edge'], 'settled')
      expectEqual(await store.find(testId('old-1')), undefined, 'an old one')
      expectEqual(await store.counts(), { queued: 1, waiting: 1, conflicted: 0, dead: 1 }, 'the counts')
      expectEqual(await store.cleanup(Number.MAX_SAFE_INTEGER), 2, 'forgotten')
      expectEqual(await store.counts(), { queued: 1, waiting: 1, conflicted: 0, dead: 1 }, 'the counts')
      expectEqual(idsOf(await readWholeLog(store, 'medium')), ['queued'], 'the log')
    },
  },
  {
    name: 'cleanup spares a discard that the server has not answered yet',
    run: async (makeHarness) => {
      const store = await makeHarness().open()
      const stored = await store.append(['a', 'b'].map((id) => queuedOperation(id)))
      const [a, b] = [expectSome(stored[0], 'a'), expectSome(stored[1], 'b')]
      await change(store, [always(a, discardedChange('cancel')), always(b, appliedChange())], 100)
      expectEqual(await store.cleanup(1_000), 1, 'forgotten')
      const open = expectSome(await store.find(testId('a')), 'the uncertain one')
      expectEqual(open.state, discardedChange('cancel').state, 'its state')
      await change(store, [always(open, discardedChange('cancel', true))], 200)
      expectEqual(await store.cleanup(1_000), 1, 'forgotten')
      expectEqual(await store.readSettled({ limit: 5 }), [], 'settled')
    },
  },
  {
    name: 'F064 an answer about an entry whose result is forgotten changes nothing',
    run: async (makeHarness) => {
      const store = await makeHarness().open()
      const stored = await settle(store, ['a'], 100)
      await store.cleanup(1_000)
      const [report] = await change(store, [
        {
          entry: expectSome(stored[0], 'the entry'),
          change: (current) => (isLive(current) ? appliedChange() : undefined),
        },
      ])
      expectEqual(report?.isChanged, false, 'changed')
      expectEqual(await store.readSettled({ limit: 5 }), [], 'settled')
      expectEqual(await readWholeLog(store, 'medium'), [], 'the log')
    },
  },
]
