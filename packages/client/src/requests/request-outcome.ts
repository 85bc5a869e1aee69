/** What the answer of a server that knows nothing of Holdfast means for the one request that it answers. */
import {
  isJson,
  problem,
  parseProblem,
  problemMediaType,
  type HttpAnswer,
  type OperationId,
  type OperationOutcome,
} from '@holdfast/core'

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

/** The outcome of a request that is never sent. */
export function refusal(id: OperationId, detail: string): OperationOutcome {
  return { id, outcome: 'rejected', problem: problem('refused', 'The request was not sent.', { detail }) }
}

/** The outcome of an operation that this transport has no way for: it waits for a release of the app that has one. */
export function unsendable(id: OperationId): OperationOutcome {
  const detail = 'Give requestTransport a batch transport as well: this is no plain request.'
  return { id, outcome: 'deferred', problem: problem('unknown-type', 'No transport takes this type.', { detail }) }
}
