/** The contract of the leadership: epochs, signs of life, fencing. */
import type { ContractCase } from './contract-checks.fixture.ts'
import { expectEqual, expectSome, expectSyncError } from './contract-checks.fixture.ts'
import type { StoreHarness } from './store.contract.ts'
import { always, appliedChange, queuedOperation } from './store.fixture.ts'

/** The cases. */
export const storeLeadershipContract: readonly ContractCase<StoreHarness>[] = [
  {
    name: 'nobody leads at first',
    run: async (makeHarness) => {
      const store = await makeHarness().open()
      expectEqual(await store.readLeadership(), undefined, 'the leadership')
      expectEqual(await store.beat(1, 10), false, 'a sign of life of nobody')
      expectEqual(await store.readLeadership(), undefined, 'the leadership')
    },
  },
  {
    name: 'each claim is one epoch higher, over handles and crashes',
    run: async (makeHarness) => {
      const harness = makeHarness()
      const [left, right] = [await harness.open(), await harness.open()]
      expectEqual(await left.claim('left', 10), 1, 'the first epoch')
      expectEqual(await right.claim('right', 20), 2, 'the second epoch')
      expectEqual(await left.readLeadership(), { epoch: 2, holder: 'right', beatAtMs: 20 }, 'who leads')
      const after = await harness.crash()
      expectEqual(await after.claim('after', 30), 3, 'the third epoch')
    },
  },
  {
    name: 'claims at once get different epochs',
    run: async (makeHarness) => {
      const harness = makeHarness()
      const stores = [await harness.open(), await harness.open(), await harness.open()]
      const epochs = await Promise.all(stores.map((store, nth) => store.claim(`tab-${nth}`, 10)))
      expectEqual(
        epochs.toSorted((left, right) => left - right),
        [1, 2, 3],
        'the epochs',
      )
    },
  },
  {
    name: 'I3 an act of a person is counted, and shows where the log is read; what the leader writes is not',
    run: async (makeHarness) => {
      const store = await makeHarness().open()
      const epoch = await store.claim('here', 10)
      const stored = await store.append([queuedOperation('a'), queuedOperation('b'), queuedOperation('c')])
      const limits = { entriesMax: 10, bytesMax: 1000 }
      const acts = async (): Promise<unknown> =>
        (await store.readLogs(new Map([['medium', undefined]]), limits)).leadership?.acts
      const [first, second, third] = stored.map((entry) => always(entry, appliedChange()))
      await store.update([expectSome(first, 'an entry')], { epoch, durability: 'relaxed', nowMs: 20 })
      expectEqual(await acts(), undefined, 'acts after what the leader wrote')
      for (const act of [second, third])
        await store.update([expectSome(act, 'an entry')], { durability: 'strict', nowMs: 20 })
      expectEqual(await acts(), 2, 'acts after two of them')
      await store.beat(epoch, 30)
      expectEqual(await acts(), 2, 'acts after a sign of life')
    },
  },
  {
    name: 'a sign of life is written by the leader alone',
    run: async (makeHarness) => {
      const harness = makeHarness()
      const [left, right] = [await harness.open(), await harness.open()]
      const first = await left.claim('left', 10)
      expectEqual(await left.beat(first, 20), true, 'the leader')
      expectEqual(await right.readLeadership(), { epoch: 1, holder: 'left', beatAtMs: 20 }, 'who leads')
      await right.claim('right', 30)
      expectEqual(await left.beat(first, 40), false, 'the former leader')
      expectEqual(await left.readLeadership(), { epoch: 2, holder: 'right', beatAtMs: 30 }, 'who leads')
    },
  },
  {
    name: 'F033 an older epoch writes nothing, an act of a person needs none',
    run: async (makeHarness) => {
      const harness = makeHarness()
      const [left, right] = [await harness.open(), await harness.open()]
      const stored = await left.append([queuedOperation('a'), queuedOperation('b')])
      const [a, b] = [expectSome(stored[0], 'a'), expectSome(stored[1], 'b')]
      const old = await left.claim('left', 10)
      const current = await right.claim('right', 20)
      await expectSyncError(
        left.update([always(a, appliedChange())], { epoch: old, durability: 'relaxed', nowMs: 30 }),
        'fenced',
      )
      expectEqual(await left.counts(), { queued: 2, waiting: 0, conflicted: 0, dead: 0 }, 'the counts')
      expectEqual((await left.find(a.operation.id))?.state, { kind: 'queued' }, 'the state')
      await right.update([always(a, appliedChange())], { epoch: current, durability: 'relaxed', nowMs: 40 })
      await left.update([always(b, appliedChange())], { durability: 'strict', nowMs: 50 })
      expectEqual(await left.counts(), { queued: 0, waiting: 0, conflicted: 0, dead: 0 }, 'the counts')
    },
  },
]
