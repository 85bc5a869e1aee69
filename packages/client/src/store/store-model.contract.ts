/** The contract as a whole: random sequences of acts over two handles leave what a plain list says they must. */
import fc from 'fast-check'
import { priorities, type HeldState, type Priority } from '@holdfast/core'
import type { ContractCase } from './contract-checks.fixture.ts'
import { expectEqual, expectSome, expectSyncError } from './contract-checks.fixture.ts'
import type { StoreHarness } from './store.contract.ts'
import {
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
import {
  isLive,
  type EntryChange,
  type SettledEntry,
  type Store,
  type StoredEntry,
  type UpdateRequest,
} from './store.ts'

type Wish = 'none' | 'waiting' | 'conflicted' | 'dead' | 'applied' | 'discarded' | 'replaced'

type Act =
  | { readonly kind: 'append'; readonly tab: number; readonly entries: readonly { priority: Priority; size: number }[] }
  | {
      readonly kind: 'update'
      readonly tab: number
      readonly picks: readonly { readonly pick: number; readonly wish: Wish }[]
      readonly nowMs: number
      readonly isStale: boolean
    }
  | { readonly kind: 'cleanup'; readonly tab: number; readonly beforeMs: number }
  | { readonly kind: 'crash' }

const wishes: readonly Wish[] = ['none', 'waiting', 'conflicted', 'dead', 'applied', 'discarded', 'replaced']
const tabOf = fc.nat(1)
const nowOf = fc.integer({ min: 0, max: 20 })
const actOf: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      tab: tabOf,
      entries: fc.array(
        fc.record({
          priority: fc.constantFrom(...priorities),
          size: fc.oneof({ weight: 9, arbitrary: fc.nat(50) }, { weight: 1, arbitrary: fc.constant(90_000) }),
        }),
        { minLength: 1, maxLength: 6 },
      ),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('update' as const),
      tab: tabOf,
      picks: fc.array(fc.record({ pick: fc.nat(), wish: fc.constantFrom(...wishes) }), { minLength: 1, maxLength: 8 }),
      nowMs: nowOf,
      isStale: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cleanup' as const), tab: tabOf, beforeMs: nowOf }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'crash' as const }) },
)

/** The slow and simple store: a list of every entry that was ever appended or made, and what is to be seen of it. */
class Model {
  /** Everything known, as the store last reported it. */
  readonly #entries: StoredEntry[] = []
  /** The first report of each, as a tab that has not looked since knows it. */
  readonly #stale: StoredEntry[] = []
  #settled: SettledEntry[] = []
  #made = 0

  nextId(): string {
    this.#made += 1
    // Not in the order of making, so that nothing can rely on ids sorting by time.
    return `id-${(this.#made * 7919) % 10_007}`
  }

  add(entry: StoredEntry): void {
    this.#entries.push(entry)
    this.#stale.push(entry)
  }

  pick(nth: number, isStale: boolean): StoredEntry | undefined {
    const from = isStale ? this.#stale : this.#entries
    return from[nth % Math.max(from.length, 1)]
  }

  known(entry: StoredEntry): StoredEntry {
    const [id] = idsOf([entry])
    return expectSome(
      this.#entries.find((other) => idsOf([other])[0] === id),
      'a known entry',
    )
  }

  take(next: StoredEntry): void {
    const [id] = idsOf([next])
    const index = this.#entries.findIndex((other) => idsOf([other])[0] === id)
    this.#entries[index] = next
    if (isLive(next)) return
    this.#settled = [...this.#settled.filter((other) => other.id !== next.id), next]
  }

  isForgotten(entry: StoredEntry): boolean {
    const known = this.known(entry)
    return !isLive(known) && !this.#settled.includes(known)
  }

  cleanup(beforeMs: number): number {
    const kept = this.#settled.filter(
      ({ state, settledAtMs }) => settledAtMs >= beforeMs || (state.kind === 'discarded' && !state.isCertain),
    )
    const forgotten = this.#settled.length - kept.length
    this.#settled = kept
    return forgotten
  }

  async compare(store: Store): Promise<void> {
    const live = this.#entries.filter(isLive)
    const counts = { queued: 0, waiting: 0, conflicted: 0, dead: 0 }
    for (const { state } of live) counts[state.kind] += 1
    expectEqual(await store.counts(), counts, 'the counts')
    for (const priority of priorities) {
      const queued = live.filter((entry) => entry.state.kind === 'queued' && entry.priority === priority)
      for (const entriesMax of [1, 3, 50]) {
        const read = await readWholeLog(store, priority, { entriesMax, bytesMax: 100_000 })
        expectEqual(read, queued, `the ${priority} log by ${entriesMax}`)
      }
    }
    for (const kind of ['waiting', 'conflicted', 'dead'] as const) {
      const held = live.filter(({ state }) => state.kind === kind)
      const sorted = held.toSorted((left, right) => (left.operation.id < right.operation.id ? -1 : 1))
      expectEqual(await store.readHeld(kind, { limit: 1_000 }), sorted, kind)
    }
    const settled = this.#settled
      .map((entry, order) => ({ entry, order }))
      .toSorted((left, right) => right.entry.settledAtMs - left.entry.settledAtMs || right.order - left.order)
      .map(({ entry }) => entry)
    expectEqual(await store.readSettled({ limit: 1_000 }), settled, 'settled')
    for (const entry of this.#entries) {
      const [id] = idsOf([entry])
      const found = await store.find(testId(expectSome(id, 'an id')))
      expectEqual(found, this.isForgotten(entry) ? undefined : entry, `found ${id}`)
    }
  }
}

