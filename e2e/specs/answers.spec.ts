/** Answers that are no acknowledgement: ten waiting orders each, none lost and none applied twice. */
import { expect, test } from '../fixtures/test.ts'
import { batchDoor, everyDoor, type Fault, type Matching } from '../proxy.ts'

const html = '<!doctype html><title>Welcome</title><p>Sign in to the hotel network'
const plain = { 'Content-Type': 'text/plain' }
const problem = (status: number, code: string) => ({
  status,
  headers: { 'Content-Type': 'application/problem+json' },
  body: JSON.stringify({ type: `urn:holdfast:problem:${code}`, title: code, status }),
})

/** A server that takes no more than three operations at a time. */
const largeBatch: Matching = (request) => batchDoor(request) && Number(request.headers['x-batch-size']) > 3

const cases: readonly (readonly [string, Fault, Matching])[] = [
  ['F025 503 of a load balancer', { kind: 'answer', status: 503, headers: plain, body: 'busy' }, everyDoor],
  ['F025 500 at the batch door', { kind: 'answer', status: 500, headers: plain, body: 'oops' }, batchDoor],
  ['F023 429 with Retry-After', { kind: 'answer', status: 429, headers: { 'Retry-After': '1' } }, batchDoor],
  ['F054 401', { kind: 'answer', ...problem(401, 'unauthenticated') }, batchDoor],
  ['F022 413 for more than three operations', { kind: 'answer', ...problem(413, 'too-large') }, largeBatch],
  [
    'F017 200 with a page',
    { kind: 'answer', status: 200, headers: { 'Content-Type': 'text/html' }, body: html },
    everyDoor,
  ],
  ['F018 a redirect to a login page', { kind: 'answer', status: 302, headers: { Location: '/' } }, everyDoor],
  ['F020 truncated JSON', { kind: 'truncate' }, batchDoor],
]

for (const [name, fault, matching] of cases) {
  test(`${name}: ten waiting orders, none lost and none doubled`, async ({ desk, mark, way, truth }) => {
    const notes = Array.from({ length: 10 }, (_, index) => `${mark} ${index}`)
    await desk.signIn('ana@north.example')
    await desk.workerReady()
    await way.down()
    const answers = await Promise.all(notes.map((note) => desk.postOrder(note)))
    expect(answers.map(({ status }) => status)).toEqual(notes.map(() => 202))
    way.breakWith(fault, matching)
    await way.up()
    await desk.syncNow()
    await expect.poll(() => way.count(matching)).toBeGreaterThan(0)
    await way.heal()
    await desk.syncNow()
    await expect.poll(async () => (await truth()).length, { timeout: 30_000 }).toBe(notes.length)
    await expect
      .poll(
        async () => {
          await desk.syncNow()
          return desk.pill()
        },
        { timeout: 30_000 },
      )
      .toBe('all-sent')
    expect((await truth()).map(({ note }) => note).toSorted()).toEqual(notes)
  })
}
