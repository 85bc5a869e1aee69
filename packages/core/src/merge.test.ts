import { expect, test } from 'vitest'
import { jsonFrom } from './json.fixture.ts'
import { isRecord, ownMember, type Json } from './json.ts'
import { counter, custom, manually, money, ranked, text, textSeparator } from './merge-rules.ts'
import { setById } from './merge-set.ts'
import { mergeThreeWay, nested, newest, type MergeRule, type Merged } from './merge.ts'

const mineLater = { mineAtMs: 2, theirsAtMs: 1 }
const theirsLater = { mineAtMs: 1, theirsAtMs: 2 }
const states = ['cancelled', 'created', 'pending', 'assigned', 'in_progress', 'completed']

/** Merges one field, with a base. */
function field(rule: MergeRule, base: Json, mine: Json, theirs: Json, context = mineLater): Json | undefined {
  const merged = mergeThreeWay(
    { base: { it: base }, mine: { it: mine }, theirs: { it: theirs } },
    { it: rule },
    context,
  )
  return merged.kind === 'merged' ? valueOf(merged) : { unsettled: [...merged.fields] }
}

function valueOf(merged: Merged): Json | undefined {
  if (merged.kind !== 'merged') return undefined
  return isRecord(merged.value) ? ownMember(merged.value, 'it') : undefined
}

test('R105 a field that one side changed takes that side, also where the rule would choose otherwise', () => {
  const base = { status: 'completed', a: 1, b: 1, dropped: 1, kept: 1 }
  const mine = { status: 'cancelled', a: 2, b: 1, kept: 1, added: 1 }
  const theirs = { status: 'completed', a: 1, b: 2, dropped: 1, kept: 1, theirs: 1 }
  const merged = mergeThreeWay({ base, mine, theirs }, { status: ranked(states) }, theirsLater)
  expect(merged).toEqual({
    kind: 'merged',
    value: { status: 'cancelled', a: 2, b: 2, kept: 1, theirs: 1, added: 1 },
  })
})

test('R106 of two changed states the higher one stands, and one that the list does not know gives way', () => {
  const rule = ranked(states)
  expect(field(rule, 'pending', 'in_progress', 'assigned')).toBe('in_progress')
  expect(field(rule, 'pending', 'cancelled', 'assigned')).toBe('assigned')
  expect(field(rule, 'pending', 'mystery', 'cancelled')).toBe('cancelled')
  expect(field(rule, 'pending', 'mystery', 'enigma')).toEqual({ unsettled: ['it'] })
})

test('R107 two changed texts both stand once, theirs first, and merging again adds nothing', () => {
  const merged = field(text(), 'gate', 'gate code 12', 'gate is open')
  expect(merged).toBe(`gate is open${textSeparator}gate code 12`)
  expect(field(text(), 'gate', 'gate code 12', merged ?? '')).toBe(merged)
  expect(field(text(), 'gate', '', 'gate is open')).toBe('gate is open')
  expect(field(text(), 'gate', 'mine', null)).toBe('mine')
  expect(field(text(), 'gate', 'mine', 5)).toEqual({ unsettled: ['it'] })
})

test('R108 what both sides counted is added up, and money that both changed is for a person', () => {
  expect(field(counter(), 10, 13, 8)).toBe(11)
  expect(field(counter(), 10, 12, 12)).toBe(14)
  expect(field(counter(), 10, 13.5, 8)).toEqual({ unsettled: ['it'] })
  expect(field(counter(), 0, Number.MAX_SAFE_INTEGER, 5)).toEqual({ unsettled: ['it'] })
  expect(field(money(), 1000, 1200, 900)).toEqual({ unsettled: ['it'] })
  expect(field(money(), 1000, 1200, 1000)).toBe(1200)
})

test('R108 nothing is counted up where the base was not kept', () => {
  expect(mergeThreeWay({ mine: { it: 3 }, theirs: { it: 4 } }, { it: counter() }, mineLater)).toEqual({
    kind: 'unsettled',
    fields: ['it'],
  })
})

