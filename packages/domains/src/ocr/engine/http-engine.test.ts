import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sheet } from '../extraction/sheet.fixture.ts'
import { createHttpEngine, type HttpEngineOptions } from './http-engine.ts'
import { OcrError } from './ocr-engine.ts'

const key = 'secret-key'
const price = { microsPerRequest: 100, microsPerPage: 1_500, currency: 'EUR', version: '2026-01' }
const png = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2, 3])
const good = JSON.stringify({ pages: [sheet('A Shop Ltd\nDate 23/08/2025\nBroom £6.49\nTotal £6.49')] })

let server: Server
let answer: (request: IncomingMessage, response: ServerResponse) => void = () => undefined
let seen: { readonly headers: IncomingMessage['headers']; readonly body: Buffer } | undefined
beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      seen = { headers: request.headers, body: Buffer.concat(chunks) }
      answer(request, response)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

const says =
  (status: number, body: string, headers = {}) =>
  (_request: IncomingMessage, response: ServerResponse) =>
    response.writeHead(status, headers).end(body)

async function read(how: typeof answer, more: Partial<HttpEngineOptions> = {}, signal = new AbortController().signal) {
  answer = how
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const engine = createHttpEngine({ name: 'cloud', url: `http://127.0.0.1:${port}/read`, key, price, ...more })
  return engine.recognize(
    { bytes: png, mime: 'image/png', jobType: 'receipt', languages: [] },
    { signal, deadlineMs: 5_000 },
  )
}
async function failureOf(reading: Promise<unknown>) {
  const error = await reading.then(
    () => undefined,
    (caught: unknown) => caught,
  )
  if (!(error instanceof OcrError)) throw new Error('expected a failure of the engine')
  expect(`${error.message}${JSON.stringify(error)}`).not.toContain(key)
  return [error.code, error.isAboutTheFile, error.cost?.micros]
}

test('a provider reads with its key, by its price list, and the same rules find the fields', async () => {
  const { document, cost, usage } = await read(says(200, good))
  expect(seen?.headers).toMatchObject({ authorization: `Bearer ${key}`, 'content-type': 'image/png' })
  expect(seen?.body).toEqual(Buffer.from(png))
  expect(document.fields.total?.value).toEqual({ minor: 649, currency: 'GBP' })
  expect(cost).toEqual({ micros: 1_600, currency: 'EUR', priceListVersion: '2026-01' })
  expect(usage.pages).toBe(1)
})

test.each([
  [401, ['engine-unavailable', false, undefined]],
  [413, ['too-large', true, undefined]],
  [415, ['unsupported', true, undefined]],
  [422, ['damaged', true, undefined]],
  [429, ['engine-failed', false, undefined]],
  [500, ['engine-failed', false, undefined]],
])(
  'a provider that answers %i is told apart: about the file or not, and it costs nothing',
  async (status, expected) => {
    expect(await failureOf(read(says(status, good)))).toEqual(expected)
  },
)

test('F067 an answer that is none is no reading, and what was sent may have to be paid for', async () => {
  const paid = ['engine-failed', false, 1_600]
  const [page] = [sheet('x')]
  const wrong = [
    '',
    '[]',
    '{"pages":7}',
    good.slice(0, -9),
    JSON.stringify({ pages: [{ ...page, width: 0 }] }),
    JSON.stringify({ pages: [{ ...page, lines: [{ ...page.lines[0], confidence: 2 }] }] }),
    JSON.stringify({ pages: [{ ...page, lines: [{ ...page.lines[0], polygon: [[0, 0]] }] }] }),
    JSON.stringify({ pages: Array.from({ length: 21 }, () => page) }),
  ]
  for (const body of wrong) expect(await failureOf(read(says(200, body)))).toEqual(paid)
  expect(await failureOf(read(says(200, good), { answerBytesMax: 100 }))).toEqual(paid)
  const never = () => undefined
  expect(await failureOf(read(never, { timeoutMs: 50 }))).toEqual(['timed-out', false, 1_600])
  const stopped = AbortSignal.timeout(50)
  expect(await failureOf(read(never, {}, stopped))).toEqual(['aborted', false, 1_600])
})

test('a provider that is not there, or sends the key on, costs nothing', async () => {
  expect(await failureOf(read(says(200, good), { url: 'http://127.0.0.1:1/' }))).toEqual([
    'engine-failed',
    false,
    undefined,
  ])
  const elsewhere = says(302, '', { location: 'http://127.0.0.1:1/' })
  expect(await failureOf(read(elsewhere))).toEqual(['engine-failed', false, undefined])
})
