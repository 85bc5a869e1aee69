import { describe, expect, test } from 'vitest'
import { isClean, tallyOf, type Ending, type Written } from './tally.ts'

const ids = ['a', 'b', 'c', 'd']
const written = (said: Written['said'] = 'kept', writer = 'one') => ids.map((id): Written => ({ id, writer, said }))
const ending = (more: Partial<Ending>): Ending => ({ effects: [], stored: [], held: [], told: [], ...more })
const none = { lost: 0, doubled: 0, reordered: 0, stuck: 0, held: 0, told: 0 }

describe('the tally', () => {
  test('is clean when each write took effect once and in its turn', () => {
    const tally = tallyOf(written(), ending({ effects: ids }))
    expect(tally).toEqual({ accepted: 4, arrived: 4, ...none })
    expect(isClean(tally)).toBe(true)
  })

  test('counts as lost what is neither at the server nor stored, and of which nobody was told', () => {
    const tally = tallyOf(written(), ending({ effects: ['a'], stored: ['b'], told: ['c'] }))
    expect(tally).toEqual({ accepted: 4, arrived: 1, ...none, lost: 1, stuck: 1, told: 1 })
    expect(isClean(tally)).toBe(false)
  })

  test('counts every effect beyond the first as doubled', () => {
    expect(tallyOf(written(), ending({ effects: ['a', 'a', 'b', 'a', 'c', 'd', 'b'] }))).toMatchObject({ doubled: 3 })
  })

  test.each([
    [['b', 'a', 'c', 'd'], 1],
    [['b', 'c', 'd', 'a'], 1],
    [['d', 'c', 'b', 'a'], 3],
    [['a', 'b', 'a', 'c', 'd'], 0],
  ])('counts the fewest writes that stand out of turn: %j has %i', (effects, reordered) => {
    expect(tallyOf(written(), ending({ effects })).reordered).toBe(reordered)
  })

  test('asks for order within a tab only', () => {
    const [one, two] = [written('kept', 'one').slice(0, 2), [{ id: 'x', writer: 'two', said: 'kept' as const }]]
    expect(tallyOf([...one, ...two], ending({ effects: ['x', 'a', 'b'] })).reordered).toBe(0)
    expect(tallyOf([...one, ...two], ending({ effects: ['x', 'b', 'a'] })).reordered).toBe(1)
  })

  test('a write that the person was told of at once is not accepted, and is no loss', () => {
    expect(tallyOf(written('failed'), ending({}))).toEqual({ accepted: 0, arrived: 0, ...none, told: 4 })
  })

  test('what is shown to a person with a reason is held and not stuck', () => {
    const tally = tallyOf(written(), ending({ effects: ['a', 'b', 'c'], stored: ['d'], held: ['d'] }))
    expect(tally).toMatchObject({ held: 1, stuck: 0, lost: 0 })
    expect(isClean(tally)).toBe(true)
  })

  test('effects of others are not looked at', () => {
    expect(tallyOf(written(), ending({ effects: ['z', 'z', ...ids] }))).toMatchObject({ doubled: 0, reordered: 0 })
  })
})
