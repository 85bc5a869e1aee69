/** The main job with what only Chromium has: an offline switch that reaches workers too, and Background Sync. */
import { FieldDeskPage } from '../fixtures/field-desk-page.ts'
import { dispatchSync } from '../fixtures/sync-event.ts'
import { expect, test } from '../fixtures/test.ts'

const numbers = [1, 2, 3]

test('F031 three orders placed offline, with the page closed in between, arrive once each and in order when it is opened online', async ({
  context,
  desk,
  mark,
  way,
  truth,
}) => {
  await desk.signIn('ana@north.example')
  await desk.workerReady()
  await context.setOffline(true)
  const ids: string[] = []
  for (const number of numbers) {
    const id = await desk.placeOrder(`${mark} ${number}`)
    expect(await desk.toneOf(id)).toBe('saved')
    ids.push(id)
  }
  await expect.poll(() => desk.pill()).toBe('offline')
  // It stays in memory only, so that the browser does not end with its last page.
  await context.newPage()
  await desk.page.close()
  await context.setOffline(false)
  const later = new FieldDeskPage(await context.newPage(), way.url)
  await later.open()
  for (const id of ids) await expect.poll(() => later.toneOf(id)).toBe('server')
  expect((await truth()).map((order) => order.id)).toEqual(ids)
})

test('R036 R140 a real sync event sends the orders with no page of the app open', async ({
  context,
  desk,
  mark,
  truth,
}) => {
  await desk.signIn('ana@north.example')
  await desk.workerReady()
  await context.setOffline(true)
  const ids: string[] = []
  for (const number of numbers) ids.push(await desk.placeOrder(`${mark} ${number}`))
  await expect.poll(() => desk.armedTags()).toContain('data-sync')
  // Keeps the browser alive; it is no page of the app.
  await context.newPage()
  await desk.page.close()
  expect(await truth()).toEqual([])
  await context.setOffline(false)
  await expect.poll(async () => (await truth()).map((order) => order.id)).toEqual(ids)
})

test('F096 a sync event that fails at its last chance is armed anew, and the order arrives with no page open', async ({
  context,
  desk,
  mark,
  way,
  truth,
}) => {
  await desk.signIn('ana@north.example')
  await desk.workerReady()
  await way.down()
  await desk.placeOrder(`${mark} 1`)
  await context.newPage()
  await dispatchSync(desk.page, 'a-tag-of-its-own', { lastChance: true })
  await expect.poll(() => desk.armedTags(), { timeout: 30_000 }).toContain('a-tag-of-its-own')
  await desk.page.close()
  await way.up()
  await expect.poll(truth, { timeout: 30_000 }).toHaveLength(1)
})
