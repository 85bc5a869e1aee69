import { expect, it } from 'vitest'
import { createLoginLimit, failuresMax, keysMax, windowMs } from './login-limit.ts'

function limitAt(startMs: number) {
  let nowMs = startMs
  return { limit: createLoginLimit(() => nowMs), pass: (ms: number) => void (nowMs += ms) }
}

it('allows so many failed tries, then names the time to wait', () => {
  const { limit, pass } = limitAt(1000)
  for (let index = 0; index < failuresMax; index += 1) {
    expect(limit.begin('ana@north.example', '::1', true).isAllowed).toBe(true)
    pass(1000)
  }
  expect(limit.begin('ana@north.example', '::1', true)).toEqual({ isAllowed: false, retryAfterMs: windowMs - 10_000 })
  pass(windowMs - 10_000)
  expect(limit.begin('ana@north.example', '::1', true).isAllowed).toBe(true)
})

it('counts guesses that are made at once', () => {
  const { limit } = limitAt(0)
  const tries = Array.from({ length: 100 }, () => limit.begin('ana@north.example', '::1', true))
  expect(tries.filter(({ isAllowed }) => isAllowed)).toHaveLength(failuresMax)
})

it('lets other people and other places go on', () => {
  const { limit } = limitAt(0)
  for (let index = 0; index < failuresMax; index += 1) limit.begin('ana@north.example', '::1', true)
  expect(limit.begin('ANA@north.example', '::1', true).isAllowed).toBe(false)
  expect(limit.begin('ben@north.example', '::1', true).isAllowed).toBe(true)
  expect(limit.begin('ana@north.example', '10.0.0.7', true).isAllowed).toBe(true)
})

it('forgets the failures after a success', () => {
  const { limit } = limitAt(0)
  for (let round = 0; round < 5; round += 1) {
    for (let index = 1; index < failuresMax; index += 1) limit.begin('ana@north.example', '::1', true)
    const good = limit.begin('ana@north.example', '::1', true)
    expect(good.isAllowed).toBe(true)
    if (good.isAllowed) good.succeeded()
  }
})

it('no number of made-up addresses makes it forget the failures of a real one', () => {
  const { limit } = limitAt(0)
  for (let index = 0; index < failuresMax; index += 1) limit.begin('ana@north.example', '::1', true)
  for (let index = 0; index <= keysMax; index += 1) limit.begin(`made-up-${index}@north.example`, '::1', false)
  expect(limit.begin('ana@north.example', '::1', true).isAllowed).toBe(false)
})

it('slows down guessing at an address without an account just the same', () => {
  const { limit } = limitAt(0)
  for (let index = 0; index < failuresMax; index += 1) limit.begin('eve@north.example', '::1', false)
  expect(limit.begin('eve@north.example', '::1', false).isAllowed).toBe(false)
})
