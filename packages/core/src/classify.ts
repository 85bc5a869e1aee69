/**
 * Classification: what an HTTP answer to a batch means, by status, media type and problem type. Never by message text.
 *
 * The rule behind the table: only a well-formed answer in our own media type acknowledges anything. A captive portal, a
 * login page, a proxy or somebody else's service can say 200 as often as it likes.
 */
import { retryAfterMs } from './backoff.ts'
import { isRecord } from './json.ts'
import type { OperationOutcome } from './outcome.ts'
import { parseProblem, problemCodeOf, problemMediaType, type Problem, type ProblemCode } from './problem.ts'
import { answerMediaType, parseBatchAnswer } from './protocol.ts'

/** An HTTP answer as the transport saw it, body already read. */
export interface HttpAnswer {
  readonly kind: 'http'
  readonly status: number
  /** True when the answer came from another address than the one that was asked, or is opaque. */
  readonly redirected: boolean
  /** The `Content-Type` header, as it came. */
  readonly mediaType: string | undefined
  readonly retryAfter: string | undefined
  readonly date: string | undefined
  /** The body as parsed JSON, or `undefined` when it is not JSON. */
  readonly body: unknown
}

/** No answer came. */
export interface NoAnswer {
  readonly kind: 'none'
  readonly cause: 'network' | 'timeout' | 'aborted'
}

/** What the transport saw. */
export type RawAnswer = HttpAnswer | NoAnswer

/** Why the way to the server failed, for people. */
export type TransportCause = 'network' | 'timeout' | 'server-error' | 'busy' | 'proxy'

/** What an answer means for the batch. */
export type Verdict =
  /** The server spoke: an outcome per operation. */
  | { readonly kind: 'answered'; readonly outcomes: readonly OperationOutcome[] }
  /** Somebody who is not our server answered (a captive portal, a login page). Nothing is acknowledged. */
  | { readonly kind: 'foreign' }
  /**
   * The way to the server failed for the whole batch. `isAboutServer`: the server itself asked to wait (429, 503) or
   * refused the request as such, so no operation in it can be the cause.
   */
  | {
      readonly kind: 'unreachable'
      readonly cause: TransportCause
      readonly status?: number
      readonly retryAfterMs?: number
      readonly isAboutServer: boolean
    }
  /** Nobody is signed in, or somebody else is. */
  | { readonly kind: 'unauthenticated'; readonly isWrongIdentity: boolean }
  /** The batch is larger than the server takes. */
  | { readonly kind: 'too-large'; readonly problem?: Problem }
  /** Our server refused the request as a whole. */
  | { readonly kind: 'refused'; readonly problem: Problem }

/**
 * Problems of ours that are about the request, the deployment or the moment, and never about one operation in it: a
 * queue must not turn into dead letters because a page is older than its server.
 */
const problemsOfTheWay: ReadonlyMap<ProblemCode, TransportCause> = new Map([
  ['batch-size-mismatch', 'server-error'],
  ['cross-site', 'server-error'],
  ['in-progress', 'busy'],
  ['method-not-allowed', 'server-error'],
  ['not-found', 'server-error'],
  ['rate-limited', 'busy'],
  ['unavailable', 'busy'],
  ['unsupported-media-type', 'server-error'],
  ['unsupported-protocol', 'server-error'],
])

/** Tells what an answer to a batch means. `nowMs` is needed for `Retry-After` dates where the server sends no `Date`. */
export function classify(answer: RawAnswer, nowMs: number): Verdict {
  if (answer.kind === 'none') {
    const cause = answer.cause === 'timeout' ? 'timeout' : 'network'
    return { kind: 'unreachable', cause, isAboutServer: false }
  }
  const { status } = answer
  // 511 is what a captive portal says that plays by the book (RFC 6585).
  if (answer.redirected || status < 200 || (status >= 300 && status < 400) || status === 511) return { kind: 'foreign' }
  if (status < 300) return classifySuccess(answer)
  const problem = mediaTypeOf(answer) === problemMediaType ? parseProblem(answer.body) : undefined
  const code = problemCodeOf(problem)
  if (status === 401 || code === 'unauthenticated') return { kind: 'unauthenticated', isWrongIdentity: false }
  if (code === 'wrong-identity') return { kind: 'unauthenticated', isWrongIdentity: true }
  if (status === 413) return { kind: 'too-large', ...(problem !== undefined && { problem }) }
  const wait = retryAfterMs(answer.retryAfter, answer.date, nowMs)
  const unreachable = { kind: 'unreachable', status, ...(wait !== undefined && { retryAfterMs: wait }) } as const
  if (status === 429 || status === 503) return { ...unreachable, cause: 'busy', isAboutServer: true }
  if (status === 408 || status === 425 || status === 421)
    return { ...unreachable, cause: 'timeout', isAboutServer: false }
  if (status >= 500) return { ...unreachable, cause: 'server-error', isAboutServer: false }
  const causeOfTheWay = code === undefined ? undefined : problemsOfTheWay.get(code)
  if (causeOfTheWay !== undefined) return { ...unreachable, cause: causeOfTheWay, isAboutServer: true }
  // A server of an earlier release does not know the type yet; it will.
  if (code === 'unknown-type') return { ...unreachable, cause: 'server-error', isAboutServer: false }
  if (problem !== undefined && code !== undefined) return { kind: 'refused', problem }
  // A 4xx that is not our own problem comes from something in between: a proxy, a firewall, a gateway.
  return { ...unreachable, cause: 'proxy', isAboutServer: false }
}

function classifySuccess(answer: HttpAnswer): Verdict {
  if (mediaTypeOf(answer) !== answerMediaType) return { kind: 'foreign' }
  const parsed = isRecord(answer.body) ? parseBatchAnswer(answer.body) : undefined
  return parsed === undefined ? { kind: 'foreign' } : { kind: 'answered', outcomes: parsed.outcomes }
}

function mediaTypeOf(answer: HttpAnswer): string {
  return (answer.mediaType ?? '').split(';', 1).join('').trim().toLowerCase()
}
