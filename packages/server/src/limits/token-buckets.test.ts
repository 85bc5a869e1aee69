import { expect, test } from 'vitest'
import { createTokenBuckets } from './token-buckets.ts'

const setUp = (perSecond: number, burst: number) => {
  const clock = { nowMs: 0 }
  const { take } = createTokenBuckets({ perSecond, burst }, () => clock.nowMs)
  return { clock, take }
}

test('a burst passes, then as many as the rate allows; keys do not share', () => {
  const { clock, take } = setUp(10, 3)
  expect([take('a'), take('a'), take('a')]).toEqual([0, 0, 0])
  expect(take('a')).toBeGreaterThan(0)
  expect(take('b')).toBe(0)
  let taken = 0
  for (clock.nowMs = 0; clock.nowMs < 10_000; clock.nowMs += 10) if (take('a') === 0) taken += 1
  expect(taken).toBeGreaterThanOrEqual(98)
  expect(taken).toBeLessThanOrEqual(101)
})

test('F088 a herd that is turned away is told to come back in a line, a minute long at most', () => {
  const { clock, take } = setUp(100, 0)
  const waits = Array.from({ length: 10_000 }, () => take('herd'))
  expect(waits.slice(0, 3)).toEqual([10, 20, 30])
  expect(new Set(waits).size).toBe(6_000)
  expect(Math.max(...waits)).toBe(60_000)
  clock.nowMs = 30_000
  expect(take('herd')).toBeLessThanOrEqual(30_010)
})

test('a clock that is set back gives nothing and takes nothing', () => {
  const { clock, take } = setUp(1, 1)
  clock.nowMs = 100_000
  expect(take('a')).toBe(0)
  clock.nowMs = 0
  expect(take('a')).toBeGreaterThan(0)
  clock.nowMs = 1_000
  expect(take('a')).toBe(0)
})

test('the oldest of too many keys is forgotten, whoever was just here is not', () => {
  const { take } = setUp(0.001, 1)
  take('first')
  take('second')
  for (let index = 0; index < 49_999; index += 1) {
    take(`made-up-${index}`)
    if (index % 1000 === 0) expect(take('second')).toBeGreaterThan(0)
  }
  expect(take('first')).toBe(0)
})
