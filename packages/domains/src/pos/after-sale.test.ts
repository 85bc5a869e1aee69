/** What comes after an order: receipts, refunds, cancellations, and payments in several ways. */
import { parseOperationId, ref } from '@holdfast/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTimeoutMs, testDatabases } from '../../../server/src/database/test-databases.fixture.ts'
import { openPacks, type Packs } from '../packs.fixture.ts'
import {
  cancelOrder,
  findSumFault,
  onlineOrderId,
  orderKind,
  placeOrder,
  receiptKind,
  receiptLines,
  refundOrder,
  sendReceipt,
} from './operations.ts'
import { orderOf } from './orders.fixture.ts'

describe.each(testDatabases)('on $name', (kind) => {
  let packs: Packs
  beforeAll(async () => {
    packs = await openPacks(kind)
  }, openTimeoutMs)
  afterAll(() => packs.close())

  let names = 0
  const newId = (): string => `0192f0c1-0001-7000-8000-${(names += 1).toString(16).padStart(12, '0')}`
  const money = (cents: number): string => (cents / 100).toFixed(2)
  const stateOf = (id: string) => packs.stateOf(orderKind, id)
  const receiptOf = (orderId: string, totalCents = 2700) => ({
    id: `r-${(names += 1)}`,
    orderId,
    totalCents,
    issuedAt: '2026-01-31T12:00:00Z',
    lines: ['Thank you'],
  })

  test('R069 a receipt made offline follows its order by reference, and names the id that the order got', async () => {
    const order = orderOf('offline_pos_1700000000001_abc')
    const receipt = receiptOf(order.id)
    const parent = parseOperationId('op-order')
    if (parent === undefined) throw new Error('no id')
    const referring = { after: [parent], payload: { ...receipt, orderId: { ...ref(parent, 'order') } } }
    const early = await packs.send(sendReceipt, receipt.id, receipt, referring)
    expect(early).toMatchObject({ outcome: 'deferred' })
    await packs.send(placeOrder, 'op-order', order)
    expect(await packs.send(sendReceipt, receipt.id, receipt, referring)).toMatchObject({ outcome: 'applied' })
    expect(await packs.stateOf(receiptKind, receipt.id)).toMatchObject({
      orderId: onlineOrderId(order.id),
      issuedBy: 'ana',
      lines: ['Thank you'],
    })
  })

  test('R069 a receipt at its door needs its order, and the order’s total', async () => {
    const order = orderOf(newId())
    const receipt = receiptOf(order.id)
    expect((await packs.ask('POST', '/api/pos/receipts', receipt)).detail).toContain('send it first')
    await packs.ask('POST', '/api/pos/orders', order)
    const again = { ...receipt, id: `${receipt.id}-2` }
    expect((await packs.ask('POST', '/api/pos/receipts', { ...again, totalCents: 1 })).code).toBe('refused')
    const sent = { ...receipt, id: `${receipt.id}-3` }
    expect((await packs.ask('POST', '/api/pos/receipts', sent)).status).toBe(201)
    expect((await packs.ask('POST', '/api/pos/receipts', sent)).status).toBe(200)
  })

  test('R069 a receipt is written without a network, no line wider than the paper', () => {
    const order = orderOf(newId(), {
      items: [{ itemId: 'b', name: 'Burger with a name that goes on and on', quantity: 2, unitPriceCents: 1250 }],
      modifications: [{ itemId: 'b', modification: 'cheese', priceAdjustmentCents: 100 }],
      discounts: [{ type: 'percentage', value: 10, reason: 'regular', appliedBy: 'Ana' }],
      tenders: [
        { method: 'cash', amountCents: 1000 },
        { method: 'card', amountCents: 1540 },
      ],
    })
    const lines = receiptLines(order, { title: 'The Corner', money })
    expect(lines.filter((line) => line !== order.id && line.length > 32)).toEqual([])
    expect(lines.at(-3)).toMatch(/^Total +25\.40$/)
    expect(lines.slice(-2).join('|')).toMatch(/^cash +10\.00\|card +15\.40$/)
    expect(lines.some((line) => /^Discount +-2\.60$/.test(line))).toBe(true)
  })

  test('R056 tenders come to the total, in whole cents', async () => {
    const order = orderOf(newId(), {
      tenders: [
        { method: 'cash', amountCents: 1000 },
        { method: 'gift_card', amountCents: 1700, paymentId: 'pay-1' },
      ],
    })
    expect(findSumFault(order)).toBeUndefined()
    const short = { ...order, id: newId(), tenders: [{ method: 'cash', amountCents: 2699 }] }
    expect((await packs.ask('POST', '/api/pos/orders', short)).detail).toBe(
      'The total is 2700 cents, but 2699 cents were paid.',
    )
  })

  test('R057 an order is refunded in parts, never more than was paid, and each refund once', async () => {
    const order = orderOf(newId())
    await packs.send(placeOrder, order.id, order)
    const refund = (id: string, amountCents: number) =>
      packs.send(refundOrder, id, { id, orderId: order.id, amountCents, reason: 'cold', refundedBy: 'Ana' })
    expect(await refund(`${order.id}-1`, 700)).toMatchObject({ outcome: 'applied' })
    expect(await stateOf(order.id)).toMatchObject({
      status: 'completed',
      refunds: [{ amountCents: 700, reason: 'cold' }],
    })
    expect(await refund(`${order.id}-2`, 2001)).toMatchObject({ outcome: 'rejected' })
    const again = { id: `${order.id}-1`, orderId: order.id, amountCents: 700, reason: 'cold', refundedBy: 'Ana' }
    expect(await packs.send(refundOrder, `${order.id}-again`, again)).toMatchObject({ outcome: 'rejected' })
    expect(await refund(`${order.id}-3`, 2000)).toMatchObject({ outcome: 'applied' })
    expect(await stateOf(order.id)).toMatchObject({ status: 'refunded', refunds: [{}, { amountCents: 2000 }] })
    expect(await refund(`${order.id}-4`, 1)).toMatchObject({ outcome: 'rejected' })
  })

  test('R057 an order is cancelled once, unless money was given back, and keeps who did and why', async () => {
    const order = orderOf(newId())
    await packs.send(placeOrder, order.id, order)
    const cancel = (orderId: string, id: string) =>
      packs.send(cancelOrder, id, { id, orderId, reason: 'left', cancelledBy: 'Ana' })
    expect(await cancel(order.id, `${order.id}-c`)).toMatchObject({ outcome: 'applied' })
    expect(await stateOf(order.id)).toMatchObject({
      status: 'cancelled',
      cancellation: { id: `${order.id}-c`, reason: 'left', cancelledBy: 'Ana' },
    })
    expect(await cancel(order.id, `${order.id}-d`)).toMatchObject({ outcome: 'rejected' })
    expect(await cancel(newId(), 'nothing')).toMatchObject({ outcome: 'rejected' })
  })
})
