import { expect, test } from 'vitest'

import { type Schedulable, schedule, subset } from './schedule.ts'

const step = (name: string, cores = 1, after: string[] = []): Schedulable => ({ name, cores, after })

/** Runs the steps and writes down which were running together at each start. */
async function watch(steps: Schedulable[], coresMax: number, failing: string[] = []) {
  const running = new Set<string>()
  const together: string[][] = []
  const blocked = await schedule(steps, coresMax, async ({ name }) => {
    running.add(name)
    together.push([...running])
    await new Promise((resolve) => setImmediate(resolve))
    running.delete(name)
    return !failing.includes(name)
  })
  return { together, blocked }
}

test('runs side by side what fits the cores', async () => {
  const { together } = await watch([step('a'), step('b'), step('c')], 2)
  expect(together).toEqual([['a'], ['a', 'b'], ['b', 'c']])
})

test('gives a step that keeps all cores busy the machine for itself', async () => {
  const { together } = await watch([step('a'), step('e2e', 2), step('b')], 2)
  expect(together).toEqual([['a'], ['a', 'b'], ['e2e']])
})

test('runs a step that wants more cores than there are', async () => {
  const { together } = await watch([step('e2e', 2)], 1)
  expect(together).toEqual([['e2e']])
})

test('starts a step after those that it needs', async () => {
  const { together } = await watch([step('size', 1, ['build']), step('build')], 2)
  expect(together).toEqual([['build'], ['size']])
})

test('does not run what needs a failed step, nor what needs that', async () => {
  const { together, blocked } = await watch(
    [step('build'), step('app', 1, ['build']), step('e2e', 2, ['app']), step('lint')],
    2,
    ['build'],
  )
  expect(together.flat()).not.toContain('app')
  expect(together.flat()).toContain('lint')
  expect(blocked.map(({ name }) => name).toSorted()).toEqual(['app', 'e2e'])
})

test('refuses steps that wait for one another', async () => {
  await expect(watch([step('a', 1, ['b']), step('b', 1, ['a'])], 2)).rejects.toThrow('wait for one another')
})

test('a subset has what it needs, in the usual order', () => {
  const all = [step('format'), step('app'), step('e2e', 2, ['app'])]
  expect(subset(all, ['e2e']).map(({ name }) => name)).toEqual(['app', 'e2e'])
  expect(() => subset(all, ['lint'])).toThrow('format, app, e2e')
})
