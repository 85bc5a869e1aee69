/** What can happen to a request and its answer, each with the name under which it is counted. */
import { answerMediaType, isRecord, problem, problemMediaType, retryAfterMaxMs } from '@holdfast/core'
import type { FaultKind } from './faults.ts'
import type { SimRandom } from './random.ts'
import type { SimResponse } from './server-model.ts'

/** What happens to one exchange. */
export interface Damage {
  readonly loses?: 'request' | 'answer'
  /** What is lost is lost without a word: only a time-out ends the waiting. */
  readonly hangs?: boolean
  /** A copy of the request reaches the server later. */
  readonly isCopiedLater?: boolean
  /** Two copies of the request reach the server right after one another. */
  readonly isDoubled?: boolean
  /** The server dies at it, for some seconds: before anything is committed, or right after. */
  readonly crashes?: 'before-commit' | 'after-commit'
  /** The context dies while the request is on its way, or with the answer in its hands. */
  readonly kills?: 'mid-request' | 'before-mark'
  /** Comes in place of the server's answer. */
  readonly instead?: SimResponse
  /** The server has done its work all the same. */
  readonly isAppliedFirst?: boolean
  readonly change?: (answer: SimResponse) => SimResponse
  readonly delayMs?: number
}

/** A kind of fault; `undefined` when nothing happens. */
export type NamedDamage = Damage & { readonly kind: FaultKind | undefined }

const page = '<!doctype html><title>Sign in</title>'

function html(status: number, more: Partial<SimResponse> = {}): SimResponse {
  return { status, mediaType: 'text/html; charset=utf-8', text: page, ...more }
}

/** An answer with `Retry-After`, in seconds or as a date. */
function busy(status: 429 | 503, random: SimRandom): SimResponse {
  const seconds = random.pick([0, 1, 5, 30, 120]) ?? 5
  if (random.chance(0.3)) return html(status)
  const retryAfterMs = Math.max(1000, seconds * 1000)
  if (random.chance(0.7)) return html(status, { retryAfter: String(seconds), retryAfterMs })
  // The server's own clock is years off; its two headers agree with one another.
  const dateMs = Date.UTC(2031, 3, 1) + random.integer(86_400) * 1000
  return html(status, {
    retryAfter: new Date(dateMs + seconds * 1000).toUTCString(),
    date: new Date(dateMs).toUTCString(),
    retryAfterMs,
  })
}

/**
 * A `Retry-After` that no server means: a time that has passed, one beyond all reason, nonsense. What is asked for is
 * brought into a second to a day; nonsense is not an answer to "when".
 */
function strangeWait(random: SimRandom): SimResponse {
  const dateMs = Date.UTC(2026, 5, 1)
  const date = new Date(dateMs).toUTCString()
  const strange = random.integer(20)
  if (strange === 0) {
    return html(503, { retryAfter: 'Fri, 31 Dec 9999 23:59:59 GMT', date, retryAfterMs: retryAfterMaxMs })
  }
  if (strange < 5) return html(429, { retryAfter: random.pick(['soon', '-5', '1.5', '1e9', '']) ?? '' })
  // The three forms of a date that RFC 9110 knows; one of them lies in the past.
  const past = new Date(dateMs - 1000).toUTCString()
  const [retryAfter, retryAfterMs] = random.pick([
    [past, 1000],
    ['Mon, 01 Jun 2026 00:00:20 GMT', 20_000],
    ['Monday, 01-Jun-26 00:00:20 GMT', 20_000],
    ['Mon Jun  1 00:00:20 2026', 20_000],
  ] as const) ?? [past, 1000]
  return html(503, { retryAfter, date, retryAfterMs })
}

/** One of our own problems as the answer to the whole request. */
function ourProblem(code: 'refused' | 'invalid-request' | 'forbidden' | 'unsupported-protocol'): SimResponse {
  const document = problem(code, 'Not this request')
  return { status: document.status, mediaType: problemMediaType, text: JSON.stringify(document) }
}

type MakeDamage = (random: SimRandom) => Damage

