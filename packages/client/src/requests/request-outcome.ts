/** What the answer of a server that knows nothing of Holdfast means for the one request that it answers. */
import {
  isJson,
  problem,
  parseProblem,
  problemMediaType,
  problemTypePrefix,
  retryAfterMs,
  type HttpAnswer,
  type OperationId,
  type OperationOutcome,
  type RawAnswer,
} from '@holdfast/core'
import { browserClock } from '../environment-browser.ts'

/** Answers larger than this are not kept with the entry; UTF-16 code units. */
const resultSizeMax = 32 * 1024

/** Statuses that say "not now" or "sign in", and nothing about the request itself. */
const notAboutTheRequest: ReadonlySet<number> = new Set([401, 407, 408, 421, 425, 429, 511])

/** True when a request took effect, where the app has no rule of its own: 2xx, not redirected, and not a page for people. */
export function isWellAnswered({ status, redirected, mediaType = '' }: HttpAnswer): boolean {
  return status >= 200 && status < 300 && !redirected && !mediaType.toLowerCase().includes('html')
}

/** The outcome of a request; `undefined` when the answer says nothing about it, but of the way, the moment or the person. */
export function outcomeOf(id: OperationId, answer: HttpAnswer, isSuccess: boolean): OperationOutcome | undefined {
  const { status, redirected, body } = answer
  if (isSuccess) {
    const isKept = isJson(body) && JSON.stringify(body).length <= resultSizeMax
    return { id, outcome: 'applied', ...(isKept && { result: body }) }
  }
  if (redirected || status < 400 || status >= 500 || notAboutTheRequest.has(status)) return undefined
  const given = answer.mediaType?.startsWith(problemMediaType) === true ? parseProblem(body) : undefined
  const detail = given?.detail ?? given?.title
  return {
    id,
    outcome: 'rejected',
    problem: { type: 'about:blank', title: `HTTP ${status}`, status, ...(detail !== undefined && { detail }) },
  }
}

/** How long a request waits whose server is not there, and that names no time, ms. */
const awayDelayMs = 60_000

/** The same for one whose server wants another sign-in. */
const signInDelayMs = 300_000

/**
 * The outcome of a request that failed by itself while the way is there. A fault of its server's counts as an attempt,
 * so that a request which breaks that server ends before a person; that it is away, busy, or wants a sign-in does not.
 */
export function postponementOf(id: OperationId, answer: RawAnswer): OperationOutcome {
  const status = answer.kind === 'http' ? answer.status : undefined
  const title = status === undefined ? 'The server could not be reached.' : `HTTP ${status}`
  const isFault = status !== undefined && status >= 500 && ![502, 503, 504, 511].includes(status)
  const isTimeout = answer.kind === 'none' && answer.cause === 'timeout'
  if (isFault || isTimeout) {
    const given = { type: `${problemTypePrefix}internal`, title, status: status ?? 0 }
    return { id, outcome: 'deferred', problem: given }
  }
  const asked = answer.kind === 'http' ? retryAfterMs(answer.retryAfter, answer.date, browserClock.now()) : undefined
  const delayMs = status === 401 || status === 407 ? signInDelayMs : awayDelayMs
  return {
    id,
    outcome: 'deferred',
    problem: { type: 'about:blank', title, status: status ?? 0 },
    retryAfterMs: asked ?? delayMs,
  }
}

/** The outcome of a request that is never sent. */
export function refusal(id: OperationId, detail: string): OperationOutcome {
  return { id, outcome: 'rejected', problem: problem('refused', 'The request was not sent.', { detail }) }
}

/** The outcome of an operation that this transport has no way for: it waits for a release of the app that has one. */
export function unsendable(id: OperationId): OperationOutcome {
  const detail = 'Give requestTransport a batch transport as well: this is no plain request.'
  return { id, outcome: 'deferred', problem: problem('unknown-type', 'No transport takes this type.', { detail }) }
}
