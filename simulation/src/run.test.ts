import { expect, test, vi } from 'vitest'
import { run } from './run.ts'

// The machine may be busy with other checks; a run takes a fifth of a second of one core.
vi.setConfig({ testTimeout: 60_000 })

test.each([1001, 1002, 1003, 1004, 1005, 1006])('no promise is broken in seed %i', async (seed) => {
  const { violations, faults } = await run(seed)
  expect(violations).toEqual([])
  expect(faults.size).toBeGreaterThan(20)
})

test.each([2001, 2002, 2003, 2004])(
  'F006 F009 no promise is broken in seed %i when every context leads at once',
  async (seed) => {
    const { violations } = await run(seed, { isEveryoneLeader: true })
    expect(violations).toEqual([])
  },
)

test('the same seed gives the same run, and another seed another one', async () => {
  const [one, again, other] = [await run(7), await run(7), await run(8)]
  expect(again.hash).toBe(one.hash)
  expect(again.events).toBe(one.events)
  expect(other.hash).not.toBe(one.hash)
})
