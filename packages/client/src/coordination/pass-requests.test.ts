import { expect, test } from 'vitest'
import type { Pass } from '../pass.ts'
import { PassRequests } from './pass-requests.ts'

test('a pass that was asked for elsewhere is given up with the leadership: whoever asked asks the next leader', () => {
  const passes = new Set<Pass>()
  const requests = new PassRequests({
    contextId: 'here',
    drain: { add: (pass) => passes.add(pass), remove: (pass) => passes.delete(pass) },
    isLeader: () => true,
    post: () => {},
  })
  const ended = new AbortController()
  void requests.make({}, [ended.signal])
  const [own] = passes
  void requests.makeFor('there/1', {})
  expect(passes.size).toBe(2)
  requests.leaveForeign()
  expect([...passes]).toEqual([own])
})
