/** Interception: a page's plain fetch becomes a durable write. */
import { newOrderId } from '../fixtures/field-desk-page.ts'
import { expect, test } from '../fixtures/test.ts'
import { batchDoor } from '../proxy.ts'

test('with nobody signed in, a POST goes to the server untouched', async ({ desk, mark }) => {
  await desk.open()
  await desk.workerReady()
  expect(await desk.postOrder(`${mark} 1`)).toMatchObject({ status: 401 })
})

test.describe('with ana signed in', () => {
  test.beforeEach(async ({ desk }) => {
    await desk.signIn('ana@north.example')
    await desk.workerReady()
  })

  test("R039 with the server there, a plain POST gets the server's answer and the order is there once", async ({
    desk,
    mark,
    truth,
  }) => {
    const answer = await desk.postOrder(`${mark} 1`)
    expect(answer).toMatchObject({ status: 200, body: { success: true, queued: false } })
    expect(await truth()).toHaveLength(1)
  })

  test('R041 R042 with the server away, a plain POST gets 202, and the order arrives once when it is back', async ({
    desk,
    mark,
    way,
    truth,
  }) => {
    await way.down()
    const answer = await desk.postOrder(`${mark} 1`)
    expect(answer).toMatchObject({
      status: 202,
      body: { success: true, queued: true, id: expect.any(String), message: expect.any(String) },
    })
    await way.up()
    await desk.syncNow()
    await expect.poll(truth).toHaveLength(1)
    await desk.nothingPending()
    expect(await truth()).toHaveLength(1)
  })

  test('F012 a POST whose answer was lost, and which the page sends again under its key, is one order', async ({
    desk,
    mark,
    way,
    truth,
  }) => {
    const again = { key: crypto.randomUUID(), id: newOrderId(), timestamp: new Date().toISOString() }
    way.breakWith({ kind: 'drop-answer' }, batchDoor)
    expect(await desk.postOrder(`${mark} 1`, again)).toMatchObject({ status: 202 })
    await way.heal()
    await desk.syncNow()
    await desk.nothingPending()
    expect((await desk.postOrder(`${mark} 1`, again)).status).toBeLessThan(300)
    expect(await truth()).toHaveLength(1)
  })

  test('F062 another order under a key that is waiting is refused and not swallowed', async ({
    desk,
    mark,
    way,
    truth,
  }) => {
    const key = crypto.randomUUID()
    await way.down()
    expect(await desk.postOrder(`${mark} 1`, { key })).toMatchObject({ status: 202 })
    expect(await desk.postOrder(`${mark} 2`, { key })).toMatchObject({ status: 422 })
    await way.up()
    await desk.syncNow()
    await expect.poll(truth).toHaveLength(1)
  })

  test('a body that is no order is refused to its caller, and nothing is stored', async ({ desk, way, truth }) => {
    await way.down()
    const answer = await desk.post('/api/pos/orders', { nonsense: true })
    expect(answer).toMatchObject({ status: 422, body: { type: 'urn:holdfast:problem:invalid-payload' } })
    await desk.page.reload()
    // Had it been stored, it would be refused now, and wait for a person.
    await way.up()
    await desk.syncNow()
    await desk.nothingPending()
    expect(await truth()).toEqual([])
  })

  test('Field Desk opens with no server from the cached shell, and takes an order', async ({
    desk,
    mark,
    way,
    truth,
  }) => {
    await way.down()
    await desk.page.reload()
    await desk.placeOrder(`${mark} 1`)
    await way.up()
    await desk.syncNow()
    await expect.poll(truth).toHaveLength(1)
  })
})
