import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { retryAfterMaxMs, retryAfterMinMs } from './backoff.ts'
import { classify, type HttpAnswer, type Verdict } from './classify.ts'
import { problem, problemMediaType, problemStatus, type Problem, type ProblemCode } from './problem.ts'
import { answerMediaType } from './protocol.ts'

const nowMs = Date.UTC(2026, 10, 20)
const applied = { outcomes: [{ id: 'a', outcome: 'applied', version: 1 }] }

function answer(changes: Partial<HttpAnswer>): HttpAnswer {
  return {
    kind: 'http',
    status: 200,
    redirected: false,
    mediaType: answerMediaType,
    retryAfter: undefined,
    date: undefined,
    body: applied,
    ...changes,
  }
}
const verdict = (changes: Partial<HttpAnswer>): Verdict => classify(answer(changes), nowMs)
const ours = (body: Problem): Verdict => verdict({ status: body.status, mediaType: problemMediaType, body })
const page = { mediaType: 'text/html', body: undefined }

describe('an answer of ours', () => {
  it('gives the outcomes, with media type parameters and letters of any case', () => {
    for (const mediaType of [
      answerMediaType,
      `${answerMediaType}; charset=utf-8`,
      ` ${answerMediaType.toUpperCase()} `,
    ]) {
      expect(verdict({ mediaType })).toEqual({ kind: 'answered', outcomes: applied.outcomes })
    }
  })

  it('F021 leaves out operations that the answer does not name, so that they are sent again', () => {
    expect(verdict({ body: { outcomes: [] } })).toEqual({ kind: 'answered', outcomes: [] })
  })
})

describe('an answer of somebody else acknowledges nothing', () => {
  it.each([
    ['F017 a captive portal: 200 with HTML', page],
    ['F017 a captive portal that calls its page ours', { body: undefined }],
    ['F017 a captive portal by the book: 511', { status: 511, ...page }],
    ['F018 a redirect that was followed to a login page', { redirected: true, ...page }],
    ['F018 a redirect that was followed, whatever it says', { redirected: true }],
    ['F018 a 302', { status: 302, ...page }],
    ['F018 a 304', { status: 304 }],
    ['F019 an opaque answer', { status: 0, mediaType: undefined, body: undefined }],
    ['F020 truncated JSON', { body: undefined }],
    ['F020 valid JSON of another service', { mediaType: 'application/json', body: { ok: true } }],
    ['F020 our body under a foreign media type', { mediaType: 'application/json' }],
    ['F020 our media type with another schema', { body: { outcomes: {} } }],
    ['F020 our media type with an array', { body: [applied] }],
    ['F020 no media type at all', { mediaType: undefined }],
    ['F020 a 204', { status: 204, body: undefined }],
  ])('%s', (_name, changes) => {
    expect(verdict(changes)).toEqual({ kind: 'foreign' })
  })
})

describe('the way to the server', () => {
  it('F011 F030 is closed when no answer came', () => {
    expect(classify({ kind: 'none', cause: 'network' }, nowMs)).toMatchObject({ kind: 'unreachable', cause: 'network' })
    expect(classify({ kind: 'none', cause: 'aborted' }, nowMs)).toMatchObject({ kind: 'unreachable', cause: 'network' })
  })

  it('F016 is closed when the answer took too long', () => {
    expect(classify({ kind: 'none', cause: 'timeout' }, nowMs)).toEqual({
      kind: 'unreachable',
      cause: 'timeout',
      isAboutServer: false,
    })
  })

  it.each([500, 501, 502, 504, 507, 520, 599])('F025 is closed by %d, and one operation may be to blame', (status) => {
    expect(verdict({ status, ...page })).toMatchObject({
      kind: 'unreachable',
      cause: 'server-error',
      status,
      isAboutServer: false,
    })
  })

  it.each([429, 503])('R116 F023 F025 is closed by %d, and no operation is to blame', (status) => {
    expect(verdict({ status, ...page })).toEqual({ kind: 'unreachable', cause: 'busy', status, isAboutServer: true })
  })

  it.each([408, 425, 421])('F026 is closed by %d', (status) => {
    expect(verdict({ status, ...page })).toMatchObject({ kind: 'unreachable', cause: 'timeout', status })
  })

  it.each([400, 403, 404, 405, 407, 409, 410, 418, 422, 451])(
    'F027 F030 is closed by a %d that is not our own problem: it comes from something in between',
    (status) => {
      const foreign = { type: 'about:blank', title: 'No', status }
      expect(verdict({ status, ...page })).toMatchObject({ kind: 'unreachable', cause: 'proxy', status })
      expect(verdict({ status, mediaType: problemMediaType, body: foreign })).toMatchObject({ cause: 'proxy' })
      expect(verdict({ status, mediaType: 'application/json', body: problem('refused', 'No') })).toMatchObject({
        cause: 'proxy',
      })
    },
  )

  it('F023 F024 F098 carries what Retry-After asks, clamped', () => {
    const waitOf = (retryAfter: string, date?: string): unknown => {
      const closed = verdict({ status: 503, ...page, retryAfter, date })
      return closed.kind === 'unreachable' ? closed.retryAfterMs : 'not unreachable'
    }
    expect(waitOf('30')).toBe(30_000)
    expect(waitOf('Fri, 20 Nov 2026 00:01:00 GMT')).toBe(60_000)
    expect(waitOf('Fri, 20 Nov 2026 00:01:00 GMT', 'Fri, 20 Nov 2026 00:00:50 GMT')).toBe(10_000)
    expect(waitOf('Fri, 31 Dec 9999 23:59:59 GMT')).toBe(retryAfterMaxMs)
    expect(waitOf('0')).toBe(retryAfterMinMs)
    expect(waitOf('-1')).toBeUndefined()
  })
})

