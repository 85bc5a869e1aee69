/** Text of people is text: markup in a note is carried and never run, and the policy of the pages stops nothing of ours. */
import { expect, test } from '../fixtures/test.ts'

const corpus = [
  '<script>document.title="owned"</script>',
  '<img src=x onerror=document.title="owned">',
  '"><svg onload=document.title="owned">',
  "javascript:document.title='owned'",
  '{{constructor.constructor("document.title=\'owned\'")()}}',
  '</textarea><iframe srcdoc="<script>parent.document.title=\'owned\'</script>">',
  '\u202Egnp.exe <b>bold</b> &amp; &#x3C;',
]

test('F082 markup in notes and in names is text, here and after it came back from the server', async ({
  desk,
  mark,
  truth,
}) => {
  const said: string[] = []
  desk.page.on('console', (message) => {
    if (message.type() === 'error') said.push(message.text())
  })
  desk.page.on('pageerror', (error) => said.push(error.message))
  await desk.signIn('ana@north.example')
  await desk.workerReady()
  const said401 = said.filter((text) => text.includes('401'))
  const ids: string[] = []
  for (const text of corpus) ids.push(await desk.placeOrder(`${mark} ${text}`))
  const name = '<img src=x onerror=document.title="owned">'
  expect(await desk.postOrder(`${mark} named`, { serverName: name })).toMatchObject({ status: 200 })
  for (const id of ids) await expect.poll(() => desk.toneOf(id)).toBe('server')
  expect((await truth()).map(({ note }) => note)).toEqual(
    expect.arrayContaining(corpus.map((text) => `${mark} ${text}`)),
  )
  await desk.page.reload()
  await expect(desk.page.getByText(name).first()).toBeVisible()
  expect(await desk.page.title()).not.toContain('owned')
  expect(said.filter((text) => !said401.includes(text))).toEqual([])
})
