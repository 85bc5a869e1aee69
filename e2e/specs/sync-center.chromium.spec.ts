/** The Sync page: what was refused is edited or taken back and put back, and what is paused waits. Chromium: a stock Firefox does not show a test what was sent. */
import { parseBatchRequest } from '@holdfast/core'
import type { Page } from '@playwright/test'
import { expect, test } from '../fixtures/test.ts'

/** Refuses whatever is sent, in the server's place, until it is told to stop. */
async function refuseAll(page: Page): Promise<() => Promise<void>> {
  const door = '**/api/sync/offline-operations'
  const problem = {
    type: 'urn:holdfast:problem:refused',
    title: 'Refused',
    status: 422,
    detail: 'There is no such table.',
    pointer: '/tableNumber',
  }
  await page.context().route(door, async (route) => {
    const sent = parseBatchRequest(JSON.parse(route.request().postData() ?? 'null'))
    if (sent.fault !== undefined) throw new Error('a batch was expected')
    const outcomes = sent.value.operations.map(({ id }) => ({ id, outcome: 'rejected', problem }))
    await route.fulfill({ contentType: 'application/vnd.holdfast+json', body: JSON.stringify({ outcomes }) })
  })
  return () => page.context().unroute(door)
}

test('an order that was refused is edited in its own form and reaches the server as edited, once', async ({
  desk,
  mark,
  truth,
}) => {
  const { page } = desk
  const stopRefusing = await refuseAll(page)
  await desk.signIn('ana@north.example')
  await desk.placeOrder(mark)
  await expect.poll(() => desk.pill()).toBe('needs-you')
  await page.getByRole('link', { name: /^Sync/ }).click()
  await page.getByTestId('act-edit').click()
  await expect(page.getByTestId('edit-table')).toHaveAttribute('aria-invalid', 'true')
  await page.getByTestId('edit-table').pressSequentially('8')
  await stopRefusing()
  await page.getByTestId('resend').click()
  await desk.nothingPending()
  await expect.poll(async () => (await truth()).length).toBe(1)
  await expect(page.getByTestId('state-label')).toHaveText('On the server')
})

test('an order that was discarded by mistake is restored and reaches the server once', async ({
  desk,
  mark,
  truth,
}) => {
  const { page } = desk
  const stopRefusing = await refuseAll(page)
  await desk.signIn('ana@north.example')
  await desk.placeOrder(mark)
  await expect.poll(() => desk.pill()).toBe('needs-you')
  await stopRefusing()
  await page.getByRole('link', { name: /^Sync/ }).click()
  await page.getByTestId('act-discard').click()
  await page.getByTestId('confirm-discard').click()
  await desk.nothingPending()
  expect(await truth()).toEqual([])
  await page.getByTestId('section-discarded').getByTestId('act-restore').click()
  await desk.nothingPending()
  await expect.poll(async () => (await truth()).length).toBe(1)
})

test('what is paused waits on this device until the person resumes it', async ({ desk, mark, truth }) => {
  const { page } = desk
  await desk.signIn('ana@north.example')
  await page.getByRole('link', { name: /^Sync/ }).click()
  await page.getByTestId('pause-all').click()
  await expect(page.getByTestId('sending')).toContainText('Sending is paused')
  await page.getByRole('link', { name: 'Orders' }).click()
  await desk.placeOrder(mark)
  await page.getByRole('link', { name: /^Sync/ }).click()
  const waiting = page.getByTestId('section-waiting')
  await expect(waiting).toContainText('It goes out when you resume it.')
  await page.getByTestId('search-entries').pressSequentially('nothing like it')
  await expect(waiting).toContainText('Nothing here matches.')
  expect(await truth()).toEqual([])
  await page.getByTestId('pause-all').click()
  await desk.nothingPending()
  await expect.poll(async () => (await truth()).length).toBe(1)
})
