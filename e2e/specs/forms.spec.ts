/** Forms that are followed, in real browsers: drafts, submissions, refusals. The outbox and its drafts are the real ones. */
import type { Page } from '@playwright/test'
import { expect, test } from '../fixtures/sources-page.ts'

const markup = `
  <form id="survey" method="post" action="/survey">
    <input name="name" autocomplete="name">
    <input name="place">
    <textarea name="note"></textarea>
    <select name="size"><option>small</option><option>large</option></select>
    <select name="days" multiple><option>mon</option><option>tue</option><option>wed</option></select>
    <label><input type="checkbox" name="tools" value="saw"></label>
    <label><input type="checkbox" name="tools" value="drill"></label>
    <label><input type="radio" name="shift" value="early"></label>
    <label><input type="radio" name="shift" value="late"></label>
    <input type="hidden" name="csrf" value="once">
    <input name="card" autocomplete="cc-number" data-secret>
    <button>Send</button>
  </form>`
/** Without what asks for a secret: a form that is kept. */
const plain = markup.replace(/.*cc-number.*\n/, '\n')

interface OpenOptions {
  readonly isOnline?: boolean
  readonly withToast?: boolean
}

async function openForm(page: Page, url: string, html: string, options: OpenOptions = {}) {
  await page.goto(url)
  const given = `${JSON.stringify(html)}, ${JSON.stringify(options)}`
  await page.evaluate(
    `import('/packages/client/src/drafts/form-page.browser.ts').then(async ({ FormPage }) => {
      globalThis.desk = await FormPage.open(${given})
    })`,
  )
}

const ask = (page: Page, what: string): Promise<unknown> => page.evaluate(`(async () => globalThis.desk.${what})()`)

async function fill(page: Page) {
  await page.locator('[name=name]').fill('Ana')
  await page.locator('[name=note]').fill('two\nlines')
  await page.locator('[name=size]').selectOption('large')
  await page.locator('[name=days]').selectOption(['mon', 'wed'])
  await page.locator('[value=saw]').check()
  await page.locator('[value=drill]').check()
  await page.locator('[value=late]').check()
}
const filled = {
  name: ['Ana'],
  place: [''],
  note: ['two\nlines'],
  size: ['large'],
  days: ['mon', 'wed'],
  tools: ['saw', 'drill'],
  shift: ['late'],
  csrf: ['once'],
}
/** The draft is saved a moment after the last key: waits until it holds what was typed last. */
const saved = (page: Page, text: string) => expect.poll(() => ask(page, 'savedText()')).toContain(text)

test.describe('what is typed', () => {
  test('R151 is saved while it is typed, and back after a reload, choices and all', async ({ page, sources }) => {
    await openForm(page, sources.url, plain)
    await fill(page)
    await saved(page, '"shift":"late"')
    await openForm(page, sources.url, plain)
    expect(await ask(page, 'fields')).toEqual(filled)
    expect(await ask(page, 'said')).toEqual(['What you had typed is back.'])
  })

  test('F093 is put into a form that has changed without harm', async ({ page, sources }) => {
    await openForm(page, sources.url, plain)
    await fill(page)
    await saved(page, '"shift":"late"')
    const changed = plain
      .replace('<textarea name="note"></textarea>', '')
      .replace('<option>large</option>', '<option>huge</option>')
      .replace('name="name"', 'name="name" value="as the server has it"')
      .replace('<button>', '<input name="new" value="stays"><button>')
    await openForm(page, sources.url, changed)
    const fields = await ask(page, 'fields')
    expect(fields).toMatchObject({ size: ['small'], days: ['mon', 'wed'], new: ['stays'], name: ['Ana'] })
    expect(fields).not.toHaveProperty('note')
  })

  test('F093 in two tabs on one form is two drafts: neither tab changes the other’s', async ({
    page,
    context,
    sources,
  }) => {
    await openForm(page, sources.url, plain)
    await page.locator('[name=place]').fill('first tab')
    await saved(page, 'first tab')
    const other = await context.newPage()
    await openForm(other, sources.url, plain)
    expect(await ask(other, 'fields')).toMatchObject({ place: [''] })
    await other.locator('[name=place]').fill('second tab')
    await saved(other, 'second tab')
    await page.locator('button').click()
    await expect.poll(() => ask(page, 'effects')).toMatchObject([{ place: 'first tab' }])
    expect(await ask(other, 'fields')).toMatchObject({ place: ['second tab'] })
    await other.close()
    await openForm(page, sources.url, plain)
    expect(await ask(page, 'fields')).toMatchObject({ place: ['second tab'] })
  })

  test('F085 passwords, files, hidden fields, cards and what asks not to be remembered are never saved', async ({
    page,
    sources,
  }) => {
    const secret = `<form id="secret" method="post"><input name="open"><input name="pin" type="password">
      <input name="card" autocomplete="section-a cc-number"><input name="never" autocomplete="off">
      <div data-draft="off"><input name="inside"></div><input type="hidden" name="token" value="t0k3n"></form>`
    await openForm(page, sources.url, secret)
    for (const name of ['pin', 'card', 'never', 'inside', 'open'])
      await page.locator(`[name=${name}]`).fill(`typed ${name}`)
    await saved(page, 'typed open')
    const kept = await page.evaluate(async () => {
      const [info] = (await indexedDB.databases()).filter(({ name }) => name?.endsWith(':drafts') === true)
      const opening = indexedDB.open(info?.name ?? '')
      const database = await new Promise<IDBDatabase>((resolve) => (opening.onsuccess = () => resolve(opening.result)))
      const all = database.transaction('drafts').objectStore('drafts').getAll()
      return new Promise<string>((resolve) => (all.onsuccess = () => resolve(JSON.stringify(all.result))))
    })
    expect(kept).toContain('typed open')
    expect(kept).not.toMatch(/typed (pin|card|never|inside)|t0k3n/)
  })
})

