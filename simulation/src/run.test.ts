import { expect, test, vi } from 'vitest'
import { faults } from './faults.ts'
import { run } from './run.ts'

// The machine may be busy with other checks; a run takes a fifth of a second of one core.
vi.setConfig({ testTimeout: 60_000 })

const seeds = Array.from({ length: 40 }, (_, index) => 1001 + index)
const seen = new Map<string, number>()

function note(injected: ReadonlyMap<string, number>): void {
  for (const [kind, count] of injected) seen.set(kind, (seen.get(kind) ?? 0) + count)
}

test.each(seeds)('no promise is broken in seed %i', async (seed) => {
  const { violations, faults: injected } = await run(seed)
  expect(violations).toEqual([])
  expect(injected.size).toBeGreaterThan(20)
  note(injected)
})

test.each([2001, 2002, 2003, 2004])(
  'F006 F009 no promise is broken in seed %i when every context leads at once',
  async (seed) => {
    const { violations, faults: injected } = await run(seed, { isEveryoneLeader: true })
    expect(violations).toEqual([])
    note(injected)
  },
)

test('each kind of fault that claims rows of the fault list has happened in these seeds', () => {
  expect(Object.keys(faults).filter((kind) => !seen.has(kind))).toEqual([])
})

test('the same seed gives the same run, and another seed another one', async () => {
  const [one, again, other] = [await run(7), await run(7), await run(8)]
  expect(again.hash).toBe(one.hash)
  expect(again.events).toBe(one.events)
  expect(other.hash).not.toBe(one.hash)
})
