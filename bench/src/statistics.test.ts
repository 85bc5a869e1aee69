import { describe, expect, test } from 'vitest'
import { medianOf, ratiosOf } from './statistics.ts'

describe('statistics', () => {
  test('the median is the middle one, or the mean of the two in the middle', () => {
    expect(medianOf([5, 1, 3])).toBe(3)
    expect(medianOf([10, 2, 4, 8])).toBe(6)
    expect(() => medianOf([])).toThrow(RangeError)
  })

  test('a ratio is taken round by round, so that a slow round weighs on both sides', () => {
    expect(ratiosOf([10, 100, 20], [1, 10, 4])).toEqual([10, 10, 5])
    expect(() => ratiosOf([1], [])).toThrow(RangeError)
  })
})
