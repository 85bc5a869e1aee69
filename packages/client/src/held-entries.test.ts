import { expect, test } from 'vitest'
import { HeldEntries } from './held-entries.ts'
import { deadState, queuedOperation, testId, waitingUntil, type OperationWishes } from './store/store.fixture.ts'
import type { LiveEntry, Position } from './store/store.ts'
import { queuedEntry } from './store/segment.ts'

function held(id: string, index: number, state: LiveEntry['state'], wishes: OperationWishes = {}): LiveEntry {
  const entry = queuedEntry(queuedOperation(id, wishes), 10, placeAt(index))
  return { ...entry, state }
}

/** What waits, and which of the first places of the lane are behind a held entry. */
function seen(entries: HeldEntries): readonly [readonly string[], readonly number[]] {
  const isBlocked = entries.blockedLanes.has('test:1')
  const places = [1, 2, 3, 4].filter((index) => isBlocked && !entries.isAhead('test:1', placeAt(index)))
  return [entries.waiting.map(({ id }) => id), places]
}

function placeAt(index: number): Position {
  return { priority: 'medium', segment: 1025, index }
}

test('only the first of a lane waits for its retry, and the next one when that is gone', () => {
  const entries = new HeldEntries()
  entries.put(held('second', 2, waitingUntil(20)))
  entries.put(held('first', 1, waitingUntil(90)))
  entries.put(held('third', 3, waitingUntil(10)))
  expect(seen(entries)).toEqual([['first'], [1, 2, 3, 4]])
  expect(entries.delete(testId('first'))).toBe(true)
  expect(seen(entries)).toEqual([['second'], [2, 3, 4]])
  entries.delete(testId('third'))
  entries.delete(testId('second'))
  expect(seen(entries)).toEqual([[], []])
  expect(entries.delete(testId('first'))).toBe(false)
})

test('what waits keeps all that planning asks of it', () => {
  const entries = new HeldEntries()
  const failure = { cause: 'busy' } as const
  entries.put(held('first', 1, { kind: 'waiting', attempts: 1, notBeforeMs: 90, delayMs: 60, isAsked: true, failure }))
  expect(entries.waiting).toMatchObject([{ id: 'first', notBeforeMs: 90, delayMs: 60, isAsked: true }])
})

test('an entry that became dead blocks its lane and waits for nothing', () => {
  const entries = new HeldEntries()
  entries.put(held('first', 1, waitingUntil(20)))
  entries.put(held('second', 2, waitingUntil(20)))
  entries.put(held('first', 1, deadState))
  expect(seen(entries)).toEqual([[], [1, 2, 3, 4]])
})

test('a lane passes over its dead letters where it says so', () => {
  const entries = new HeldEntries()
  entries.put(held('first', 1, deadState, { onDead: 'skip' }))
  expect(seen(entries)).toEqual([[], []])
  entries.put(held('second', 2, waitingUntil(20), { onDead: 'skip' }))
  expect(seen(entries)).toEqual([['second'], [2, 3, 4]])
})

test('what waits stands oldest first, as if it had been sorted at once', () => {
  const entries = new HeldEntries()
  const model = new Map<string, LiveEntry>()
  // A walk over few lanes and ages, so that all of them meet.
  for (let step = 0; step < 2_000; step += 1) {
    const nth = (step * 7_919) % 60
    const id = `entry-${nth}`
    if (step % 5 === 4) {
      entries.delete(testId(id))
      model.delete(id)
    } else {
      const state = step % 3 === 0 ? deadState : waitingUntil(step)
      const wishes = {
        lane: `lane:${nth % 7}`,
        createdAtMs: 1_000 - (nth % 11),
        onDead: nth % 2 === 0 ? 'skip' : 'block',
      } as const
      const entry = held(id, nth, state, wishes)
      entries.put(entry)
      model.set(id, entry)
    }
    const blocking = [...model.values()].filter(({ state, onDead }) => state.kind === 'waiting' || onDead === 'block')
    const heads = lanes.flatMap((lane) => headOf(lane, blocking) ?? [])
    const oldestFirst = heads
      .filter(({ state }) => state.kind === 'waiting')
      .map(({ operation }) => operation)
      .toSorted((left, right) => left.createdAtMs - right.createdAtMs || (left.id < right.id ? -1 : 1))
    expect(entries.waiting.map(({ id }) => id)).toEqual(oldestFirst.map(({ id }) => id))
    const lane = lanes[step % lanes.length] ?? ''
    const head = headOf(lane, blocking)
    expect(entries.blockedLanes.has(lane)).toBe(head !== undefined)
    const places = [-1, 0, 1].map((offset) => placeAt((head?.position.index ?? 0) + offset))
    expect(places.map((place) => entries.isAhead(lane, place))).toEqual([head !== undefined, false, false])
  }
})

const lanes: readonly string[] = Array.from({ length: 7 }, (_, nth) => `lane:${nth}`)

function headOf(lane: string, entries: readonly LiveEntry[]): LiveEntry | undefined {
  const ofLane = entries.filter(({ operation }) => operation.lane === lane)
  return ofLane.toSorted((left, right) => left.position.index - right.position.index)[0]
}
