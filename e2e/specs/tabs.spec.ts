/** Several tabs and the worker over one outbox: one of them drains, and another takes over when it goes. */
import { FieldDeskPage } from '../fixtures/field-desk-page.ts'
import { expect, test } from '../fixtures/test.ts'

test('F006 two tabs and the worker write at once: one drains, and each order is sent once', async ({
  context,
  desk,
  mark,
  way,
  truth,
}) => {
  await desk.signIn('ana@north.example')
  await desk.workerReady()
  const second = new FieldDeskPage(await context.newPage(), way.url)
  await second.open()
  await second.placeOrder(`${mark} 0`)
  await second.nothingPending()
  await way.reset()
  await Promise.all([
    desk.postOrder(`${mark} 1`),
    second.postOrder(`${mark} 2`),
    desk.placeOrder(`${mark} 3`),
    desk.postOrder(`${mark} 4`),
  ])
  await second.placeOrder(`${mark} 5`)
  await expect.poll(async () => (await truth()).length).toBe(6)
  await desk.nothingPending()
  await second.nothingPending()
  expect(way.batchesAtOnceMax).toBe(1)
  expect(way.operationsSent).toHaveLength(5)
  expect(new Set(way.operationsSent).size).toBe(5)
})

test("F010 the leading tab is closed: the next takes over within seconds, with the first one's orders and its own", async ({
  context,
  desk,
  mark,
  way,
  truth,
}) => {
  await desk.signIn('ana@north.example')
  const second = new FieldDeskPage(await context.newPage(), way.url)
  await second.open()
  way.breakWith({ kind: 'hold' }, ({ path }) => path.startsWith('/api/sync/'))
  const hers = await desk.placeOrder(`${mark} 1`)
  await second.placeOrder(`${mark} 2`)
  await expect.poll(() => way.heldCount).toBeGreaterThan(0)
  await desk.page.close()
  await way.heal()
  await expect.poll(async () => (await truth()).length, { timeout: 10_000 }).toBe(2)
  await expect.poll(() => second.toneOf(hers)).toBe('server')
})
