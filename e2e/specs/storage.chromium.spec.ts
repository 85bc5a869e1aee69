/** A full disk and a cleared one in Chromium, by the DevTools protocol. */
import { openOutboxPage } from '../fixtures/outbox-page.ts'
import { expect, test } from '../fixtures/sources-page.ts'

test('F037 F038 on a full disk what was acknowledged is there, the rest was refused, and everything is sent once', async ({
  page,
  context,
  sources,
}) => {
  await page.goto(sources.url)
  const devtools = await context.newCDPSession(page)
  const { origin } = new URL(sources.url)
  await devtools.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 5_000_000 })
  const name = crypto.randomUUID()
  const outbox = await openOutboxPage(page, name)
  expect(await outbox.fill(100)).toBe('quota')
  const acknowledged = await outbox.acknowledged()
  expect(acknowledged.length).toBeGreaterThan(5)
  expect(await outbox.status()).toMatchObject({ pending: acknowledged.length, storage: { kind: 'full' } })

  await page.reload()
  const again = await openOutboxPage(page, name)
  expect(await again.live()).toEqual(acknowledged)
  // Not even a mark fits any more.
  await devtools.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1 })
  expect(await again.tryToAdd()).toBe('quota')
  expect(await again.drain()).toEqual({ sent: acknowledged.length, applied: acknowledged.length, remaining: 0 })
  expect(await again.status()).toMatchObject({ pending: 0, storage: { kind: 'full' } })
  expect((await again.status()).storage.kept).toBeGreaterThan(0)

  await devtools.send('Storage.overrideQuotaForOrigin', { origin })
  // Room is noticed by the next entry, or within a minute.
  expect(await again.tryToAdd()).toBe('none')
  await expect.poll(async () => (await again.status()).storage).toMatchObject({ kind: 'ok', kept: 0 })
  await page.reload()
  const last = await openOutboxPage(page, name)
  expect(await last.live()).toHaveLength(1)
})

test('F041 F044 a database that is cleared in the middle of the work is replaced by an empty one, and the work goes on', async ({
  page,
  context,
  sources,
}) => {
  await page.goto(sources.url)
  const devtools = await context.newCDPSession(page)
  const { origin } = new URL(sources.url)
  const outbox = await openOutboxPage(page, crypto.randomUUID())
  await outbox.add(10)
  await devtools.send('Storage.clearDataForOrigin', { origin, storageTypes: 'indexeddb' })
  expect(await outbox.tryToAdd()).toBe('none')
  expect(await outbox.live()).toHaveLength(1)
  await expect.poll(async () => (await outbox.drain()).remaining).toBe(0)
  expect(await outbox.live()).toHaveLength(0)
})
