/**
 * The contract of every store, as plain cases: a unit test runs them on memory and on a simulated IndexedDB, a page runs
 * them on the real one of each browser. A case throws when a promise is broken.
 */
import {
  deliver,
  exponential,
  operationIdFrom,
  SyncError,
  type DeliveryEvent,
  type DeliveryState,
  type OnDead,
  type OperationId,
  type Priority,
  type QueuedOperation,
} from '@holdfast/core'
import { openGroupCommit } from './group-commit.ts'
import {
  idOf,
  isLive,
  type Position,
  type Store,
  type StoredEntry,
  type UpdateReport,
  type UpdateRequest,
} from './store.ts'

/** One data set; each call of `open` gives another handle on it, as another tab would. */
export interface StoreHarness {
  open(): Promise<Store>
}

/** One promise and how it is tried. */
export interface StoreCase {
  readonly name: string
  readonly run: (harness: StoreHarness) => Promise<void>
}

const nowMs = Date.UTC(2026, 10, 20)

/** Small, seeded chance: a failing sequence fails again. */
export function seededRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

let made = 0

function queued(lane: string, options: { priority?: Priority; onDead?: OnDead; text?: string } = {}): QueuedOperation {
  made += 1
  const random = Uint8Array.from({ length: 10 }, (_, index) => (made >> (index * 3)) & 255)
  const id = operationIdFrom(nowMs + made, random)
  const { priority = 'medium', onDead = 'block', text = 'x' } = options
  return {
    operation: { id, type: 'note.add', version: 1, lane, payload: { text }, createdAtMs: nowMs },
    priority,
    onDead,
  }
}

const many = (count: number, options?: Parameters<typeof queued>[1]): QueuedOperation[] =>
  Array.from({ length: count }, (_, index) => queued(`lane:${index}`, options))

const idsOf = (entries: readonly StoredEntry[]): OperationId[] => entries.map(idOf)

function assertEqual(actual: unknown, expected: unknown, what: string): void {
  const [left, right] = [JSON.stringify(actual), JSON.stringify(expected)]
  if (left !== right) throw new Error(`${what}: expected ${right}, got ${left}`)
}

async function assertRejects(work: Promise<unknown>, code: string): Promise<void> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  assertEqual(error instanceof SyncError ? error.code : String(error), code, 'the error')
}

async function readAll(store: Store, priority: Priority = 'medium', entriesMax = 1000): Promise<OperationId[]> {
  const ids: OperationId[] = []
  for (let after: Position | undefined; ;) {
    const page = await store.readLog(priority, after, { entriesMax, bytesMax: 1 << 20 })
    ids.push(...idsOf(page.entries))
    if (page.isEnd) return ids
    after = page.last
  }
}

function on(entry: StoredEntry, event: DeliveryEvent): UpdateRequest {
  return {
    entry,
    change: ({ state }) => {
      const next = deliver(state, event, { nowMs, random: 0.5, schedule: exponential() })
      return next.kind === 'changed' ? { state: next.state, attempt: { atMs: nowMs } } : undefined
    },
  }
}

const applied: DeliveryEvent = { kind: 'applied', applied: { outcome: 'applied', version: 1 } }
const failed: DeliveryEvent = { kind: 'failed', failure: { cause: 'timeout' } }
const rejected: DeliveryEvent = { kind: 'rejected', problem: { type: 'urn:x', title: 'No', status: 422 } }

const update = (store: Store, requests: readonly UpdateRequest[], epoch?: number): Promise<readonly UpdateReport[]> =>
  store.update(requests, { durability: 'relaxed', nowMs, ...(epoch !== undefined && { epoch }) })

