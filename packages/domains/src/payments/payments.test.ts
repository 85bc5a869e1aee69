/** Payments through their doors and through the batch door, with a processor that fails like a real one. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTimeoutMs, testDatabases } from '../../../server/src/database/test-databases.fixture.ts'
import { openPacks, type Packs } from '../packs.fixture.ts'
import { findCardNumber } from './card-number.ts'
import { paymentKind, refundPayment, settleCard, takePayment, type Payment, type PaymentMethod } from './operations.ts'
import { verifyPayment } from './verification.ts'

describe.each(testDatabases)('on $name', (kind) => {
  let packs: Packs
  beforeAll(async () => {
    packs = await openPacks(kind)
  }, openTimeoutMs)
  afterAll(() => packs.close())

  let names = 0
  const paymentOf = (method: PaymentMethod, amountCents = 1250, more: Partial<Payment> = {}): Payment => ({
    id: `pay-${(names += 1)}`,
    orderId: 'order-1',
    amountCents,
    method,
    timestamp: '2026-01-31T12:00:00Z',
    ...more,
  })
  const verifyBody = ({ id, amountCents, timestamp }: Payment) => ({
    transactionId: id,
    amount: amountCents / 100,
    processorResponse: { token: 'tok_1' },
    timestamp,
  })
  const verify = (payment: Payment) => packs.ask('POST', '/api/payments/card/verify', verifyBody(payment))
  const stateOf = (id: string) => packs.stateOf(paymentKind, id)

  test('R073 R074 cash is completed as it arrives, with what stands on the receipt', async () => {
    const payment = paymentOf('cash', 1999, { receiptData: { lines: ['Thank you'] }, status: 'refunded' })
    const first = await packs.ask('POST', '/api/payments/cash', payment)
    expect([first.status, first.body['id']]).toEqual([201, payment.id])
    expect(await stateOf(payment.id)).toEqual({
      ...payment,
      status: 'completed',
      needsVerification: false,
      takenBy: 'ana',
    })
    const again = await packs.ask('POST', '/api/payments/cash', payment)
    expect([again.status, again.body['duplicate']]).toEqual([200, true])
  })

  test('R077 mobile has a door, check and gift card share one, and none takes another way to pay', async () => {
    const { id: _id, method: _method, ...rest } = paymentOf('mobile')
    const mobile = await packs.ask('POST', '/api/payments/mobile', { ...rest, id: 'pay-m' })
    expect([mobile.status, await stateOf('pay-m')]).toMatchObject([201, { method: 'mobile', status: 'completed' }])
    for (const method of ['check', 'gift_card'] as const) {
      const payment = paymentOf(method)
      expect((await packs.ask('POST', '/api/payments', payment)).status).toBe(201)
      expect(await stateOf(payment.id)).toMatchObject({ method, status: 'completed' })
    }
    expect((await packs.ask('POST', '/api/payments', paymentOf('card'))).detail).toContain('method')
    expect((await packs.ask('POST', '/api/payments', { ...rest, id: 'pay-n' })).detail).toContain('method')
    expect((await packs.ask('POST', '/api/payments/cash', paymentOf('card'))).detail).toContain('method')
  })

  test('R075 R076 a card is verified at its door: approved is completed, declined is failed', async () => {
    const good = paymentOf('card', 1250)
    expect(await verify(good)).toMatchObject({ status: 200, body: { verified: true } })
    expect(await stateOf(good.id)).toMatchObject({ status: 'completed', needsVerification: false, amountCents: 1250 })
    const bad = paymentOf('card', 1251)
    expect(await verify(bad)).toMatchObject({ status: 200, body: { verified: false } })
    expect(await stateOf(bad.id)).toMatchObject({
      status: 'failed',
      needsVerification: false,
      reason: 'The bank declined the card.',
    })
  })

  test('R076 a card taken offline needs verification until the processor answers its job', async () => {
    const payment = paymentOf('card', 1253)
    expect(await packs.send(takePayment, payment.id, payment)).toMatchObject({ outcome: 'applied' })
    expect(await stateOf(payment.id)).toMatchObject({ status: 'pending', needsVerification: true })
    await expect(packs.work(payment.id)).rejects.toMatchObject({ failure: { code: 'no-answer' } })
    expect(await stateOf(payment.id)).toMatchObject({ status: 'pending', needsVerification: true })
    expect(await packs.work(payment.id)).toEqual({ result: { verification: 'verified' } })
    expect(await stateOf(payment.id)).toMatchObject({ status: 'completed', needsVerification: false })
    expect(await packs.work(payment.id)).toEqual({ result: { verification: 'verified' } })
    expect(packs.processor.charges.get(`north/${payment.id}`)).toBe(1)
  })

  test('R075 a card is charged once, however often it is asked and whatever is lost', async () => {
    const lost = paymentOf('card', 1252)
    expect(await verify(lost)).toMatchObject({ status: 503, code: 'unavailable' })
    const answers = await Promise.all(Array.from({ length: 10 }, () => verify(lost)))
    expect(answers.map(({ status, body }) => [status, body['verified']])).toEqual(answers.map(() => [200, true]))
    expect(packs.processor.charges.get(`north/${lost.id}`)).toBe(1)
    const calls = packs.processor.calls()
    expect(await verify(lost)).toMatchObject({ status: 200, body: { verified: true } })
    expect(packs.processor.calls()).toBe(calls)
    const other = await packs.ask('POST', '/api/payments/card/verify', { ...verifyBody(lost), amount: 99 })
    expect([other.status, other.code]).toEqual([422, 'id-reused'])
  })

  test('R075 a processor that never answers leaves the payment pending, and the caller is told to ask again', async () => {
    const payment = paymentOf('card', 1254)
    await packs.send(takePayment, payment.id, payment)
    expect(await verifyPayment(packs.sync, packs.processor, 'north', payment.id, 20)).toBe('unknown')
    expect(await stateOf(payment.id)).toMatchObject({ status: 'pending', needsVerification: true })
    expect(await verifyPayment(packs.sync, packs.processor, 'north', 'nothing')).toBe('none')
  })

  test('nobody but the processor says that a card was charged', async () => {
    const payment = paymentOf('card', 1250)
    await packs.send(takePayment, payment.id, payment)
    const verdict = { paymentId: payment.id, isApproved: true, reference: 'forged' }
    const forged = await packs.send(settleCard, `v-${payment.id}`, verdict)
    expect(forged).toMatchObject({
      outcome: 'rejected',
      problem: { detail: 'Only the processor says whether a card was charged.' },
    })
    expect(await stateOf(payment.id)).toMatchObject({ status: 'pending' })
  })

  test('R073 a completed payment is given back once', async () => {
    const payment = paymentOf('cash')
    await packs.send(takePayment, payment.id, payment)
    const refund = (id: string) => packs.send(refundPayment, id, { id, paymentId: payment.id, reason: 'burnt' })
    expect(await refund(`r1-${payment.id}`)).toMatchObject({ outcome: 'applied' })
    expect(await stateOf(payment.id)).toMatchObject({
      status: 'refunded',
      refund: { reason: 'burnt', refundedBy: 'ana' },
    })
    expect(await refund(`r2-${payment.id}`)).toMatchObject({ outcome: 'rejected' })
    const failed = paymentOf('card', 1251)
    await verify(failed)
    const late = { id: 'r3', paymentId: failed.id, reason: 'x' }
    expect(await packs.send(refundPayment, 'r3', late)).toMatchObject({ outcome: 'rejected' })
  })

  test.each([
    ['4111 1111 1111 1111', true],
    ['number: 5500-0000-0000-0004.', true],
    [4_111_111_111_111_111, true],
    ['4111111111111112', false],
    ['1234567890123', false],
    ['tok_4111', false],
  ])('%s is a card number: %s', (value, isOne) => {
    expect(findCardNumber({ terminal: { raw: [value] } })).toBe(isOne ? 'terminal.raw.0' : undefined)
  })

  test('R073 a card number is refused with the name of its field, before anything is stored', async () => {
    const payment = paymentOf('card')
    const processorResponse = { pan: '4111111111111111' }
    const body = { ...verifyBody(payment), processorResponse }
    const answer = await packs.ask('POST', '/api/payments/card/verify', body)
    expect([answer.status, answer.code]).toEqual([422, 'invalid-payload'])
    expect(answer.detail).toContain('processorResponse.pan')
    expect(answer.detail).not.toContain('4111')
    expect(await stateOf(payment.id)).toBeUndefined()
  })

  test.each([
    [12.345, null],
    [0.1 + 0.2, 30],
    [19.99, 1999],
    ['19.99', null],
  ])('an amount of %s in whole units is %s cents', async (amount, cents) => {
    const { amountCents: _cents, ...payment } = paymentOf('cash')
    const answer = await packs.ask('POST', '/api/payments/cash', { ...payment, amount })
    if (cents === null) expect(answer.detail).toContain('amountCents')
    else expect(await stateOf(payment.id)).toMatchObject({ amountCents: cents })
  })
})
