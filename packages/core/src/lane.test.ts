import { describe, expect, it } from 'vitest'
import { defineLane, laneKeyMax, priorities } from './lane.ts'

describe('defineLane', () => {
  it('gives each id its own key, and all the same priority', () => {
    const orderLane = defineLane('order', { priority: 'high', onDead: 'skip' })
    expect(orderLane('42')).toEqual({ key: 'order:42', priority: 'high', onDead: 'skip' })
    expect(orderLane('43').key).not.toBe(orderLane('42').key)
  })

  it('R045 is of medium priority and blocks behind a dead letter where nothing is said', () => {
    expect(defineLane('note')('1')).toEqual({ key: 'note:1', priority: 'medium', onDead: 'block' })
  })

  it.each(['', 'Order', '1st', 'a b', 'a:b', '-a', 'ö'])('refuses the name %j', (name) => {
    expect(() => defineLane(name)).toThrow(expect.objectContaining({ code: 'invalid-definition' }))
  })

  it('refuses an id that makes a key which the wire would not take', () => {
    const lane = defineLane('a')
    expect(lane('x'.repeat(laneKeyMax - 2)).key).toHaveLength(laneKeyMax)
    for (const id of ['x'.repeat(laneKeyMax - 1), 'a\u0000', '\ud800']) {
      expect(() => lane(id)).toThrow(expect.objectContaining({ code: 'invalid-definition' }))
    }
  })

  it('R050 orders priorities high, medium, low', () => {
    expect(priorities).toEqual(['high', 'medium', 'low'])
  })
})