/** Every promise of store.ts. */
export const storeContract: readonly StoreCase[] = [
  {
    name: 'gives back what was appended, in order, after opening again',
    run: async ({ open }) => {
      const store = await open()
      const group = many(300)
      const entries = await store.append(group)
      assertEqual(
        idsOf(entries),
        group.map(({ operation }) => operation.id),
        'the answer',
      )
      assertEqual((await (await open()).counts()).queued, 300, 'the count')
      assertEqual(await readAll(await open()), idsOf(entries), 'the log')
      const [first] = group
      const found = first === undefined ? undefined : await (await open()).find(first.operation.id)
      assertEqual(found !== undefined && isLive(found) ? found.operation : found, first?.operation, 'the body')
    },
  },
  {
    name: 'keeps commit order over two handles, and priorities apart',
    run: async ({ open }) => {
      const [one, two] = [await open(), await open()]
      const order: OperationId[] = []
      for (let round = 0; round < 6; round += 1) {
        order.push(...idsOf(await (round % 2 === 0 ? one : two).append(many(3))))
        await two.append([queued('other', { priority: 'high' })])
      }
      assertEqual(await readAll(one), order, 'medium')
      assertEqual((await readAll(two, 'high')).length, 6, 'high')
      assertEqual(await readAll(one, 'low'), [], 'low')
    },
  },
  {
    name: 'appends from two handles at once lose nothing',
    run: async ({ open }) => {
      const [one, two] = [await open(), await open()]
      await Promise.all(Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? one : two).append(many(2))))
      assertEqual(new Set(await readAll(one)).size, 40, 'distinct entries')
    },
  },
  {
    name: 'pages by count and by size, and always gives at least one entry',
    run: async ({ open }) => {
      const store = await open()
      const group = many(20, { text: 'y'.repeat(1000) })
      await store.append(group)
      const ids = group.map(({ operation }) => operation.id)
      assertEqual(await readAll(store, 'medium', 3), ids, 'by three')
      const page = await store.readLog('medium', undefined, { entriesMax: 10, bytesMax: 10 })
      assertEqual([page.entries.length, page.isEnd], [1, false], 'a tight page')
      const two = await store.readLog('medium', page.last, { entriesMax: 10, bytesMax: 2500 })
      assertEqual(idsOf(two.entries), ids.slice(1, 3), 'by size')
    },
  },
  {
    name: 'takes settled and held entries out of the log, and keeps what it is told about them',
    run: async ({ open }) => {
      const store = await open()
      const [a, b, c, d] = await store.append(many(4))
      if (a === undefined || b === undefined || c === undefined || d === undefined) throw new Error('four entries')
      await update(store, [on(a, applied), on(b, failed), on(c, rejected)])
      const again = await open()
      assertEqual(await readAll(again), [idOf(d)], 'the log')
      assertEqual(await again.counts(), { queued: 1, waiting: 1, conflicted: 0, dead: 1 }, 'the counts')
      assertEqual((await again.find(idOf(a)))?.state.kind, 'applied', 'a')
      assertEqual(idsOf(await again.readHeld('waiting', { limit: 10 })), [idOf(b)], 'waiting')
      const dead = await again.find(idOf(c))
      assertEqual(dead !== undefined && isLive(dead) ? dead.attempts.length : 0, 1, 'attempts of c')
      assertEqual(await again.find(operationIdFrom(1, new Uint8Array(10))), undefined, 'an unknown id')
    },
  },
  {
    name: 'never uses a position twice, not even after everything was settled',
    run: async ({ open }) => {
      const seen = new Set<string>()
      for (let round = 0; round < 5; round += 1) {
        const store = await open()
        const entries = await store.append(many(round % 2 === 0 ? 1 : 130))
        for (const { position } of entries) {
          const place = JSON.stringify(position)
          if (seen.has(place)) throw new Error(`${place} was used twice`)
          seen.add(place)
        }
        await update(
          store,
          entries.map((entry) => on(entry, applied)),
        )
        assertEqual((await store.counts()).queued, 0, 'the count')
        assertEqual(await readAll(store), [], 'the log')
      }
    },
  },
  {
    name: 'judges an update by the state inside the transaction: what is settled stays settled',
    run: async ({ open }) => {
      const [one, two] = [await open(), await open()]
      const [entry] = await one.append(many(1))
      if (entry === undefined) throw new Error('an entry')
      await update(one, [on(entry, applied)])
      const [late] = await update(two, [on(entry, rejected)])
      assertEqual([late?.isChanged, late?.entry.state.kind], [false, 'applied'], 'the late one')
      assertEqual(await two.counts(), { queued: 0, waiting: 0, conflicted: 0, dead: 0 }, 'the counts')
    },
  },
  {
    name: 'moves held entries through their states and settles them',
    run: async ({ open }) => {
      const store = await open()
      const [entry] = await store.append(many(1))
      if (entry === undefined) throw new Error('an entry')
      const [first] = await update(store, [on(entry, failed)])
      const [second] = await update(store, [on(entry, failed)])
      assertEqual([first?.entry.state.kind, second?.isChanged], ['waiting', true], 'the steps')
      const state: DeliveryState | undefined = second?.entry.state
      assertEqual(state?.kind === 'waiting' ? state.attempts : 0, 2, 'attempts')
      await update(store, [on(entry, applied)])
      assertEqual(await store.counts(), { queued: 0, waiting: 0, conflicted: 0, dead: 0 }, 'the counts')
      assertEqual((await store.find(idOf(entry)))?.state.kind, 'applied', 'the end')
    },
  },
  {
    name: "a replacement stands at the original's place, and both survive opening again",
    run: async ({ open }) => {
      const store = await open()
      const [entry] = await store.append([queued('lane', { onDead: 'skip' }), queued('lane')])
      if (entry === undefined) throw new Error('an entry')
      const replacement = queued('lane')
      const by = replacement.operation.id
      const [report] = await store.update(
        [
          {
            entry,
            change: () => ({
              state: { kind: 'discarded', cause: 'person', by, isCertain: false },
              replacement: {
                queued: replacement,
                state: {
                  kind: 'waiting',
                  attempts: 0,
                  notBeforeMs: nowMs,
                  isAsked: false,
                  failure: { cause: 'problem' },
                },
              },
            }),
          },
        ],
        { durability: 'strict', nowMs },
      )
      assertEqual(report?.replacement?.position, entry.position, 'the place')
      const again = await open()
      assertEqual(idsOf(await again.readHeld('waiting', { limit: 5 })), [by], 'held')
      const discarded = await again.find(idOf(entry))
      assertEqual(discarded?.state, { kind: 'discarded', cause: 'person', by, isCertain: false }, 'the original')
      if (discarded === undefined) throw new Error('the original')
      await update(again, [on(discarded, { kind: 'replaced' })])
      assertEqual(
        (await again.find(idOf(entry)))?.state,
        { kind: 'discarded', cause: 'person', by, isCertain: true },
        'certain',
      )
    },
  },
  {
    name: 'F007 fences off an older epoch: nothing of its update is written',
    run: async ({ open }) => {
      const [one, two] = [await open(), await open()]
      const entries = await one.append(many(2))
      const old = await one.claim('one', nowMs)
      const epoch = await two.claim('two', nowMs + 1)
      assertEqual(epoch > old, true, 'the epoch rises')
      await assertRejects(
        update(
          one,
          entries.map((entry) => on(entry, applied)),
          old,
        ),
        'fenced',
      )
      assertEqual((await two.counts()).queued, 2, 'the count')
      assertEqual([await one.beat(old, nowMs), await two.beat(epoch, nowMs + 5)], [false, true], 'the beats')
      assertEqual(await one.readLeadership(), { epoch, holder: 'two', beatAtMs: nowMs + 5 }, 'the leadership')
      await update(
        two,
        entries.map((entry) => on(entry, applied)),
        epoch,
      )
      assertEqual((await one.counts()).queued, 0, 'the count at last')
    },
  },
  {
    name: 'an update whose change throws writes nothing',
    run: async ({ open }) => {
      const store = await open()
      const [a, b] = await store.append(many(2))
      if (a === undefined || b === undefined) throw new Error('two entries')
      const broken: UpdateRequest = {
        entry: b,
        change: () => {
          throw new SyncError('illegal-act', 'no')
        },
      }
      await assertRejects(update(store, [on(a, applied), broken]), 'illegal-act')
      assertEqual(await readAll(store), [idOf(a), idOf(b)], 'the log')
    },
  },
  {
    name: 'lists held entries by kind in pages, and settled ones latest first',
    run: async ({ open }) => {
      const store = await open()
      const entries = await store.append(many(7))
      await update(
        store,
        entries.slice(0, 4).map((entry) => on(entry, rejected)),
      )
      const [first, second] = [await store.readHeld('dead', { limit: 3 }), idsOf(entries).slice(0, 4)]
      assertEqual(idsOf(first), second.slice(0, 3), 'the first page')
      const after = first.at(-1)?.operation.id
      assertEqual(
        idsOf(await store.readHeld('dead', { limit: 3, ...(after !== undefined && { after }) })),
        second.slice(3),
        'the second',
      )
      for (const entry of entries.slice(4)) await update(store, [on(entry, applied)])
      const page = await store.readSettled({ limit: 2 })
      assertEqual(idsOf(page), idsOf(entries).slice(5).toReversed(), 'latest first')
      const before = page.at(-1)
      assertEqual(
        idsOf(await store.readSettled({ limit: 2, ...(before !== undefined && { before }) })),
        [idsOf(entries)[4]],
        'the rest',
      )
    },
  },
  {
    name: 'R010 cleanup forgets old settled entries and touches nothing else',
    run: async ({ open }) => {
      const store = await open()
      const [a, b, c] = await store.append(many(3))
      if (a === undefined || b === undefined || c === undefined) throw new Error('three entries')
      await store.update([on(a, applied)], { durability: 'relaxed', nowMs: nowMs - 10_000 })
      await store.update([on(b, rejected)], { durability: 'relaxed', nowMs: nowMs - 10_000 })
      assertEqual(await store.cleanup(nowMs - 20_000), 0, 'too early')
      assertEqual(await store.cleanup(nowMs), 1, 'forgotten')
      assertEqual(
        [await store.find(idOf(a)), (await store.find(idOf(b)))?.state.kind],
        [undefined, 'dead'],
        'what is left',
      )
      assertEqual(await store.counts(), { queued: 1, waiting: 0, conflicted: 0, dead: 1 }, 'the counts')
    },
  },
  {
    name: 'a thousand entries with other companions settle in any order',
    run: async ({ open }) => {
      const store = await open()
      const entries = await store.append(many(1000))
      const random = seededRandom(7)
      const shuffled = entries.toSorted(() => random() - 0.5)
      for (let start = 0; start < shuffled.length; start += 90) {
        await update(
          store,
          shuffled.slice(start, start + 90).map((entry) => on(entry, applied)),
        )
        const left = new Set(idsOf(shuffled.slice(start + 90)))
        const expected = idsOf(entries).filter((id) => left.has(id))
        assertEqual(await readAll(store), expected, `after ${start + 90}`)
      }
    },
  },
  {
    name: 'a random sequence of acts over two handles agrees with a plain list',
    run: async ({ open }) => {
      for (let seed = 1; seed <= 5; seed += 1) await randomActs(await open(), await open(), seed)
    },
  },
  {
    name: 'a group commit stores every call, in the order of the calls',
    run: async ({ open }) => {
      const store = await open()
      const log = openGroupCommit(store)
      const group = many(700)
      const entries = await Promise.all(group.map((entry) => log.append(entry)))
      assertEqual(
        idsOf(entries),
        group.map(({ operation }) => operation.id),
        'the answers',
      )
      await log.idle()
      assertEqual(await readAll(store), idsOf(entries), 'the log')
    },
  },
]

