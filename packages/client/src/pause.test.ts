import { expect, test } from 'vitest'
import { afterPause, afterResume, isSamePause, noPause, parsePause } from './pause.ts'

test('types are paused one by one, each once', () => {
  const pause = afterPause(afterPause(noPause, ['b', 'a']), ['a', 'c'])
  expect(pause).toEqual({ isAll: false, types: ['a', 'b', 'c'] })
  expect(afterResume(pause, ['b', 'unknown'])).toEqual({ isAll: false, types: ['a', 'c'] })
})

test('everything is a switch of its own: resuming a type does not lift it, resuming everything lifts all', () => {
  const pause = afterPause(afterPause(noPause, ['a']), undefined)
  expect(pause).toEqual({ isAll: true, types: ['a'] })
  expect(afterResume(pause, ['a'])).toEqual({ isAll: true, types: [] })
  expect(afterResume(pause, undefined)).toEqual(noPause)
})

test.each([[undefined], [null], [7], [{}], [{ isAll: true }], [{ types: 'a' }]])(
  'F046 what is no pause (%j) pauses nothing',
  (value) => {
    expect(parsePause(value)).toEqual(noPause)
  },
)

test('a pause is read as it was written, without what is no type', () => {
  expect(parsePause({ isAll: true, types: ['a', 7] })).toEqual({ isAll: true, types: ['a'] })
})

test('two pauses are the same when they pause the same', () => {
  expect(isSamePause({ isAll: false, types: ['a'] }, { isAll: false, types: ['a'] })).toBe(true)
  expect(isSamePause({ isAll: false, types: ['a'] }, { isAll: false, types: ['b'] })).toBe(false)
  expect(isSamePause({ isAll: false, types: ['a'] }, { isAll: false, types: [] })).toBe(false)
  expect(isSamePause({ isAll: false, types: [] }, { isAll: true, types: [] })).toBe(false)
})
