/** What a burst of calls is to the intake; single calls are tested where the outbox is. */
import { SyncError, type OperationDefinition } from '@holdfast/core'
import { expect, test } from 'vitest'
import { Intake } from './intake.ts'
import { addNote, note, type Note } from './note.fixture.ts'
import { openMemoryStore } from './store/memory-store.ts'
import { readWholeLog, testId } from './store/store.fixture.ts'
import { isLive, type Store, type StoredEntry } from './store/store.ts'
import { World } from './world.fixture.ts'

interface Burst {
  readonly store: Store
  readonly intake: Intake
  /** Entries in each transaction. */
  readonly groups: number[]
  /** What the schema was given, in order. */
  readonly checked: unknown[]
  /** How many the schema had been given at each turn of the event loop. */
  readonly turns: number[]
  readonly definition: OperationDefinition<Note>
}

/** @param written what each transaction waits for */
function open(written: Promise<void> = Promise.resolve()): Burst {
  const inner = openMemoryStore()
  const [groups, checked, turns]: [number[], unknown[], number[]] = [[], [], []]
  const store: Store = {
    ...inner,
    append: async (group) => {
      groups.push(group.length)
      await written
      return inner.append(group)
    },
  }
  const schema = addNote.payload['~standard']
  const validate = (value: unknown): ReturnType<typeof schema.validate> => {
    checked.push(value)
    return schema.validate(value)
  }
  const listener = { onStored: () => {}, onKnown: () => {}, onAbsorbed: () => {} }
  const turn = (): Promise<void> => {
    turns.push(checked.length)
    return new Promise((resolve) => setImmediate(resolve))
  }
  const intake = new Intake({ ...new World().environment(), turn }, store, listener)
  return {
    store,
    intake,
    groups,
    checked,
    turns,
    definition: { ...addNote, payload: { '~standard': { ...schema, validate } } },
  }
}

const textOf = (entry: StoredEntry): unknown => {
  const payload = isLive(entry) ? entry.operation.payload : undefined
  return typeof payload === 'object' && payload !== null && 'text' in payload ? payload['text'] : undefined
}
const textsIn = async (store: Store): Promise<readonly unknown[]> => (await readWholeLog(store, 'medium')).map(textOf)
const numbers = (count: number): readonly string[] => Array.from({ length: count }, (_, nth) => String(nth))

test('a burst is stored in the order of the calls, and prepared in pieces between which the page gets its turn', async () => {
  const { store, intake, checked, turns, definition } = open()
  const calls = numbers(3000).map((text) => intake.take(definition, note(text), {}))
  expect(checked).toHaveLength(256)
  expect((await Promise.all(calls)).map(textOf)).toEqual(numbers(3000))
  expect(await textsIn(store)).toEqual(numbers(3000))
  expect(turns).toEqual(Array.from({ length: 11 }, (_, nth) => 256 * (nth + 1)))
})

test('of a burst, two groups are prepared while one is being written, and no more', async () => {
  const written = Promise.withResolvers<void>()
  const { store, intake, groups, checked, definition } = open(written.promise)
  const calls = numbers(4000).map((text) => intake.take(definition, note(text), {}))
  await new World().settle()
  expect(groups).toEqual([256])
  expect(checked).toHaveLength(256 + 2048)
  written.resolve()
  await Promise.all(calls)
  expect(await textsIn(store)).toEqual(numbers(4000))
})

test('what was given at the call is stored, whatever its maker does to it afterwards', async () => {
  const { store, intake, definition } = open()
  const draft = { subject: 'a', text: '' }
  const calls = numbers(1500).map((text) => intake.take(definition, Object.assign(draft, { text }), {}))
  draft.text = 'changed'
  await Promise.all(calls)
  expect(await textsIn(store)).toEqual(numbers(1500))
})

test('in a burst, what cannot be copied keeps its place, and so does an id of the caller and a coalesced entry', async () => {
  const { store, intake, checked, definition } = open()
  class Draft {
    readonly subject = 'a'
    readonly text = 'no plain object'
  }
  const calls = numbers(600).map((text) => intake.take(definition, note(text), {}))
  calls.push(intake.take(definition, new Draft(), {}))
  expect(checked).toHaveLength(257)
  calls.push(intake.take(definition, note('own id'), { id: testId('own') }))
  calls.push(intake.take(definition, note('coalesced'), { coalesce: 'key' }))
  calls.push(intake.take(definition, note('last'), {}))
  await Promise.all(calls)
  expect(await textsIn(store)).toEqual([...numbers(600), 'no plain object', 'own id', 'coalesced', 'last'])
})

test('in a burst, a payload that is refused fails alone', async () => {
  const { store, intake, definition } = open()
  const payloads: readonly unknown[] = [...numbers(700).map((text) => note(text)), { subject: 'no text' }, note('last')]
  const outcomes = await Promise.all(
    payloads.map((payload) =>
      intake
        .take(definition, payload, {})
        .then(textOf, (error: unknown) => (error instanceof SyncError ? error.code : 'another error')),
    ),
  )
  expect(outcomes).toEqual([...numbers(700), 'invalid-payload', 'last'])
  expect(await textsIn(store)).toEqual([...numbers(700), 'last'])
})

test('a burst is over when the intake is idle, and single calls are taken at once again', async () => {
  const { store, intake, checked, definition } = open()
  for (const text of numbers(1200)) void intake.take(definition, note(text), {})
  await intake.idle()
  expect(await textsIn(store)).toHaveLength(1200)
  void intake.take(definition, note('next'), {})
  expect(checked).toHaveLength(1201)
  await intake.idle()
})