async function randomActs(one: Store, two: Store, seed: number): Promise<void> {
  const random = seededRandom(seed)
  const lane = `seed ${seed}`
  const model = new Map<OperationId, { kind: DeliveryState['kind']; entry: StoredEntry }>()
  for (let step = 0; step < 60; step += 1) {
    const store = random() < 0.5 ? one : two
    if (random() < 0.4 || model.size === 0) {
      const group = Array.from({ length: 1 + Math.floor(random() * 5) }, () => queued(lane))
      for (const entry of await store.append(group)) model.set(entry.operation.id, { kind: 'queued', entry })
      continue
    }
    const events = [applied, failed, rejected]
    const chosen = [...model.values()].filter(() => random() < 0.3).slice(0, 6)
    const requests = chosen.map(({ entry }) => on(entry, events[Math.floor(random() * 3)] ?? applied))
    for (const { entry } of await update(store, requests)) model.set(idOf(entry), { kind: entry.state.kind, entry })
  }
  for (const [id, { kind }] of model) assertEqual((await two.find(id))?.state.kind, kind, `seed ${seed}: ${id}`)
  const mine = (await readAll(one)).filter((id) => model.has(id))
  const expected = [...model].filter(([, { kind }]) => kind === 'queued').map(([id]) => id)
  assertEqual(mine, expected, `seed ${seed}: the log`)
}
