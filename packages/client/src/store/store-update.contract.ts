/** The contract of updates and of held entries. */
import type { ContractCase } from './contract-checks.fixture.ts'
import { expectEqual, expectRejection, expectSome, expectTrue } from './contract-checks.fixture.ts'
import type { StoreHarness } from './store.contract.ts'
import {
  always,
  appliedChange,
  change,
  conflictedState,
  deadState,
  discardedChange,
  idsOf,
  queuedOperation,
  readWholeLog,
  testId,
  waitingUntil,
} from './store.fixture.ts'
import { attemptRecordsMax, isLive, type LiveEntry, type Store, type StoredEntry } from './store.ts'

async function appendOne(store: Store, id: string): Promise<LiveEntry> {
  const [entry] = await store.append([queuedOperation(id)])
  return expectSome(entry, 'the entry')
}

async function reportOf(store: Store, ...request: Parameters<typeof always>): Promise<StoredEntry> {
  const [report] = await change(store, [always(...request)])
  return expectSome(report, 'the report').entry
}

/** The cases. */
export const storeUpdateContract: readonly ContractCase<StoreHarness>[] = [
  {
    name: 'a queued entry becomes held with its body, place and attempts, and leaves the log',
    run: async (makeHarness) => {
      const harness = makeHarness()
      const store = await harness.open()
      const entry = await appendOne(store, 'a')
      const attempt = { atMs: 5_000, failure: { cause: 'server-error', status: 503 } } as const
      const [report] = await change(store, [always(entry, { state: waitingUntil(9_000), attempt })])
      const expected = { ...entry, state: waitingUntil(9_000), attempts: [attempt] }
      expectEqual(report, { entry: expected, isChanged: true }, 'the report')
      expectEqual(await readWholeLog(store, 'medium'), [], 'the log')
      const after = await harness.crash()
      expectEqual(await after.readHeld('waiting', { limit: 10 }), [expected], 'held')
      expectEqual(await after.find(entry.operation.id), expected, 'found')
      expectEqual(await after.counts(), { queued: 0, waiting: 1, conflicted: 0, dead: 0 }, 'the counts')
    },
  },
  {
    name: 'held entries are listed by kind, in the order of their ids, by pages',
    run: async (makeHarness) => {
      const store = await makeHarness().open()
      const ids = ['d', 'b', 'a', 'e', 'c', 'f', 'B', 'g']
      const stored = await store.append(ids.map((id) => queuedOperation(id)))
      const kinds = [deadState, waitingUntil(1), waitingUntil(2), waitingUntil(3), conflictedState, waitingUntil(4)]
      await change(
        store,
        stored.slice(0, 7).map((entry, index) => always(entry, { state: kinds[index] ?? waitingUntil(5) })),
      )
      expectEqual(idsOf(await store.readHeld('waiting', { limit: 3 })), ['B', 'a', 'b'], 'the first page')
      const rest = await store.readHeld('waiting', { after: testId('b'), limit: 3 })
      expectEqual(idsOf(rest), ['e', 'f'], 'the second page')
      expectEqual(idsOf(await store.readHeld('dead', { limit: 3 })), ['d'], 'dead')
      expectEqual(idsOf(await store.readHeld('conflicted', { limit: 3 })), ['c'], 'conflicted')
      expectEqual(await store.counts(), { queued: 1, waiting: 5, conflicted: 1, dead: 1 }, 'the counts')
      expectEqual(idsOf(await store.readHeld('waiting', { after: testId('zzz'), limit: 3 })), [], 'behind the end')
    },
  },
  {
    name: 'a held entry changes kind, is settled, and is then neither held nor queued',
    run: async (makeHarness) => {
      const store = await makeHarness().open()
      const queued = await appendOne(store, 'a')
      const waiting = await reportOf(store, queued, { state: waitingUntil(9_000) })
      const dead = await reportOf(store, waiting, { state: deadState })
      expectEqual(await store.counts(), { queued: 0, waiting: 0, conflicted: 0, dead: 1 }, 'the counts')
      expectEqual(idsOf(await store.readHeld('waiting', { limit: 5 })), [], 'waiting')
      const applied = await reportOf(store, dead, appliedChange(7))
      expectEqual(await store.counts(), { queued: 0, waiting: 0, conflicted: 0, dead: 0 }, 'the counts')
      expectEqual(await store.find(queued.operation.id), applied, 'found')
      expectEqual(applied.state, { kind: 'applied', applied: { outcome: 'applied', version: 7 } }, 'the state')
    },
  },
  {
    name: 'an update is judged by the state inside the transaction, not by the one the caller knows',
    run: async (makeHarness) => {
      const harness = makeHarness()
      const [left, right] = [await harness.open(), await harness.open()]
      const queued = await appendOne(left, 'a')
      const waiting = await reportOf(right, queued, { state: waitingUntil(9_000) })
      const seen: StoredEntry[] = []
      const look = async (entry: StoredEntry): Promise<void> => {
        // A store may ask more than once; what it was told last decides.
        let last: StoredEntry | undefined
        await change(left, [
          {
            entry,
            change: (current) => {
              last = current
              return undefined
            },
          },
        ])
        seen.push(expectSome(last, 'a look'))
      }
      await look(queued)
      const applied = await reportOf(right, waiting, appliedChange())
      await look(queued)
      await look(waiting)
      await look(applied)
      expectEqual(seen, [waiting, applied, applied, applied], 'what the change saw')
    },
  },
  {
    name: 'F024 a late answer finds the entry settled and changes nothing',
    run: async (makeHarness) => {
      const store = await makeHarness().open()
      const queued = await appendOne(store, 'a')
      await reportOf(store, queued, appliedChange(1))
      const [report] = await change(store, [
        { entry: queued, change: (current) => (isLive(current) ? appliedChange(2) : undefined) },
      ])
      expectEqual(report?.isChanged, false, 'changed')
      expectEqual(report?.entry.state, appliedChange(1).state, 'the state')
    },
  },
  {
    name: 'a change that gives nothing writes nothing',
    run: async (makeHarness) => {
      const store = await makeHarness().open()
      const queued = await appendOne(store, 'a')
      const [report] = await change(store, [{ entry: queued, change: () => undefined }])
      expectEqual(report, { entry: queued, isChanged: false }, 'the report')
      expectEqual(await readWholeLog(store, 'medium'), [queued], 'the log')
      expectEqual(await change(store, []), [], 'no requests')
    },
  },
  {
    name: 'an update is all or nothing: a change that throws undoes those before it',
    run: async (makeHarness) => {
      const store = await makeHarness().open()
      const stored = await store.append(['a', 'b', 'c'].map((id) => queuedOperation(id)))
      const [a, b, c] = [expectSome(stored[0], 'a'), expectSome(stored[1], 'b'), expectSome(stored[2], 'c')]
      const bug = new Error('a bug in the caller')
      const update = change(store, [
        always(a, appliedChange()),
        always(b, {
          state: deadState,
          replacement: { operation: queuedOperation('b2').operation, state: waitingUntil(1) },
        }),
        {
          entry: c,
          change: () => {
            throw bug
          },
        },
      ])
      await expectRejection(update, bug)
      expectEqual(await readWholeLog(store, 'medium'), stored, 'the log')
      expectEqual(await store.counts(), { queued: 3, waiting: 0, conflicted: 0, dead: 0 }, 'the counts')
      expectEqual(await store.find(testId('b2')), undefined, 'the replacement')
    },
  },
  {
    name: 'an entry never goes back to the log',
    run: async (makeHarness) => {
      const store = await makeHarness().open()
      const queued = await appendOne(store, 'a')
      const applied = await reportOf(store, queued, appliedChange())
      for (const state of [{ kind: 'queued' } as const, deadState]) {
        const refused = await change(store, [always(applied, { state })]).then(
          () => false,
          () => true,
        )
        expectTrue(refused, `refused to become ${state.kind}`)
      }
      expectEqual(await store.find(queued.operation.id), applied, 'the entry')
    },
  },
  {
    name: 'several requests about one entry see each other',
    run: async (makeHarness) => {
      const store = await makeHarness().open()
      const queued = await appendOne(store, 'a')
      const seen: string[] = []
      const reports = await change(store, [
        always(queued, { state: waitingUntil(9_000) }),
        {
          entry: queued,
          change: (current) => {
            seen[0] = current.state.kind
            return appliedChange()
          },
        },
        {
          entry: queued,
          change: (current) => {
            seen[1] = current.state.kind
            return undefined
          },
        },
      ])
      expectEqual(seen, ['waiting', 'applied'], 'what the changes saw')
      expectEqual(
        reports.map(({ isChanged }) => isChanged),
        [true, true, false],
        'changed',
      )
      expectEqual(await store.counts(), { queued: 0, waiting: 0, conflicted: 0, dead: 0 }, 'the counts')
      expectEqual((await store.readSettled({ limit: 5 })).length, 1, 'settled entries')
    },
  },
  {
    name: 'a replacement takes the place of its original, held, in the same transaction',
    run: async (makeHarness) => {
      const store = await makeHarness().open()
      const stored = await store.append(['a', 'b'].map((id) => queuedOperation(id, { lane: 'test:2' })))
      const original = expectSome(stored[0], 'a')
      const queued = queuedOperation('a2', { lane: 'test:2', size: 50 })
      const [report] = await change(store, [
        always(original, {
          ...discardedChange('a2'),
          replacement: { operation: queued.operation, state: waitingUntil(5_000, 0) },
        }),
      ])
      const replacement = expectSome(report?.replacement, 'the replacement')
      expectEqual(
        replacement,
        {
          ...queued,
          position: original.position,
          size: JSON.stringify(queued.operation).length,
          state: waitingUntil(5_000, 0),
          attempts: [],
        },
        'the replacement',
      )
      expectEqual(await store.readHeld('waiting', { limit: 5 }), [replacement], 'held')
      expectEqual(await store.find(testId('a2')), replacement, 'found')
      expectEqual((await store.find(testId('a')))?.state.kind, 'discarded', 'the original')
      expectEqual(idsOf(await readWholeLog(store, 'medium')), ['b'], 'the log')
      const applied = await reportOf(store, replacement, appliedChange())
      expectEqual(await store.find(testId('a2')), applied, 'the replacement, settled')
      expectEqual(idsOf(await readWholeLog(store, 'medium')), ['b'], 'the log')
    },
  },
  {
    name: 'the body of what a person took back is kept, and can take its old place with its old attempts',
    run: async (makeHarness) => {
      const harness = makeHarness()
      const store = await harness.open()
      const [queued] = await store.append(
        ['a', 'b'].map((id) => queuedOperation(id, { lane: 'test:2', onDead: 'skip' })),
      )
      const tried = await reportOf(store, expectSome(queued, 'a'), { state: waitingUntil(1), attempt: { atMs: 1 } })
      await change(store, [always(tried, { ...discardedChange('cancel', true), keepsBody: true })])
      const discarded = expectSome(await (await harness.open()).find(testId('a')), 'the discarded entry')
      const restored = { operation: queuedOperation('a2', { lane: 'test:2' }).operation, state: waitingUntil(2) }
      const [report] = await change(store, [
        always(discarded, { ...discardedChange('a2', true), replacement: restored }),
      ])
      expectEqual(
        report?.replacement,
        {
          ...expectSome(queued, 'a'),
          operation: restored.operation,
          size: JSON.stringify(restored.operation).length,
          state: restored.state,
          attempts: [{ atMs: 1 }],
        },
        'the entry that was put back',
      )
      expectEqual(await store.find(testId('a2')), report?.replacement, 'found')
      const applied = await reportOf(store, expectSome(report, 'the discarded entry').entry, appliedChange())
      expectEqual('kept' in applied, false, 'a body that is of no use any more')
    },
  },
  {
    name: 'the news of a discard stands in the place of what it cancels, with attempts of its own, and lets others pass once dead',
    run: async (makeHarness) => {
      const store = await makeHarness().open()
      const tried = await reportOf(store, await appendOne(store, 'a'), { state: waitingUntil(1), attempt: { atMs: 1 } })
      const operation = { ...queuedOperation('cancel').operation, cancel: testId('a') }
      const [report] = await change(store, [
        always(tried, { ...discardedChange('cancel'), replacement: { operation, state: waitingUntil(2, 0) } }),
      ])
      const news = expectSome(report?.replacement, 'the news')
      expectEqual([news.onDead, news.attempts.length], ['skip', 0], 'what it does to its lane, and its attempts')
      expectEqual(isLive(tried) ? tried.position : undefined, news.position, 'its place')
    },
  },
  {
    name: 'a lane can be told to pass over a dead letter',
    run: async (makeHarness) => {
      const harness = makeHarness()
      const store = await harness.open()
      const dead = await reportOf(store, await appendOne(store, 'a'), { state: deadState })
      await change(store, [always(dead, { state: deadState, onDead: 'skip' })])
      const found = expectSome(await (await harness.open()).find(testId('a')), 'the dead letter')
      expectEqual(isLive(found) ? [found.onDead, found.state] : [], ['skip', deadState], 'the dead letter')
    },
  },
  {
    name: 'of two handles that replace one entry, the second sees what the first did',
    run: async (makeHarness) => {
      const harness = makeHarness()
      const [left, right] = [await harness.open(), await harness.open()]
      const queued = await appendOne(left, 'a')
      const replace = (store: Store, by: string): Promise<readonly { readonly isChanged: boolean }[]> =>
        change(store, [
          {
            entry: queued,
            change: (current) =>
              isLive(current)
                ? {
                    ...discardedChange(by),
                    replacement: { operation: queuedOperation(by).operation, state: waitingUntil(5_000, 0) },
                  }
                : undefined,
          },
        ])
      const reports = (await Promise.all([replace(left, 'a-left'), replace(right, 'a-right')])).flat()
      expectEqual(reports.filter(({ isChanged }) => isChanged).length, 1, 'changes made')
      expectEqual((await left.readHeld('waiting', { limit: 5 })).length, 1, 'replacements')
    },
  },
  {
    name: 'the record of attempts keeps the latest ones',
    run: async (makeHarness) => {
      const store = await makeHarness().open()
      let entry: StoredEntry = await appendOne(store, 'a')
      for (let nth = 1; nth <= attemptRecordsMax + 3; nth += 1) {
        entry = await reportOf(store, entry, { state: waitingUntil(nth), attempt: { atMs: nth } })
      }
      const found = expectSome(await store.find(testId('a')), 'the entry')
      const attempts = isLive(found) ? found.attempts.map(({ atMs }) => atMs) : []
      expectEqual(attempts.length, attemptRecordsMax, 'records')
      expectEqual(isLive(found) ? found.droppedAttempts : undefined, 3, 'those dropped')
      expectEqual([attempts[0], attempts.at(-1)], [4, attemptRecordsMax + 3], 'the first and the last')
    },
  },
  {
    name: 'an update of entries all over the log leaves the others as they are',
    run: async (makeHarness) => {
      const store = await makeHarness().open()
      const high = await store.append(
        Array.from({ length: 300 }, (_, index) => queuedOperation(`h${index}`, { priority: 'high' })),
      )
      const low = await store.append(
        Array.from({ length: 5 }, (_, index) => queuedOperation(`l${index}`, { priority: 'low' })),
      )
      const isChosen = (_: unknown, index: number): boolean => index % 3 === 0
      const chosen = [...high.filter(isChosen), ...low.filter(isChosen)]
      await change(
        store,
        chosen.map((entry, index) => always(entry, index % 2 === 0 ? appliedChange() : { state: deadState })),
      )
      const rest = (_: unknown, index: number): boolean => index % 3 !== 0
      expectEqual(await readWholeLog(store, 'high'), high.filter(rest), 'high')
      expectEqual(await readWholeLog(store, 'low'), low.filter(rest), 'low')
      expectEqual(await store.counts(), { queued: 203, waiting: 0, conflicted: 0, dead: 51 }, 'the counts')
    },
  },
]