function wishedChange(current: StoredEntry, wish: Wish, nextId: () => string): EntryChange | undefined {
  const heldStates: { readonly [W in Wish]?: HeldState } = {
    waiting: waitingUntil(3),
    conflicted: conflictedState,
    dead: deadState,
  }
  if (wish === 'none') return undefined
  if (!isLive(current)) {
    // As in core's delivery: only an uncertain discard can still change.
    if (current.state.kind !== 'discarded' || current.state.isCertain) return undefined
    if (wish === 'applied') return appliedChange()
    return wish === 'discarded' ? { state: { ...current.state, isCertain: true } } : undefined
  }
  const held = heldStates[wish]
  if (held !== undefined) return { state: held, attempt: { atMs: 1 } }
  if (wish === 'applied') return appliedChange()
  if (wish === 'discarded') return discardedChange('cancel')
  const by = nextId()
  const { lane } = current.operation
  return {
    ...discardedChange(by),
    replacement: {
      operation: queuedOperation(by, { lane, size: 9 }).operation,
      state: waitingUntil(1, 0),
    },
  }
}

async function play(harness: StoreHarness, acts: readonly Act[]): Promise<void> {
  const model = new Model()
  let tabs = [await harness.open(), await harness.open()]
  const tabAt = (nth: number): Store => expectSome(tabs[nth], 'a tab')
  for (const act of acts) {
    switch (act.kind) {
      case 'append': {
        const group = act.entries.map((wish) => queuedOperation(model.nextId(), wish))
        for (const entry of await tabAt(act.tab).append(group)) model.add(entry)
        break
      }
      case 'update': {
        const seen = new Map<StoredEntry, StoredEntry>()
        const requests: UpdateRequest[] = []
        for (const { pick, wish } of act.picks) {
          const entry = model.pick(pick, act.isStale)
          if (entry === undefined || requests.some((other) => idsOf([other.entry])[0] === idsOf([entry])[0])) continue
          // A change is pure: asked again, it gives the same.
          let id: string | undefined
          const nextId = (): string => (id ??= model.nextId())
          requests.push({
            entry,
            change: (current) => {
              seen.set(entry, current)
              return wishedChange(current, wish, nextId)
            },
          })
        }
        const reports = await change(tabAt(act.tab), requests, act.nowMs)
        const kept = requests.filter(({ entry }) => !model.isForgotten(entry))
        const saw = kept.map(({ entry }) => seen.get(entry))
        const judged = kept.map(({ entry }) => model.known(entry))
        expectEqual(saw, judged, 'what the changes saw last')
        for (const { entry, isChanged, replacement } of reports) {
          if (isChanged) model.take(entry)
          if (replacement !== undefined) model.add(replacement)
        }
        break
      }
      case 'cleanup':
        expectEqual(await tabAt(act.tab).cleanup(act.beforeMs), model.cleanup(act.beforeMs), 'forgotten')
        break
      case 'crash':
        tabs = [await harness.crash(), await harness.open()]
        break
    }
  }
  await model.compare(tabAt(1))
}

/** The cases. */
export const storeModelContract: readonly ContractCase<StoreHarness>[] = [
  {
    name: 'any sequence of acts over two handles leaves what a plain list says',
    run: async (makeHarness) => {
      await fc.assert(
        fc.asyncProperty(fc.array(actOf, { maxLength: 30 }), (acts) => play(makeHarness(), acts)),
        { numRuns: 60 },
      )
    },
  },
  {
    name: 'a thousand entries, settled a few at a time from everywhere, leave the others in order',
    run: async (makeHarness) => {
      const store = await makeHarness().open()
      const entries = await store.append(Array.from({ length: 1_000 }, (_, index) => queuedOperation(`id-${index}`)))
      // 7 has no factor in common with 1000: the walk meets each entry once, far from the one before.
      const walk = entries.map((_, index) => expectSome(entries[(index * 7) % 1_000], 'an entry'))
      for (let start = 0; start < walk.length; start += 90) {
        await change(
          store,
          walk.slice(start, start + 90).map((entry) => ({ entry, change: () => appliedChange() })),
        )
        const left = new Set(walk.slice(start + 90))
        const expected = entries.filter((entry) => left.has(entry))
        expectEqual(idsOf(await readWholeLog(store, 'medium')), idsOf(expected), `after ${start + 90}`)
      }
    },
  },
  {
    name: 'acts of two handles at once on the same entries change each entry once',
    run: async (makeHarness) => {
      const harness = makeHarness()
      const [left, right] = [await harness.open(), await harness.open()]
      const entries = await left.append(Array.from({ length: 40 }, (_, index) => queuedOperation(`id-${index}`)))
      const settleAll = async (store: Store): Promise<number> => {
        const reports = await change(
          store,
          entries.map((entry) => ({ entry, change: (now) => (isLive(now) ? appliedChange() : undefined) })),
        )
        return reports.filter(({ isChanged }) => isChanged).length
      }
      const changed = await Promise.all([settleAll(left), settleAll(right)])
      expectEqual(
        changed.reduce((sum, count) => sum + count),
        40,
        'changes',
      )
      expectEqual((await right.readSettled({ limit: 100 })).length, 40, 'settled')
      await expectSyncError(
        left.close().then(() => left.counts()),
        'closed',
      )
    },
  },
]
