/** The doors on both databases: whatever is sent, a problem document or outcomes come back, and never a payload. */
import {
  answerMediaType,
  batchPath,
  healthPath,
  identityHeader,
  isRecord,
  parseBatchAnswer,
  parseHealthAnswer,
  parseProblem,
  problemCodeOf,
  problemMediaType,
  type WireOperation,
} from '@holdfast/core'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTimeoutMs, testDatabases, type TestDatabase } from '../database/test-databases.fixture.ts'
import type { LogEntry } from '../log.ts'
import { changeNote, noteHandlers, noteOp } from '../notes.fixture.ts'
import { createSyncServer, type SyncServer } from '../sync-server.ts'

const site = 'https://desk.example'
const secret = 'S3CRET-payload-never-echoed'

/** Who signs a request in is what its test header says: the session, not the body, is the authority. */
function sessionOf(request: Request): { tenant: string; user: string; roles: readonly string[] } | null {
  const [user, tenant] = (request.headers.get('x-test-session') ?? '').split('@')
  if (user === undefined || tenant === undefined) return null
  if (user === 'broken') throw new TypeError(secret)
  return { tenant, user, roles: [] }
}

function batch(operations: readonly unknown[], more: { readonly [name: string]: unknown } = {}): unknown {
  const identity = { protocol: 1, tenant: 'north', user: 'ana', device: 'phone', sequence: 1 }
  return { ...identity, pending: operations.length, oldestAgeMs: 0, operations, ...more }
}

function post(body: string | Uint8Array<ArrayBuffer> | ReadableStream, headers: Record<string, string> = {}): Request {
  return new Request(site + batchPath, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-test-session': 'ana@north', ...headers },
    body,
    ...(body instanceof ReadableStream && { duplex: 'half' }),
  })
}

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)
const noteIn = (payload: string, id = 'fuzz'): string =>
  JSON.stringify(batch([noteOp(id, changeNote, { id: 'n' })])).replace('"payload":{"id":"n"}', `"payload":${payload}`)