const kinds: readonly (readonly [FaultKind, MakeDamage])[] = [
  ['net-request-lost', () => ({ loses: 'request' })],
  ['net-request-hangs', () => ({ loses: 'request', hangs: true })],
  ['net-answer-lost', () => ({ loses: 'answer' })],
  ['net-answer-lost', () => ({ loses: 'answer' })],
  ['net-answer-hangs', () => ({ loses: 'answer', hangs: true })],
  ['net-answer-late', (random) => ({ delayMs: random.between(1000, 45_000) })],
  ['net-copied-later', () => ({ isCopiedLater: true })],
  ['net-lost-but-copied-later', () => ({ loses: 'request', isCopiedLater: true })],
  ['net-lost-but-copied-later', () => ({ loses: 'request', isCopiedLater: true })],
  ['net-status-500', () => ({ instead: html(500) })],
  ['net-status-502-after-commit', () => ({ instead: html(502), isAppliedFirst: true })],
  ['net-status-504-after-commit', () => ({ instead: html(504), isAppliedFirst: true })],
  ['net-status-503', (random) => ({ instead: busy(503, random) })],
  ['net-status-429', (random) => ({ instead: busy(429, random) })],
  ['net-status-408', () => ({ instead: html(408) })],
  ['net-status-421', () => ({ instead: html(421) })],
  ['net-status-425', () => ({ instead: html(425) })],
  ['net-retry-after-strange', (random) => ({ instead: strangeWait(random) })],
  ['net-refused-whole', (random) => ({ instead: ourProblem(random.pick(['refused', 'forbidden']) ?? 'refused') })],
  ['net-newer-protocol', () => ({ instead: ourProblem('unsupported-protocol') })],
  ['net-copied-at-once', () => ({ isDoubled: true })],
  ['server-crashed-before-commit', () => ({ crashes: 'before-commit' })],
  ['server-crashed-after-commit', () => ({ crashes: 'after-commit' })],
  ['killed-mid-request', () => ({ kills: 'mid-request' })],
  ['killed-before-mark', () => ({ kills: 'before-mark' })],
  ['net-status-413', () => ({ instead: html(413) })],
  ['net-proxy-403', () => ({ instead: html(403) })],
  ['net-proxy-404', () => ({ instead: html(404) })],
  ['net-proxy-407', () => ({ instead: html(407) })],
  ['net-captive-200', () => ({ instead: html(200) })],
  ['net-captive-after-commit', () => ({ instead: html(200), isAppliedFirst: true })],
  ['net-status-511', () => ({ instead: html(511) })],
  ['net-login-redirect', () => ({ instead: html(200, { redirected: true }) })],
  ['net-opaque', () => ({ instead: { status: 0, mediaType: '', text: '', redirected: true } })],
  ['net-truncated', (random) => ({ change: (answer) => cut(answer, random) })],
  ['net-other-json', () => ({ instead: { status: 200, mediaType: 'application/json', text: '{"ok":true}' } })],
  ['net-other-schema', () => ({ instead: { status: 200, mediaType: answerMediaType, text: '{"results":[]}' } })],
  ['net-outcomes-missing', (random) => ({ change: (answer) => damagedOutcomes(answer, (all) => halfOf(all, random)) })],
  ['net-outcomes-extra', () => ({ change: (answer) => damagedOutcomes(answer, (all) => [...all, stranger]) })],
  ['net-outcomes-shuffled', () => ({ change: (answer) => damagedOutcomes(answer, (all) => all.toReversed()) })],
  [
    'net-outcomes-contradicted',
    () => ({
      change: (answer) =>
        damagedOutcomes(answer, (all) => [...all, ...all.slice(0, 1).map((first) => contradiction(first))]),
    }),
  ],
]

const stranger: unknown = { id: 'nobody-knows-this-one', outcome: 'applied' }

/** How the way of a device is now. */
export interface NetworkWeather {
  /** Nothing gets through. */
  isOffline: boolean
  /** There is a network for a second, then none for a second, and so on. */
  isFlapping: boolean
  /** Every answer is late, and now and then something gets lost. */
  isSlow: boolean
  /** Somebody else answers everything. */
  isCaptive: boolean
  /** The share of requests that something happens to. */
  trouble: number
  /** The share of probes that give a wrong picture. */
  probeTrouble: number
}

/** A way on which nothing goes wrong. */
export const fineNetwork: NetworkWeather = {
  isOffline: false,
  isFlapping: false,
  isSlow: false,
  isCaptive: false,
  trouble: 0,
  probeTrouble: 0,
}

/** How late an answer is in a slow network, ms. */
const slowDelayMs = 400

/** True in the seconds in which a flapping network is down. */
export function isDownNow(nowMs: number): boolean {
  return Math.floor(nowMs / 1000) % 2 === 1
}

/** Draws what happens to the next exchange. */
export function answerFault(weather: NetworkWeather, nowMs: number, random: SimRandom): NamedDamage {
  if (weather.isOffline) return { kind: 'net-offline', loses: 'request', hangs: random.chance(0.1) }
  if (weather.isFlapping && isDownNow(nowMs)) return { kind: 'net-flapping', loses: 'request' }
  if (weather.isCaptive) return { kind: 'net-captive', instead: html(200) }
  if (weather.isSlow) {
    const loses = random.pick([undefined, undefined, undefined, undefined, 'request', 'answer'] as const)
    return { kind: 'net-slow-and-lossy', delayMs: slowDelayMs, ...(loses !== undefined && { loses }) }
  }
  if (!random.chance(weather.trouble)) return { kind: undefined }
  const [kind, make] = random.pick(kinds) ?? ['net-request-lost', () => ({})]
  return { kind, ...make(random) }
}

function cut(answer: SimResponse, random: SimRandom): SimResponse {
  return { ...answer, text: answer.text.slice(0, random.integer(Math.max(1, answer.text.length - 1))) }
}

function damagedOutcomes(answer: SimResponse, damage: (all: readonly unknown[]) => readonly unknown[]): SimResponse {
  if (answer.mediaType !== answerMediaType) return answer
  const body: unknown = JSON.parse(answer.text)
  const outcomes = isRecord(body) ? body['outcomes'] : undefined
  if (!Array.isArray(outcomes)) return answer
  return { ...answer, text: JSON.stringify({ outcomes: damage(outcomes) }) }
}

function halfOf(all: readonly unknown[], random: SimRandom): readonly unknown[] {
  return all.filter(() => random.chance(0.5))
}

function contradiction(outcome: unknown): unknown {
  const id = isRecord(outcome) ? outcome['id'] : undefined
  const isApplied = isRecord(outcome) && outcome['outcome'] === 'applied'
  return isApplied ? { id, outcome: 'conflict', version: 1 } : { id, outcome: 'applied' }
}
