import { describe, expect, test } from 'vitest'
import { figuresOf, isKept } from './kill-figures.ts'

const count = (acknowledged: readonly string[], effects: readonly string[]) =>
  figuresOf({ kind: 'renderer', seed: 1, kills: 2, wiped: 0 }, acknowledged, effects)

describe('the figures of kill rounds', () => {
  test('an acknowledged write without an effect is lost, one that is reported twice is one', () => {
    expect(count(['r0-0', 'r0-1', 'r0-1'], ['r0-0'])).toMatchObject({ acknowledged: 2, lost: 1, doubled: 0 })
    expect(isKept(count(['r0-0', 'r0-1'], ['r0-0']))).toBe(false)
  })

  test('an effect that happens again is doubled, acknowledged or not', () => {
    expect(count(['r0-0'], ['r0-0', 'r0-0', 'r0-1', 'r0-1'])).toMatchObject({ lost: 0, doubled: 2, unacknowledged: 1 })
  })

  test('an effect before an earlier one is out of order, over rounds too', () => {
    expect(count([], ['r0-0', 'r0-2', 'r0-1', 'r10-0', 'r9-19'])).toMatchObject({ reordered: 2 })
    expect(count([], ['r0-9', 'r0-10', 'r1-0', 'r2-0', 'r10-0'])).toMatchObject({ reordered: 0 })
  })
})