test('R109 the later side stands, and a field without a rule goes by that', () => {
  expect(field(newest(), 1, 2, 3, mineLater)).toBe(2)
  expect(field(newest(), 1, 2, 3, theirsLater)).toBe(3)
  expect(field(newest(), 1, 2, 3, { mineAtMs: 1, theirsAtMs: 1 })).toBe(3)
  expect(field(newest(), 1, 3, 2, { mineAtMs: 1, theirsAtMs: 1 })).toBe(3)
  const noRule = mergeThreeWay({ base: { a: 1 }, mine: { a: 2 }, theirs: { a: 3 } }, {}, theirsLater)
  expect(noRule).toEqual({ kind: 'merged', value: { a: 3 } })
})

test('R110 items with ids are one set: added ones are added, removed ones gone, changed ones merged', () => {
  const base = [
    { id: 'a', n: 1, m: 1 },
    { id: 'b', n: 1 },
    { id: 'c', n: 1 },
  ]
  const mine = [
    { id: 'a', n: 2, m: 1 },
    { id: 'b', n: 1 },
    { id: 'd', n: 1 },
  ]
  const theirs = [
    { id: 'e', n: 1 },
    { id: 'c', n: 1 },
    { id: 'a', n: 1, m: 2 },
  ]
  expect(field(setById('id'), base, mine, theirs)).toEqual([
    { id: 'e', n: 1 },
    { id: 'a', n: 2, m: 2 },
    { id: 'd', n: 1 },
  ])
})

test('R110 an item that one side took away and the other changed stays', () => {
  const base = [{ id: 'a', n: 1 }]
  expect(field(setById('id'), base, [{ id: 'b' }], [{ id: 'a', n: 2 }])).toEqual([{ id: 'a', n: 2 }, { id: 'b' }])
})

test('R110 items without an id are told apart by value, and two equal ones stay two', () => {
  expect(field(setById('id'), ['x'], ['x', 'y', 'y'], ['x', 'y', 'z'])).toEqual(['x', 'y', 'z', 'y'])
  expect(field(setById('id'), ['x'], [1], 'no list')).toEqual({ unsettled: ['it'] })
  expect(field(setById('id'), [], [{ id: 1 }, { id: 1, n: 1 }], [2])).toEqual({ unsettled: ['it'] })
})

test('R110 what no rule can settle inside an item is named with the way to it', () => {
  const rule = setById('id', { price: money() })
  const base = [{ id: 'a', price: 1 }]
  expect(field(rule, base, [{ id: 'a', price: 2 }], [{ id: 'a', price: 3 }])).toEqual({ unsettled: ['it.a.price'] })
})

test('F091 objects in a field are merged field by field, by rules of their own where they have them', () => {
  const base = { site: { gate: 'a', code: 1, deep: { x: 1, y: 1 } } }
  const mine = { site: { gate: 'b', code: 2, deep: { x: 2, y: 1 } } }
  const theirs = { site: { gate: 'a', code: 3, deep: { x: 1, y: 2 } } }
  expect(mergeThreeWay({ base, mine, theirs }, {}, theirsLater)).toEqual({
    kind: 'merged',
    value: { site: { gate: 'b', code: 3, deep: { x: 2, y: 2 } } },
  })
  expect(mergeThreeWay({ base, mine, theirs }, { site: nested({ code: manually() }) }, theirsLater)).toEqual({
    kind: 'unsettled',
    fields: ['site.code'],
  })
})

test('two objects that nothing was before are not mixed into a third', () => {
  const merged = mergeThreeWay({ base: {}, mine: { at: { lat: 1 } }, theirs: { at: { lng: 2 } } }, {}, theirsLater)
  expect(merged).toEqual({ kind: 'merged', value: { at: { lng: 2 } } })
})

test('a function of one’s own settles a field, or says that it cannot', () => {
  expect(
    field(
      custom(({ mine, theirs }) => [mine ?? null, theirs ?? null]),
      1,
      2,
      3,
    ),
  ).toEqual([2, 3])
  expect(
    field(
      custom(() => undefined),
      1,
      2,
      3,
    ),
  ).toEqual({ unsettled: ['it'] })
})

test('a field named like a part of every object is a field', () => {
  const mine = jsonFrom('{"constructor": 1, "toString": 2}')
  expect(mergeThreeWay({ base: {}, mine, theirs: { valueOf: 3 } }, {}, mineLater)).toEqual({
    kind: 'merged',
    value: { valueOf: 3, constructor: 1, toString: 2 },
  })
})
