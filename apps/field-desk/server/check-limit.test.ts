import { expect, it } from 'vitest'
import { checksMax, createCheckLimit } from './check-limit.ts'

it('runs so many checks at once, refuses the next, and goes on when one has ended', async () => {
  const limit = createCheckLimit()
  const held = Array.from({ length: checksMax }, () => Promise.withResolvers<string>())
  const running = held.map(({ promise }) => limit.run(() => promise))
  expect(running).not.toContain(undefined)
  let hasRun = false
  const next = () => {
    hasRun = true
    return Promise.resolve('next')
  }
  expect(limit.run(next)).toBeUndefined()
  expect(hasRun).toBe(false)

  held[0]?.resolve('first')
  expect(await running[0]).toBe('first')
  expect(await limit.run(next)).toBe('next')
})

it('a check that fails leaves its place', async () => {
  const limit = createCheckLimit(1)
  await expect(limit.run(() => Promise.reject(new Error('no database')))).rejects.toThrow('no database')
  const broken = () => {
    throw new TypeError('at once')
  }
  await expect(limit.run(broken)).rejects.toThrow('at once')
  expect(await limit.run(() => Promise.resolve('done'))).toBe('done')
})
