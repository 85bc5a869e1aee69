/** What real browsers do to storage: a newer release in another tab, and no database at all. */
import { openOutboxPage, upgradeDatabase } from '../fixtures/outbox-page.ts'
import { expect, test } from '../fixtures/sources-page.ts'

test('F039 F040 a newer release in another tab gets the database at once, and the old tab says so', async ({
  page,
  context,
  sources,
}) => {
  await page.goto(sources.url)
  const name = crypto.randomUUID()
  const old = await openOutboxPage(page, name)
  await old.add(10)
  await expect.poll(async () => (await old.status()).isLeader).toBe(true)
  const other = await context.newPage()
  await other.goto(sources.url)
  // Rejects when the old tab blocks it.
  await upgradeDatabase(other, name)
  await expect.poll(() => old.status()).toMatchObject({ isLeader: false, storage: { kind: 'outdated' } })
  expect(await old.tryToAdd()).toBe('newer-database')
  // The old release, opened anew, is refused as well, and nothing of the queue is lost.
  await expect(openOutboxPage(other, name)).rejects.toThrow(/newer release/)
  const left: unknown = await other.evaluate(
    `new Promise((resolve) => {
      indexedDB.open('holdfast:${name}:north:ana').onsuccess = ({ target: { result } }) => {
        result.transaction('log-medium').objectStore('log-medium').count().onsuccess = (event) => resolve(event.target.result)
      }
    })`,
  )
  expect(left).toBe(1)
})

test('F045 without IndexedDB opening is refused; with memory the entries are sent, and the status says they are not kept', async ({
  page,
  sources,
}) => {
  await page.addInitScript(`Object.defineProperty(globalThis, 'indexedDB', { value: undefined, configurable: true })`)
  await page.goto(sources.url)
  const name = crypto.randomUUID()
  await expect(openOutboxPage(page, name)).rejects.toThrow(/no IndexedDB/)
  const outbox = await openOutboxPage(page, name, { withMemory: true })
  await outbox.add(10)
  expect(await outbox.status()).toMatchObject({ durable: false, pending: 1 })
  expect(await outbox.drain()).toEqual({ sent: 1, applied: 1, remaining: 0 })
})
