import { retryDelayMs } from '@holdfast/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { changeOrderStatus, orderLane, placeOrder, posOperations } from './operations.ts'
import { findSumFault, onlineOrderId, orderSchema, sumOrder, type Order } from './order.ts'
import { orderOf } from './orders.fixture.ts'

async function issuesOf(value: unknown): Promise<readonly string[]> {
  const result = await orderSchema['~standard'].validate(value)
  return (result.issues ?? []).map(({ message }) => message)
}

describe('the shape of an order', () => {
  test('R056 R058 R059 an order with all its fields is taken as it is', async () => {
    const order = orderOf('0192f0c1-0000-7000-8000-000000000001', {
      customerId: 'c-1',
      tableNumber: 4,
      modifications: [{ itemId: 'burger', modification: 'extra cheese', priceAdjustmentCents: 150 }],
      discounts: [
        { type: 'percentage', value: 10, reason: 'regular', appliedBy: 'ana' },
        { type: 'fixed', value: 100, reason: 'late', appliedBy: 'ana' },
      ],
      notes: 'window seat',
    })
    expect(await orderSchema['~standard'].validate(order)).toEqual({ typed: true, value: order, issues: undefined })
    expect(findSumFault(order)).toBeUndefined()
  })

  test.each(['completed', 'cancelled', 'refunded'])('R057 the status %s is known', async (status) => {
    expect(await issuesOf({ ...orderOf(), status })).toEqual([])
  })

  test.each<[string, unknown]>([
    ['no items', { ...orderOf(), items: [] }],
    ['an unknown status', { ...orderOf(), status: 'paid' }],
    ['an unknown field', { ...orderOf(), subtotal: 12.5 }],
    ['a fraction of a cent', { ...orderOf(), taxCents: 0.5 }],
    ['a negative quantity', { ...orderOf(), items: [{ itemId: 'a', name: 'A', quantity: -1, unitPriceCents: 5 }] }],
    ['a time without a zone', { ...orderOf(), timestamp: '2026-01-31T12:00:00' }],
    ['an id of no kind', { ...orderOf(), id: 'order-1' }],
    ['text where a list should be', { ...orderOf(), items: 'burger' }],
    ['nothing', null],
  ])('%s is refused, by a message that does not repeat what came', async (_name, value) => {
    const issues = await issuesOf(value)
    expect(issues).not.toEqual([])
    expect(issues.join()).not.toMatch(/received|paid|order-1|12\.5/)
  })
})

test('F073 a list that is far too long is refused by its length, not item by item', async () => {
  const items = Array.from({ length: 500_000 }, () => 0)
  const issues = await issuesOf({ ...orderOf(), items, modifications: items, discounts: items })
  expect(issues).toEqual(['must have at most 200', 'must have at most 200', 'must have at most 20'])
})

describe('the sums of an order', () => {
  test('items, adjustments, discounts and tax add up in whole cents', () => {
    const sums = sumOrder({
      items: [
        { itemId: 'a', name: 'A', quantity: 3, unitPriceCents: 333 },
        { itemId: 'b', name: 'B', quantity: 1, unitPriceCents: 1 },
      ],
      modifications: [{ itemId: 'a', modification: 'small', priceAdjustmentCents: -100 }],
      discounts: [
        { type: 'percentage', value: 12.5, reason: 'r', appliedBy: 'ana' },
        { type: 'fixed', value: 50, reason: 'r', appliedBy: 'ana' },
      ],
      taxCents: 77,
    })
    expect(sums).toEqual({ subtotalCents: 900, discountCents: 163, totalCents: 814 })
  })

  test('discounts never make less than nothing', () => {
    const order = orderOf(undefined, { discounts: [{ type: 'percentage', value: 400, reason: 'r', appliedBy: 'ana' }] })
    expect(order.totalCents).toBe(order.taxCents)
  })

  test('a wrong subtotal and a wrong total are each named, in cents', () => {
    const order = orderOf()
    expect(findSumFault({ ...order, subtotalCents: order.subtotalCents + 1 })).toMatch(/subtotal is \d+ cents, but/)
    expect(findSumFault({ ...order, totalCents: order.totalCents - 1 })).toMatch(/total is \d+ cents, but/)
  })
})

describe('ids', () => {
  test('a UUID is its own id on the server', () => {
    expect(onlineOrderId('0192f0c1-0000-7000-8000-000000000001')).toBe('0192f0c1-0000-7000-8000-000000000001')
  })

  test('R060 an id of an older device has one UUID, the same every time, and sorts by its time', () => {
    const early = onlineOrderId('offline_pos_1700000000000_k3j9x0a1b')
    expect(early).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(onlineOrderId('offline_pos_1700000000000_k3j9x0a1b')).toBe(early)
    expect(onlineOrderId(early ?? '')).toBe(early)
    expect((onlineOrderId('offline_pos_1700000000001_a') ?? '') > (early ?? '')).toBe(true)
  })

  test('R060 two ids of older devices never share a UUID', () => {
    const legacy = fc
      .tuple(fc.constantFrom(0, 1, 1_700_000_000_000), fc.stringMatching(/^[0-9a-z]{1,11}$/))
      .map(([time, suffix]) => `offline_pos_${time}_${suffix}`)
    fc.assert(
      fc.property(legacy, legacy, (left, right) => {
        expect(onlineOrderId(left)).toBeDefined()
        expect(onlineOrderId(left) === onlineOrderId(right)).toBe(left === right)
      }),
    )
    const zeros = ['0', '00', '000', 'z', '0z', 'zzzzzzzzzzz', '00000000000']
    expect(new Set(zeros.map((suffix) => onlineOrderId(`offline_pos_1_${suffix}`))).size).toBe(zeros.length)
  })

  test.each([
    '',
    'offline_pos_',
    'offline_pos_x_y',
    'offline_pos_01_a',
    'offline_pos_999999999999999_a',
    'OFFLINE_POS_1_a',
    '../x',
  ])('"%s" is no id of an order', (id) => {
    expect(onlineOrderId(id)).toBeUndefined()
  })
})

describe('the operations', () => {
  test('R061 an order travels in batches of ten within half a minute, in a lane of its own, high first', () => {
    const policy = placeOrder.policyFor('high')
    expect(policy.batch).toEqual({ max: 10, lingerMs: 30_000 })
    expect(placeOrder.lane(orderOf())).toEqual({ key: `order:${orderOf().id}`, priority: 'high', onDead: 'block' })
  })

  test('R071 an order is tried six times, thirty seconds apart and doubling', () => {
    const { retry } = placeOrder.policyFor('high')
    const waits = [1, 2, 3, 4, 5, 6].map((attempts) => retryDelayMs(retry, attempts, 0.5))
    expect(waits).toEqual([30_000, 60_000, 120_000, 240_000, 480_000, undefined])
  })

  test('R065 what happens to an order is in its lane and on its entity, under whichever id it is called', () => {
    const legacy = 'offline_pos_1700000000000_abc'
    const online = onlineOrderId(legacy) ?? ''
    const order: Order = { ...orderOf(), id: legacy }
    expect(placeOrder.lane(order)).toEqual(orderLane(online))
    expect(placeOrder.entity?.(order)).toEqual({ kind: 'order', id: online })
    for (const orderId of [legacy, online]) {
      expect(changeOrderStatus.entity?.({ orderId, notes: 'x' })).toEqual({ kind: 'order', id: online })
    }
    expect(posOperations).toEqual(expect.arrayContaining([placeOrder, changeOrderStatus]))
  })
})