describe.each(testDatabases)('on $name', ({ open }) => {
  let opened: TestDatabase
  let sync: SyncServer
  const entries: LogEntry[] = []

  beforeAll(async () => {
    opened = await open()
    sync = createSyncServer({
      database: opened.database,
      handlers: noteHandlers,
      authenticate: sessionOf,
      allowedOrigins: ['https://friend.example'],
      log: (entry) => void entries.push(entry),
    })
  }, openTimeoutMs)
  afterAll(() => opened.close())

  const ask = async (request: Request) => {
    const response = await sync.routes.fetch(request)
    const text = await response.text()
    const body: unknown = text === '' ? undefined : JSON.parse(text)
    expect(response.headers.get('cache-control')).toBe('no-store')
    return {
      status: response.status,
      type: response.headers.get('content-type'),
      headers: response.headers,
      text,
      body,
    }
  }
  const expectProblem = async (request: Request, status: number, code: string) => {
    const answer = await ask(request)
    expect(answer.type, answer.text).toBe(problemMediaType)
    expect([answer.status, problemCodeOf(parseProblem(answer.body))], answer.text).toEqual([status, code])
    expect(answer.text).not.toContain(secret)
    return answer
  }
  const countAll = async (): Promise<unknown> => {
    const counts = await opened.database.query(
      'count-all',
      `select (select count(*)::integer from holdfast.ledger) as ledger, (select count(*)::integer from holdfast.entities) as entities, (select count(*)::integer from holdfast.feed) as feed`,
      [],
    )
    return counts[0]
  }
  const outcomesOf = (body: unknown) => parseBatchAnswer(body)?.outcomes ?? []

  test('a batch is answered in our own media type, with an outcome per operation', async () => {
    const answer = await ask(post(JSON.stringify(batch([noteOp('ok-1', changeNote, { id: 'ok' })]))))
    expect([answer.status, answer.type]).toEqual([200, answerMediaType])
    expect(outcomesOf(answer.body)).toMatchObject([{ id: 'ok-1', outcome: 'applied', version: 1 }])
  })

  test('the health door says that it is us, and whose session this is', async () => {
    const anonymous = await ask(new Request(site + healthPath))
    expect([anonymous.status, anonymous.type]).toEqual([200, answerMediaType])
    expect(parseHealthAnswer(anonymous.body)).toEqual({ holdfast: 1, session: null })
    const known = await ask(new Request(site + healthPath, { headers: { 'x-test-session': 'ana@north' } }))
    expect(parseHealthAnswer(known.body)).toEqual({ holdfast: 1, session: { tenant: 'north', user: 'ana' } })
  })

  test('F054 nobody signed in is 401, before the body is read', async () => {
    await expectProblem(post('{', { 'x-test-session': '' }), 401, 'unauthenticated')
  })

  test.each([
    ['F070', 'another tenant', { tenant: 'south' }],
    ['F057', 'another user', { user: 'ben' }],
    ['F070', 'somebody who does not exist', { tenant: 'nowhere', user: 'nobody' }],
  ])('%s a body that names %s is 403 wrong-identity, and nothing is applied', async (_fault, _who, forged) => {
    const before = await countAll()
    const operation = noteOp('forged', changeNote, { id: 'forged', add: 1 })
    await expectProblem(post(JSON.stringify(batch([operation], forged))), 403, 'wrong-identity')
    expect(await countAll()).toEqual(before)
  })

  test("F057 a request that is stamped as somebody else's is 403 wrong-identity, and nothing is applied", async () => {
    const before = await countAll()
    const body = JSON.stringify(batch([noteOp('stamped', changeNote, { id: 'stamped', add: 1 })]))
    await expectProblem(post(body, { [identityHeader]: 'north/ben' }), 403, 'wrong-identity')
    expect(await countAll()).toEqual(before)
    expect((await ask(post(body, { [identityHeader]: 'north/ana' }))).status).toBe(200)
  })

  test('F071 the same operation id in two tenants is two operations, and neither learns of the other', async () => {
    const operation = noteOp('same-id', changeNote, { id: 'same', text: 'north only' })
    await ask(post(JSON.stringify(batch([operation]))))
    const other = noteOp('same-id', changeNote, { id: 'same', text: 'south only' })
    const answer = await ask(
      post(JSON.stringify(batch([other], { tenant: 'south', user: 'cleo' })), { 'x-test-session': 'cleo@south' }),
    )
    expect(outcomesOf(answer.body)).toMatchObject([{ outcome: 'applied', version: 1 }])
    expect(answer.text).not.toContain('north only')
    expect((await sync.read('south', 'note', ['same'])).get('same')?.state).toMatchObject({ text: 'south only' })
    expect((await sync.read('north', 'note', ['same'])).get('same')?.state).toMatchObject({ text: 'north only' })
  })

  test('F062 the same id with another payload: 422 in its outcome', async () => {
    await ask(post(JSON.stringify(batch([noteOp('reuse', changeNote, { id: 'reuse', add: 1 })]))))
    const answer = await ask(post(JSON.stringify(batch([noteOp('reuse', changeNote, { id: 'reuse', add: 2 })]))))
    expect(outcomesOf(answer.body)).toMatchObject([{ outcome: 'rejected', problem: { status: 422 } }])
    expect((await sync.read('north', 'note', ['reuse'])).get('reuse')?.version).toBe(1)
  })

  test.each([
    ['cross-site by Sec-Fetch-Site', { 'sec-fetch-site': 'cross-site' }],
    ['a sibling site', { 'sec-fetch-site': 'same-site', origin: 'https://other.desk.example' }],
    ['a foreign Origin', { origin: 'https://evil.example' }],
    ['an opaque Origin', { origin: 'null' }],
  ])('F081 %s is refused, and nothing is applied', async (_name, headers) => {
    const before = await countAll()
    const body = JSON.stringify(batch([noteOp('csrf', changeNote, { id: 'csrf', add: 1 })]))
    await expectProblem(post(body, headers), 403, 'cross-site')
    expect(await countAll()).toEqual(before)
  })

  test.each([
    ['the same origin', { 'sec-fetch-site': 'same-origin', origin: site }],
    [
      'the same origin behind a proxy that changes the host',
      { 'sec-fetch-site': 'same-origin', origin: 'https://public.example' },
    ],
    ['an older browser of the same origin', { origin: site }],
    ['an origin that the server names', { 'sec-fetch-site': 'cross-site', origin: 'https://friend.example' }],
    ['no browser at all', {}],
  ])('F081 %s may change data', async (name, headers) => {
    const id = `allowed-${name.length}`
    const answer = await ask(post(JSON.stringify(batch([noteOp(id, changeNote, { id })])), headers))
    expect(answer.status).toBe(200)
  })

  test('an announced batch size that differs is 400', async () => {
    const body = JSON.stringify(batch([noteOp('size', changeNote, { id: 'size' })]))
    await expectProblem(post(body, { 'x-batch-size': '2' }), 400, 'batch-size-mismatch')
    await expectProblem(post(body, { 'x-batch-size': 'many' }), 400, 'batch-size-mismatch')
    expect((await ask(post(body, { 'x-batch-size': '1' }))).status).toBe(200)
  })

  test('F073 malformed JSON, other media types and compressed bodies are problems', async () => {
    for (const body of ['', '{', 'null', '[]', '42', '"text"', '{"operations":', '\uFEFF{}', `{"a":"${secret}`]) {
      await expectProblem(post(body), 400, 'invalid-request')
    }
    await expectProblem(post(new Uint8Array([0x7b, 0xff, 0xfe, 0x7d])), 400, 'invalid-request')
    const good = JSON.stringify(batch([noteOp('type', changeNote, { id: 'n' })]))
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', '']) {
      await expectProblem(post(good, { 'content-type': type }), 415, 'unsupported-media-type')
    }
    await expectProblem(post(good, { 'content-encoding': 'gzip' }), 415, 'unsupported-media-type')
    expect((await ask(post(good, { 'content-type': 'application/json; charset=utf-8' }))).status).toBe(200)
  })

  test('F073 a body of 10 MB is 413, announced or streamed, and a stream is not read to its end', async () => {
    const ten = 'x'.repeat(10 * 1024 * 1024)
    await expectProblem(post(ten, { 'content-length': String(ten.length) }), 413, 'too-large')
    await expectProblem(post(ten), 413, 'too-large')
    let sentBytes = 0
    const endless = new ReadableStream({
      pull: (controller) => {
        sentBytes += 65_536
        controller.enqueue(new Uint8Array(65_536))
      },
    })
    await expectProblem(post(endless), 413, 'too-large')
    expect(sentBytes).toBeLessThan(2 * 1024 * 1024)
  })

  test('F016 a body that breaks off is 400', async () => {
    const broken = new ReadableStream({
      pull: (controller) => {
        controller.error(new Error('connection reset'))
      },
    })
    await expectProblem(post(broken), 400, 'invalid-request')
  })

  test('F073 nesting of 10^4 and of half a million levels: that operation alone is refused', async () => {
    for (const depth of [10_000, 400_000]) {
      const answer = await ask(post(noteIn(nested(depth), `deep-${depth}`)))
      expect(outcomesOf(answer.body)).toMatchObject([{ outcome: 'rejected', problem: { status: 422 } }])
    }
    await expectProblem(post(nested(400_000)), 400, 'invalid-request')
    await expectProblem(post(JSON.stringify(batch([])).replace('[]', nested(400_000))), 400, 'invalid-request')
  })

  test('F073 10^5 operations are 413, and nothing is applied', async () => {
    const before = await countAll()
    const operations = `[${Array.from({ length: 100_000 }, () => '{}').join()}]`
    const body = JSON.stringify(batch([])).replace('[]', operations)
    await expectProblem(post(body), 413, 'too-large')
    const hundredAndOne = Array.from({ length: 101 }, (_, index) => noteOp(`many-${index}`, changeNote, { id: 'many' }))
    await expectProblem(post(JSON.stringify(batch(hundredAndOne))), 413, 'too-large')
    expect(await countAll()).toEqual(before)
  })

  test.each([
    ['F074', '{"id":"n","__proto__":{"admin":true}}'],
    ['F074', '{"id":"n","a":{"__proto__":1}}'],
    ['F073', '{"id":"n","text":"\\u0000"}'],
    ['F073', '{"id":"n","text":"\\ud800"}'],
    ['F073', '{"id":"n","add":1e400}'],
    ['F073', `{"id":7,"text":"${secret}"}`],
    ['F073', `{"id":"n","text":{"a":"${secret}"}}`],
    ['F073', `"${secret}"`],
    ['F073', 'null'],
  ])('%s the payload %s is refused alone, and not echoed', async (_fault, payload) => {
    const id = `bad-${payload.length}-${payload.charCodeAt(8)}`
    const answer = await ask(post(noteIn(payload, id)))
    expect(outcomesOf(answer.body)).toMatchObject([{ outcome: 'rejected', problem: { status: 422 } }])
    expect(answer.text).not.toContain(secret)
    const unpolluted: { readonly admin?: boolean } = {}
    expect(unpolluted.admin).toBeUndefined()
  })

  test('F074 names of the prototype are ordinary data everywhere else', async () => {
    const operation = {
      ...noteOp('proto', changeNote, { id: 'constructor' }),
      lane: '__proto__',
      entity: { kind: 'toString', id: 'valueOf' },
    }
    const answer = await ask(post(JSON.stringify(batch([operation]))))
    expect(outcomesOf(answer.body)).toMatchObject([{ outcome: 'applied', version: 1 }])
    const odd = await ask(post(JSON.stringify(batch([{ ...operation, id: 'proto-2', type: 'constructor' }]))))
    expect(outcomesOf(odd.body)).toMatchObject([{ outcome: 'deferred' }])
  })

  test('a newer protocol is refused politely', async () => {
    await expectProblem(post(JSON.stringify(batch([], { protocol: 2 }))), 400, 'unsupported-protocol')
  })

  test('another path is 404 and another method 405, as problem documents', async () => {
    await expectProblem(new Request(`${site}/api/sync/nothing`), 404, 'not-found')
    const answer = await expectProblem(new Request(site + batchPath), 405, 'method-not-allowed')
    expect(answer.headers.get('allow')).toBe('POST')
    await expectProblem(new Request(site + healthPath, { method: 'POST' }), 405, 'method-not-allowed')
  })

  test('a failure of the server is 500 without its text, and is logged', async () => {
    const answer = await expectProblem(post('{}', { 'x-test-session': 'broken@north' }), 500, 'internal')
    expect(answer.text).not.toMatch(/TypeError|\.ts:/)
    expect(entries.at(-1)).toMatchObject({ event: 'request-failed', error: { name: 'TypeError' } })
    await expectProblem(
      new Request(site + healthPath, { headers: { 'x-test-session': 'broken@north' } }),
      500,
      'internal',
    )
  })

  test('F073 F020 whatever is sent is answered by outcomes or by a problem document below 500', async () => {
    const json = fc.jsonValue({ maxDepth: 6 })
    const hostileText = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('__proto__', '\u0000', '\ud800', 'note.change', 'x'.repeat(300)),
    )
    const scalar = fc.oneof(hostileText, fc.double(), fc.integer(), fc.boolean(), fc.constant(null), json)
    const wild = fc.record(
      {
        id: fc.oneof(fc.uuid(), scalar),
        type: fc.oneof(fc.constantFrom('note.change', 'note.create', 'note.remove'), scalar),
        version: fc.oneof(fc.constantFrom(1, 2, 3), scalar),
        lane: fc.oneof(fc.constantFrom('a', 'b'), scalar),
        payload: fc.oneof(
          fc.record({ id: fc.oneof(hostileText, scalar), text: scalar, add: scalar }, { requiredKeys: [] }),
          json,
        ),
        ageMs: fc.oneof(fc.constant(0), scalar),
        base: fc.oneof(fc.record({ version: fc.integer(), state: json }), fc.record({ after: fc.uuid() }), scalar),
        after: fc.oneof(fc.array(fc.uuid()), scalar),
        supersedes: fc.oneof(fc.uuid(), scalar),
        cancel: fc.oneof(fc.uuid(), scalar),
      },
      { requiredKeys: ['id', 'type', 'version', 'lane', 'payload', 'ageMs'] },
    )
    const tame = fc
      .record({
        id: fc.uuid(),
        note: fc.constantFrom('p', 'q', '\u0000', '__proto__', '💥', "'; drop table"),
        add: fc.oneof(fc.integer(), fc.double(), fc.string(), fc.constant(null), fc.constant([{}])),
      })
      .map(({ id, note, add }): WireOperation => noteOp(id, changeNote, { id: note, add }))
    const body = fc.oneof(
      fc.array(fc.oneof(wild, tame), { maxLength: 5 }).map((operations) => JSON.stringify(batch(operations))),
      json.map((value) => JSON.stringify(value)),
      fc.string(),
    )
    await fc.assert(
      fc.asyncProperty(body, async (text) => {
        const answer = await ask(post(text))
        if (answer.status === 200) {
          expect(isRecord(answer.body) && Array.isArray(answer.body['outcomes'])).toBe(true)
          for (const outcome of outcomesOf(answer.body)) {
            if (outcome.outcome === 'deferred') expect(problemCodeOf(outcome.problem), text).not.toBe('internal')
          }
        } else {
          expect(answer.status, text).toBeLessThan(500)
          expect(answer.type).toBe(problemMediaType)
        }
      }),
      { numRuns: 300 },
    )
  }, 60_000)
})
