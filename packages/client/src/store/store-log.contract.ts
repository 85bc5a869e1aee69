/** The contract of the log: appending, order, positions, pages. */
import type { ContractCase } from './contract-checks.fixture.ts'
import { expectEqual, expectSome, expectSyncError, expectTrue } from './contract-checks.fixture.ts'
import type { StoreHarness } from './store.contract.ts'
import { always, appliedChange, change, idsOf, queuedOperation, readWholeLog, timedId } from './store.fixture.ts'
import type { Position } from './store.ts'

function isBefore(left: Position, right: Position): boolean {
  return left.segment !== right.segment ? left.segment < right.segment : left.index < right.index
}

const wide = { entriesMax: 1_000, bytesMax: 10_000_000 }

/** The cases. */
export const storeLogContract: readonly ContractCase<StoreHarness>[] = [
  {
    name: 'keeps what it was given, whatever its maker does to it afterwards',
    run: async (makeHarness) => {
      const store = await makeHarness().open()
      const payload: { text: string } = { text: 'as it was' }
      const queued = queuedOperation('a')
      const given = { ...queued, operation: { ...queued.operation, payload } }
      const storing = store.append([given])
      await storing
      payload.text = 'changed'
      const [entry] = await readWholeLog(store, queued.priority)
      expectEqual(entry?.operation.payload, { text: 'as it was' }, 'the payload')
    },
  },
  {
    name: 'gives entries back as they were given, with place and size',
    run: async (makeHarness) => {
      const store = await makeHarness().open()
      const group = [
        queuedOperation('a', { priority: 'high', onDead: 'skip' }),
        queuedOperation('b', { priority: 'low', size: 100 }),
        queuedOperation('c', { priority: 'high', lane: 'test:ü"\\\n😀' }),
      ]
      const stored = await store.append(group)
      expectEqual(idsOf(stored), ['a', 'b', 'c'], 'the order given')
      for (const [index, entry] of stored.entries()) {
        const queued = expectSome(group[index], 'the operation')
        expectEqual(entry.operation, queued.operation, 'the operation')
        expectEqual([entry.priority, entry.onDead], [queued.priority, queued.onDead], 'what the lane said')
        expectEqual(entry.size, JSON.stringify(queued.operation).length, 'the size')
        expectEqual([entry.state, entry.attempts], [{ kind: 'queued' }, []], 'the state')
        expectEqual(entry.position.priority, queued.priority, 'the priority of the place')
      }
      const high = await readWholeLog(store, 'high')
      const low = await readWholeLog(store, 'low')
      expectEqual(high, [stored[0], stored[2]], 'the high log')
      expectEqual(low, [stored[1]], 'the low log')
      expectEqual(await readWholeLog(store, 'medium'), [], 'the medium log')
    },
  },
  {
    name: 'gives pages of several logs and who leads at one instant',
    run: async (makeHarness) => {
      const store = await makeHarness().open()
      const [high, first, second] = await store.append([
        queuedOperation('a', { priority: 'high' }),
        queuedOperation('b'),
        queuedOperation('c'),
      ])
      const asked = new Map([
        ['high', undefined],
        ['medium', expectSome(first, 'the entry').position],
      ] as const)
      const before = await store.readLogs(asked, wide)
      expectEqual([...before.pages.keys()], ['high', 'medium'], 'the logs that were asked for')
      expectEqual(before.pages.get('high')?.entries, [high], 'the high log')
      expectEqual(before.pages.get('medium')?.entries, [second], 'what follows in the medium log')
      expectEqual(before.pages.get('medium')?.isEnd, true, 'the end')
      expectTrue(before.leadership === undefined, 'nobody leads')
      const epoch = await store.claim('here', 5)
      const { leadership } = await store.readLogs(asked, wide)
      expectEqual(leadership, { epoch, holder: 'here', beatAtMs: 5 }, 'who leads')
    },
  },
  {
    name: 'an empty group stores nothing',
    run: async (makeHarness) => {
      const store = await makeHarness().open()
      expectEqual(await store.append([]), [], 'the entries')
      expectEqual(await store.counts(), { queued: 0, waiting: 0, conflicted: 0, dead: 0 }, 'the counts')
    },
  },
  {
    name: 'I1 what was acknowledged is there after a crash',
    run: async (makeHarness) => {
      const harness = makeHarness()
      const store = await harness.open()
      const before = await store.append([queuedOperation('a'), queuedOperation('b')])
      const after = await harness.crash()
      expectEqual(await readWholeLog(after, 'medium'), before, 'the log')
    },
  },
  {
    name: 'order is commit order over two handles',
    run: async (makeHarness) => {
      const harness = makeHarness()
      const [left, right] = [await harness.open(), await harness.open()]
      for (let index = 0; index < 6; index += 1) {
        await (index % 2 === 0 ? left : right).append([queuedOperation(`id-${index}`)])
      }
      const expected = ['id-0', 'id-1', 'id-2', 'id-3', 'id-4', 'id-5']
      expectEqual(idsOf(await readWholeLog(left, 'medium')), expected, 'seen from the left')
      expectEqual(idsOf(await readWholeLog(right, 'medium')), expected, 'seen from the right')
    },
  },
  {
    name: 'appends of two handles at once never share a position, and a group is never torn apart',
    run: async (makeHarness) => {
      const harness = makeHarness()
      const stores = [await harness.open(), await harness.open()]
      const groups = Array.from({ length: 8 }, (_, nth) =>
        Array.from({ length: 3 }, (_unused, index) => queuedOperation(`g${nth}-${index}`)),
      )
      const appended = await Promise.all(
        groups.map((group, nth) => expectSome(stores[nth % 2], 'a store').append(group)),
      )
      const places = new Set(appended.flat().map(({ position }) => JSON.stringify(position)))
      expectEqual(places.size, 24, 'different positions')
      const read = idsOf(await readWholeLog(expectSome(stores[0], 'a store'), 'medium'))
      for (let start = 0; start < read.length; start += 3) {
        const nth = read[start]?.slice(0, 2) ?? ''
        expectEqual(read.slice(start, start + 3), [`${nth}-0`, `${nth}-1`, `${nth}-2`], 'a group')
      }
    },
  },
  {
    name: 'a group larger than a segment keeps its order, in one go',
    run: async (makeHarness) => {
      const store = await makeHarness().open()
      const group = Array.from({ length: 300 }, (_, index) => queuedOperation(`id-${index}`, { size: index * 7 }))
      const large = queuedOperation('large', { size: 200_000 })
      const stored = await store.append([...group, large, queuedOperation('behind')])
      const read = await readWholeLog(store, 'medium')
      expectEqual(read, stored, 'the log')
      for (const [index, entry] of read.entries()) {
        const next = read[index + 1]
        expectTrue(next === undefined || isBefore(entry.position, next.position), 'positions ascend')
      }
    },
  },
  {
    name: 'one operation twice in a group is two entries',
    run: async (makeHarness) => {
      const store = await makeHarness().open()
      const twice = queuedOperation('twice')
      const [first, second] = await store.append([twice, twice])
      expectTrue(
        isBefore(expectSome(first, 'the first').position, expectSome(second, 'the second').position),
        'two positions',
      )
      expectEqual((await store.counts()).queued, 2, 'queued')
    },
  },
  {
    name: 'pages stop at the number of entries, and go on behind the last',
    run: async (makeHarness) => {
      const store = await makeHarness().open()
      await store.append(Array.from({ length: 5 }, (_, index) => queuedOperation(`a${index}`)))
      await store.append(Array.from({ length: 2 }, (_, index) => queuedOperation(`b${index}`)))
      const first = await store.readLog('medium', undefined, { entriesMax: 3, bytesMax: 1_000_000 })
      expectEqual([idsOf(first.entries), first.isEnd], [['a0', 'a1', 'a2'], false], 'the first page')
      expectEqual(first.last, first.entries[2]?.position, 'its last')
      const second = await store.readLog('medium', first.last, { entriesMax: 3, bytesMax: 1_000_000 })
      expectEqual([idsOf(second.entries), second.isEnd], [['a3', 'a4', 'b0'], false], 'the second page')
      const third = await store.readLog('medium', second.last, { entriesMax: 3, bytesMax: 1_000_000 })
      expectEqual([idsOf(third.entries), third.isEnd], [['b1'], true], 'the third page')
      const none = await store.readLog('medium', third.last, { entriesMax: 3, bytesMax: 1_000_000 })
      expectEqual([none.entries, none.isEnd], [[], true], 'behind the end')
    },
  },
  {
    name: 'pages stop at the bytes, but give at least one entry',
    run: async (makeHarness) => {
      const store = await makeHarness().open()
      const stored = await store.append(['a', 'b', 'c'].map((id) => queuedOperation(id, { size: 1_000 })))
      const size = expectSome(stored[0], 'an entry').size
      const two = await store.readLog('medium', undefined, { entriesMax: 100, bytesMax: size * 2 })
      expectEqual([idsOf(two.entries), two.isEnd], [['a', 'b'], false], 'room for two')
      const one = await store.readLog('medium', undefined, { entriesMax: 100, bytesMax: 1 })
      expectEqual([idsOf(one.entries), one.isEnd], [['a'], false], 'room for none')
      const rest = await store.readLog('medium', one.last, { entriesMax: 100, bytesMax: size * 2 })
      expectEqual([idsOf(rest.entries), rest.isEnd], [['b', 'c'], true], 'the rest')
    },
  },
  {
    name: 'a page that reaches the end says so, however full it is',
    run: async (makeHarness) => {
      const store = await makeHarness().open()
      for (const group of [['a', 'b'], ['c'], ['d', 'e']]) await store.append(group.map((id) => queuedOperation(id)))
      for (let entriesMax = 1; entriesMax <= 6; entriesMax += 1) {
        const page = await store.readLog('medium', undefined, { entriesMax, bytesMax: 1_000_000 })
        expectEqual(page.isEnd, entriesMax >= 5, `the end, by ${entriesMax}`)
        expectEqual(page.last, page.entries.at(-1)?.position, `the last, by ${entriesMax}`)
      }
    },
  },
  {
    name: 'a page is the end when all that stood behind it is settled',
    run: async (makeHarness) => {
      for (let count = 1; count <= 6; count += 1) {
        const store = await makeHarness().open()
        for (let nth = 0; nth < count; nth += 1) await store.append([queuedOperation(`id-${nth}`)])
        const behind = await store.append([queuedOperation('behind-1'), queuedOperation('behind-2')])
        await change(
          store,
          behind.map((entry) => always(entry, appliedChange())),
        )
        const page = await store.readLog('medium', undefined, { entriesMax: count, bytesMax: 1_000_000 })
        expectEqual([page.entries.length, page.isEnd], [count, true], 'the page')
      }
    },
  },
  {
    name: 'an entry that is no longer queued is passed over, wherever it stands',
    run: async (makeHarness) => {
      const store = await makeHarness().open()
      const stored = await store.append(['a', 'b', 'c', 'd', 'e'].map((id) => queuedOperation(id)))
      await change(
        store,
        [0, 2, 4].map((index) => always(expectSome(stored[index], 'an entry'), appliedChange())),
      )
      expectEqual(idsOf(await readWholeLog(store, 'medium')), ['b', 'd'], 'what is left')
      expectEqual(idsOf(await readWholeLog(store, 'medium', { entriesMax: 1, bytesMax: 1 })), ['b', 'd'], 'by one')
      const behind = await store.readLog('medium', stored[1]?.position, wide)
      expectEqual([idsOf(behind.entries), behind.isEnd], [['d'], true], 'behind b')
    },
  },
  {
    name: 'a reader whose place was deleted meanwhile goes on behind it',
    run: async (makeHarness) => {
      const harness = makeHarness()
      const [reader, other] = [await harness.open(), await harness.open()]
      const first = await other.append(['a', 'b'].map((id) => queuedOperation(id)))
      await other.append([queuedOperation('c')])
      const page = await reader.readLog('medium', undefined, { entriesMax: 1, bytesMax: 1_000 })
      await change(
        other,
        first.map((entry) => always(entry, appliedChange())),
      )
      const next = await reader.readLog('medium', page.last, wide)
      expectEqual([idsOf(next.entries), next.isEnd], [['c'], true], 'what follows')
    },
  },
  {
    name: 'positions are never used twice, not even when everything was settled, nor after a crash',
    run: async (makeHarness) => {
      const harness = makeHarness()
      let store = await harness.open()
      const seen = new Set<string>()
      let last: Position | undefined
      for (let round = 0; round < 6; round += 1) {
        const stored = await store.append([queuedOperation(`a${round}`), queuedOperation(`b${round}`)])
        for (const { position } of stored) {
          expectTrue(last === undefined || isBefore(last, position), 'positions ascend')
          expectTrue(!seen.has(JSON.stringify(position)), 'a new position')
          seen.add(JSON.stringify(position))
          last = position
        }
        await change(
          store,
          stored.map((entry) => always(entry, appliedChange())),
        )
        expectEqual(await readWholeLog(store, 'medium'), [], 'the log')
        if (round % 2 === 1) store = await harness.crash()
      }
    },
  },
  {
    name: 'a reader that stood at the end of an emptied log sees what comes next',
    run: async (makeHarness) => {
      const store = await makeHarness().open()
      const stored = await store.append([queuedOperation('a'), queuedOperation('b')])
      const page = await store.readLog('medium', undefined, wide)
      await change(
        store,
        stored.map((entry) => always(entry, appliedChange())),
      )
      await store.append([queuedOperation('c')])
      const next = await store.readLog('medium', page.last, wide)
      expectEqual([idsOf(next.entries), next.isEnd], [['c'], true], 'what follows')
    },
  },
  {
    name: 'finds a queued entry in a long log, by an id with a time and by one without',
    run: async (makeHarness) => {
      const store = await makeHarness().open()
      for (let group = 0; group < 12; group += 1) {
        await store.append(
          Array.from({ length: 4 }, (_, index) => {
            // Clocks jump: the seventh group was made long before the others.
            const atMs = group === 6 ? 5 : 1_000_000 + group * 1_000
            return queuedOperation(timedId(atMs, group * 4 + index), { priority: group % 3 === 0 ? 'low' : 'high' })
          }),
        )
        await store.append([queuedOperation(`plain-${group}`, { priority: 'low' })])
      }
      for (const id of [timedId(1_000_000, 0), timedId(5, 25), timedId(1_011_000, 47), 'plain-0', 'plain-11']) {
        const found = expectSome(await store.find(queuedOperation(id).operation.id), `the entry ${id}`)
        expectEqual(idsOf([found]), [id], 'the id')
        expectEqual(found.state, { kind: 'queued' }, 'the state')
      }
      for (const id of [timedId(1_003_000, 99), timedId(7, 1), 'plain-12', 'x']) {
        expectEqual(await store.find(queuedOperation(id).operation.id), undefined, `an entry ${id}`)
      }
    },
  },
  {
    name: 'an id that only stands in a payload is not the entry',
    run: async (makeHarness) => {
      const store = await makeHarness().open()
      const decoy = queuedOperation('decoy')
      await store.append([
        { ...decoy, operation: { ...decoy.operation, payload: { id: 'wanted', list: ['"id":"wanted"'] } } },
      ])
      expectEqual(await store.find(queuedOperation('wanted').operation.id), undefined, 'the entry')
    },
  },
  {
    name: 'a closed handle says so, and leaves the others alone',
    run: async (makeHarness) => {
      const harness = makeHarness()
      const [store, other] = [await harness.open(), await harness.open()]
      await store.append([queuedOperation('a')])
      await store.close()
      await store.close()
      await expectSyncError(store.append([queuedOperation('b')]), 'closed')
      await expectSyncError(store.counts(), 'closed')
      expectEqual(idsOf(await readWholeLog(other, 'medium')), ['a'], 'the other handle')
    },
  },
  {
    name: 'what is appended stands behind the ends that were read before, also after everything before it was settled',
    run: async (makeHarness) => {
      const store = await makeHarness().open()
      const [first] = await store.append([queuedOperation('a'), queuedOperation('b')])
      const ends = await store.readEnds()
      const end = expectSome(ends.get('medium'), 'the end of a log')
      expectEqual([ends.get('high') ?? 0, ends.get('low') ?? 0], [0, 0], 'the ends of logs that are empty')
      expectEqual(expectSome(first, 'an entry').position.segment <= end, true, 'what was there stands before the end')
      const both = await readWholeLog(store, 'medium')
      await change(
        store,
        both.map((entry) => always(entry, appliedChange())),
      )
      const later = expectSome((await store.append([queuedOperation('c')]))[0], 'an entry')
      expectEqual(later.position.segment > end, true, 'what came later stands behind it')
    },
  },
]
