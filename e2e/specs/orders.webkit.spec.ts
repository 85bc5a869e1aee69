/** The main job in WebKitGTK, which Playwright cannot drive as the system has it, in a private session. */
import { expect, test } from '../fixtures/test.ts'
import { WebKitBrowser } from '../webkit/webkit-browser.ts'
import { WebKitDesk } from '../webkit/webkit-desk.ts'

const numbers = [1, 2, 3]

test.beforeAll(() => {
  const reason = process.env['HOLDFAST_WEBKIT_MISSING']
  if (reason !== undefined) throw new Error(`WebKitGTK is expected for the full suite, and is not here: ${reason}`)
})

test('F045 in a private session orders placed while the server is away reach it once each, and nothing is called sent before', async ({
  mark,
  way,
  truth,
}) => {
  await using browser = await WebKitBrowser.start({ isKept: false })
  const desk = new WebKitDesk(browser, way.url)
  await desk.signIn('ana@north.example')
  await way.down()
  const ids: string[] = []
  for (const number of numbers) ids.push(await desk.placeOrder(`${mark} ${number}`))
  for (const id of ids) expect(await desk.toneOf(id)).not.toBe('server')
  await way.up()
  for (const id of ids) await expect.poll(() => desk.toneOf(id), { timeout: 30_000 }).toBe('server')
  expect((await truth()).map((order) => order.id)).toEqual(ids)
})

test('F045 without IndexedDB the app is loud, and calls no order saved', async ({ way }) => {
  await using browser = await WebKitBrowser.start({ isKept: false, off: ['IndexedDBAPI'] })
  const { session } = browser
  const desk = new WebKitDesk(browser, way.url)
  await desk.open()
  expect(await session.run('return typeof indexedDB')).toBe('undefined')
  await desk.fillSignIn('ana@north.example')
  await expect.poll(() => desk.words()).toMatch(/went wrong|keeps nothing/)
  expect(await desk.words()).not.toMatch(/Saved on this device/)
})
