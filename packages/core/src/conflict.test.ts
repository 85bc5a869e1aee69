import { expect, test } from 'vitest'
import { detectConflict, differingFields, resolveConflict, sameInstantMs } from './conflict.ts'
import { isEqualJson } from './json-equality.ts'
import { ranked } from './merge-rules.ts'

const atMs = 1_700_000_000_000
const context = { mineAtMs: atMs + 1, theirsAtMs: atMs }

test('R100 R101 versions that differ are a conflict, whatever the times and the data say', () => {
  const mine = { data: { a: 1 }, version: 2, lastModifiedMs: atMs }
  expect(detectConflict(mine, { ...mine, version: 3 })).toEqual({ kind: 'version', conflictFields: [] })
  expect(detectConflict(mine, { ...mine, data: { a: 2 }, lastModifiedMs: 0 })).toBeUndefined()
})

test('R100 R102 without versions, times further apart than five seconds and differing fields are a conflict', () => {
  const mine = { data: { a: 1, b: 1 }, lastModifiedMs: atMs }
  const theirs = { data: { a: 1, b: 2 }, lastModifiedMs: atMs + sameInstantMs + 1 }
  expect(detectConflict(mine, theirs)).toEqual({ kind: 'timestamp', conflictFields: ['b'] })
  expect(detectConflict(theirs, mine)?.kind).toBe('timestamp')
  expect(detectConflict(mine, { ...theirs, lastModifiedMs: atMs + sameInstantMs })).toBeUndefined()
  expect(detectConflict(mine, { ...theirs, data: mine.data })).toBeUndefined()
})

test('R100 with neither, data that differs is a conflict', () => {
  expect(detectConflict({ data: { a: 1 } }, { data: { a: 2 }, lastModifiedMs: atMs })).toEqual({
    kind: 'data',
    conflictFields: ['a'],
  })
  expect(detectConflict({ data: [1] }, { data: [2] })).toEqual({ kind: 'data', conflictFields: [] })
  expect(detectConflict({ data: { a: { b: 1 } } }, { data: { a: { b: 1 } } })).toBeUndefined()
})

test('R103 the fields that differ are named, those that only one side has as well', () => {
  const mine = { same: [1, { x: 1 }], theirOwn: 1, list: [1, 2], gone: null }
  expect(differingFields(mine, { same: [1, { x: 1 }], theirOwn: 1, list: [2, 1], added: 0 })).toEqual([
    'added',
    'gone',
    'list',
  ])
  expect(differingFields({ constructor: 1 }, {})).toEqual(['constructor'])
})

test('R104 R132 each strategy takes its side, and manual takes none', () => {
  const sides = { base: { a: 1, b: 1 }, mine: { a: 2, b: 1 }, theirs: { a: 1, b: 2 } }
  expect(resolveConflict('server_wins', sides, {}, context)).toEqual({ kind: 'settled', value: sides.theirs })
  expect(resolveConflict('client_wins', sides, {}, context)).toEqual({ kind: 'settled', value: sides.mine })
  expect(resolveConflict('merge', sides, {}, context)).toEqual({ kind: 'settled', value: { a: 2, b: 2 } })
  expect(resolveConflict('manual', sides, {}, context)).toEqual({ kind: 'unsettled', fields: ['a', 'b'] })
})

test('R104 a merge that no rule can settle is for a person', () => {
  const sides = { base: { state: 'x' }, mine: { state: 'y' }, theirs: { state: 'z' } }
  expect(resolveConflict('merge', sides, { state: ranked(['x']) }, context)).toEqual({
    kind: 'unsettled',
    fields: ['state'],
  })
})

test.each([
  [{ a: 1, b: [1, 2] }, { b: [1, 2], a: 1 }, true],
  [[], {}, false],
  [{}, { a: null }, false],
  [{ a: 1 }, { b: 1 }, false],
  [undefined, null, false],
  [undefined, undefined, true],
])('%j and %j are equal: %s', (left, right, isEqual) => {
  expect(isEqualJson(left, right)).toBe(isEqual)
  expect(isEqualJson(right, left)).toBe(isEqual)
})