test.describe('what is submitted', () => {
  test('R150 R152 R153 offline is stored, said to be sent once online, and sent once; the draft is gone', async ({
    page,
    sources,
  }) => {
    await openForm(page, sources.url, plain, { isOnline: false })
    await fill(page)
    await page.locator('button').dblclick()
    await expect.poll(() => ask(page, 'said')).toEqual(['Saved on this device. It will be sent once you are online.'])
    expect(await ask(page, 'pending')).toBe(1)
    expect(await ask(page, 'fields')).toMatchObject({ name: [''], size: ['small'] })
    await ask(page, 'goOnline()')
    await expect.poll(() => ask(page, 'effects')).toHaveLength(1)
    expect(await ask(page, 'effects')).toEqual([
      {
        name: 'Ana',
        place: '',
        note: 'two\nlines',
        size: 'large',
        days: ['mon', 'wed'],
        tools: ['saw', 'drill'],
        shift: 'late',
        csrf: 'once',
      },
    ])
    await openForm(page, sources.url, plain)
    expect(await ask(page, 'fields')).toMatchObject({ name: [''] })
    expect(await ask(page, 'said')).toEqual([])
  })

  test('R154 tells in a toast, in text alone, that goes by itself; an error stays until it is closed', async ({
    page,
    sources,
  }) => {
    await openForm(page, sources.url, plain, { withToast: true })
    await page.locator('button').click()
    const toast = page.locator('.sync-toast')
    await expect(toast).toHaveText('Sent.')
    await expect(toast).toHaveAttribute('role', 'status')
    await expect(toast).toHaveCount(0, { timeout: 8000 })
    await ask(page, "refuse('nowhere', 'place')")
    await page.locator('[name=place]').fill('nowhere<img src=x>')
    await page.locator('button').click()
    await expect(page.getByRole('alert')).toContainText('Not a place we know.')
    await page.getByRole('button', { name: 'Close' }).click()
    await expect(toast).toHaveCount(0)
  })

  test('comes back into the form when the server refuses it, also after a reload, and is then sent in its place', async ({
    page,
    sources,
  }) => {
    await openForm(page, sources.url, plain)
    await ask(page, "refuse('nowhere', 'place')")
    await page.locator('[name=name]').fill('Ana')
    await page.locator('[name=place]').fill('nowhere')
    await page.locator('button').click()
    await expect.poll(() => ask(page, 'said')).toEqual(['The server did not take what you sent. Not a place we know.'])
    await openForm(page, sources.url, plain)
    expect(await ask(page, 'fields')).toMatchObject({ name: ['Ana'], place: ['nowhere'] })
    await expect(page.locator('[name=place]')).toHaveAttribute('aria-invalid', 'true')
    await page.locator('[name=place]').fill('home')
    await page.locator('button').click()
    await expect.poll(() => ask(page, 'effects')).toMatchObject([{ name: 'Ana', place: 'home' }])
    await expect.poll(() => ask(page, 'needsYou')).toBe(0)
  })

  test('I8 another submission does not take the place of one that was refused', async ({ page, sources }) => {
    await openForm(page, sources.url, plain, { isOnline: false })
    await ask(page, "refuse('nowhere', 'place')")
    await page.locator('[name=name]').fill('Monday')
    await page.locator('[name=place]').fill('nowhere')
    await page.locator('button').click()
    await expect.poll(() => ask(page, 'said')).toHaveLength(1)
    await page.locator('[name=name]').fill('Tuesday')
    await page.locator('[name=place]').fill('home')
    await ask(page, 'goOnline()')
    await expect.poll(() => ask(page, 'said')).toContain('The server did not take what you sent. Not a place we know.')
    expect(await ask(page, 'fields')).toMatchObject({ name: ['Tuesday'], place: ['home'] })
    await page.locator('button').click()
    await expect.poll(() => ask(page, 'effects')).toMatchObject([{ name: 'Tuesday' }])
    expect(await ask(page, 'needsYou')).toBe(1)
  })

  test('a form that asks for a password, and one that reads, are not kept', async ({ page, sources }) => {
    await openForm(page, sources.url, markup)
    await page.locator('[name=name]').fill('Ana')
    // The browser sends it by itself; the answer is a page, so that the navigation has an end.
    await page.route('**/survey', (route) => route.fulfill({ contentType: 'text/html', body: 'Thank you' }))
    const posted = page.waitForRequest((request) => request.method() === 'POST')
    await page.locator('button').click()
    expect((await posted).url()).toContain('/survey')
    await expect(page.getByText('Thank you')).toBeVisible()
    await expect(openForm(page, sources.url, '<form id="search"><input name="q"></form>')).rejects.toThrow(
      'Give it method="post"',
    )
  })
})
