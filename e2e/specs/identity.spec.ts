/** A shared cookie jar: nobody's orders go out in another's name. */
import { FieldDeskPage } from '../fixtures/field-desk-page.ts'
import { expect, test } from '../fixtures/test.ts'
import type { Matching } from '../proxy.ts'

/** Everything that the engine asks of the server; the login goes through. */
const syncDoors: Matching = ({ path }) => path.startsWith('/api/sync/')
const busy = { kind: 'answer', status: 503 } as const

test("F057 with ben's cookie under ana's open tab nothing of hers is sent as his; it goes out after she signs in", async ({
  desk,
  mark,
  way,
  truth,
}) => {
  await desk.signIn('ana@north.example')
  await desk.workerReady()
  way.breakWith(busy, syncDoors)
  const id = await desk.placeOrder(`${mark} 1`)
  await desk.takeCookieOf('ben@north.example')
  await way.heal()
  await desk.syncNow()
  await expect.poll(() => desk.pill()).toBe('signed-out')
  expect(await desk.toneOf(id)).toBe('saved')
  expect(await truth()).toEqual([])

  await desk.signIn('ana@north.example', '/sign-in')
  await expect.poll(() => desk.toneOf(id)).toBe('server')
  expect(await truth()).toMatchObject([{ id }])
})

test("F055 ben at ana's device sees that something of hers is kept, sends none of it, and she finds it again", async ({
  desk,
  mark,
  way,
  truth,
}) => {
  await desk.signIn('ana@north.example')
  await desk.workerReady()
  await way.down()
  const hers = await desk.placeOrder(`${mark} ana`)
  await way.up()
  way.breakWith(busy, syncDoors)
  await desk.signIn('ben@north.example', '/sign-in')
  await way.heal()
  const his = await desk.placeOrder(`${mark} ben`)
  await expect.poll(() => desk.toneOf(his)).toBe('server')
  expect((await truth()).map(({ id }) => id)).toEqual([his])
  expect(await desk.toneOf(hers)).toBeUndefined()

  await desk.signIn('ana@north.example', '/sign-in')
  await expect.poll(() => desk.toneOf(hers)).toBe('server')
  expect((await truth()).map(({ id }) => id).toSorted()).toEqual([hers, his].toSorted())
})

test("F055 I5 a plain POST from ana's open page after ben signed in is refused to its caller, and his own is taken", async ({
  desk,
  mark,
  way,
  truth,
}) => {
  await desk.signIn('ana@north.example')
  await desk.workerReady()
  const tab = await desk.page.context().newPage()
  const his = new FieldDeskPage(tab, way.url)
  await his.signIn('ben@north.example', '/sign-in')

  const refused = await desk.postOrder(`${mark} ana`)
  expect(refused).toMatchObject({ status: 403, body: { type: 'urn:holdfast:problem:wrong-identity' } })
  expect(await his.postOrder(`${mark} ben`)).toMatchObject({ status: 200 })
  // A stamp says it as well where no service worker stands in between.
  const stamped = await desk.postOrder(`${mark} stamped`, { headers: { 'Holdfast-Identity': 'north/ana' } })
  expect(stamped.status).toBe(403)
  expect((await truth()).map(({ note }) => note)).toEqual([`${mark} ben`])
  await tab.close()
})

test('F055 ana discards on signing out with no server, and is told what that cannot undo; nothing is sent later', async ({
  desk,
  mark,
  way,
  truth,
}) => {
  await desk.signIn('ana@north.example')
  await desk.workerReady()
  await way.down()
  await desk.placeOrder(`${mark} 1`)
  await desk.signOut('discard')
  await expect(desk.page.getByTestId('unconfirmed')).toBeVisible()
  await expect(desk.page.getByTestId('sealed')).toHaveCount(0)
  await way.up()
  await desk.signIn('ana@north.example')
  await desk.nothingPending()
  expect(await truth()).toEqual([])
})

test('F055 sending first does not sign out while the server is away; what is kept sealed can be removed by its number', async ({
  desk,
  mark,
  way,
  truth,
}) => {
  await desk.signIn('ana@north.example')
  await desk.workerReady()
  await way.down()
  await desk.placeOrder(`${mark} 1`)
  await desk.signOut('send')
  await expect(desk.page.getByRole('dialog').getByRole('alert')).toContainText('1 entry')
  await desk.signOut('keep')
  await expect(desk.page.getByTestId('sealed')).toContainText('1 entry')
  await desk.page.getByTestId('remove-sealed').click()
  await desk.page.getByRole('checkbox').check()
  await desk.page.getByTestId('confirm-remove').click()
  await expect(desk.page.getByTestId('sealed')).toHaveCount(0)
  await way.up()
  await desk.signIn('ana@north.example')
  await desk.nothingPending()
  expect(await truth()).toEqual([])
})