describe('who is signed in', () => {
  it('F054 nobody: a 401 of whomever, or our own word', () => {
    expect(verdict({ status: 401, ...page })).toEqual({ kind: 'unauthenticated', isWrongIdentity: false })
    expect(ours(problem('unauthenticated', 'Sign in'))).toEqual({ kind: 'unauthenticated', isWrongIdentity: false })
  })

  it('F057 somebody else: wrong-identity pauses and drops nothing', () => {
    expect(ours(problem('wrong-identity', 'Not yours'))).toEqual({ kind: 'unauthenticated', isWrongIdentity: true })
  })
})

describe('a refusal of the whole request', () => {
  it('F022 a 413 of whomever asks for smaller batches', () => {
    expect(verdict({ status: 413, ...page })).toEqual({ kind: 'too-large' })
    expect(ours(problem('too-large', 'Too large'))).toMatchObject({ kind: 'too-large', problem: { status: 413 } })
  })

  it.each(['forbidden', 'invalid-request', 'invalid-payload', 'id-reused', 'refused', 'conflict'] as const)(
    'R116 F027 F028 our %s is a refusal with its reason',
    (code) => {
      const body = problem(code, 'No')
      expect(ours(body)).toEqual({ kind: 'refused', problem: body })
    },
  )

  it('F029 tells "still in progress" from a conflict by the problem type: both are 409', () => {
    expect(ours(problem('in-progress', 'Wait'))).toMatchObject({
      kind: 'unreachable',
      cause: 'busy',
      isAboutServer: true,
    })
    expect(ours(problem('conflict', 'Changed'))).toMatchObject({ kind: 'refused' })
  })

  it.each([
    'unsupported-protocol',
    'not-found',
    'method-not-allowed',
    'cross-site',
    'unsupported-media-type',
    'batch-size-mismatch',
  ] as const)('F087 our %s is about the request, so that it makes no dead letter', (code) => {
    expect(ours(problem(code, 'No'))).toMatchObject({ kind: 'unreachable', isAboutServer: true })
  })

  it('F065 an unknown type is retryable: a rolling deploy will bring it', () => {
    expect(ours(problem('unknown-type', 'Not yet'))).toMatchObject({ kind: 'unreachable', isAboutServer: false })
  })

  it('decides by type, never by text', () => {
    const body = problem('refused', 'wrong-identity unauthenticated 401 conflict in-progress')
    expect(ours(body)).toMatchObject({ kind: 'refused' })
  })
})

it('gives every problem of ours a verdict that acknowledges nothing', () => {
  const isCode = (code: string): code is ProblemCode => Object.hasOwn(problemStatus, code)
  for (const code of Object.keys(problemStatus).filter(isCode)) {
    expect(['unreachable', 'unauthenticated', 'too-large', 'refused']).toContain(ours(problem(code, 'x')).kind)
  }
})

it('F020 never throws, and acknowledges only what is ours, whatever comes', () => {
  const mediaType = fc.option(fc.oneof(fc.string(), fc.constantFrom(answerMediaType, problemMediaType, 'text/html')), {
    nil: undefined,
  })
  const changes = fc.record({
    status: fc.integer({ min: 0, max: 700 }),
    redirected: fc.boolean(),
    mediaType,
    retryAfter: fc.option(fc.string(), { nil: undefined }),
    date: fc.option(fc.string(), { nil: undefined }),
    body: fc.oneof(fc.jsonValue(), fc.constant(applied), fc.constant(problem('refused', 'No'))),
  })
  fc.assert(
    fc.property(changes, (change) => {
      const seen = verdict(change)
      if (seen.kind !== 'answered') return true
      return change.status >= 200 && change.status < 300 && !change.redirected && change.mediaType === answerMediaType
    }),
    { numRuns: 2000 },
  )
})
