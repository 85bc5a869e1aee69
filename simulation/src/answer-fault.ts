/** What can happen to a request and its answer, each with the name under which it is counted. */
import { answerMediaType, isRecord } from '@holdfast/core'
import type { SimRandom } from './random.ts'
import type { SimResponse } from './server-model.ts'

/** What happens to one exchange. */
export interface Damage {
  readonly loses?: 'request' | 'answer'
  /** What is lost is lost without a word: only a time-out ends the waiting. */
  readonly hangs?: boolean
  /** A copy of the request reaches the server later. */
  readonly isCopiedLater?: boolean
  /** Comes in place of the server's answer. */
  readonly instead?: SimResponse
  /** The server has done its work all the same. */
  readonly isAppliedFirst?: boolean
  readonly change?: (answer: SimResponse) => SimResponse
  readonly delayMs?: number
}

/** A kind of fault; `undefined` when nothing happens. */
export type NamedDamage = Damage & { readonly kind: string | undefined }

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

type MakeDamage = (random: SimRandom) => Damage

const kinds: readonly (readonly [string, MakeDamage])[] = [
  ['request-lost', () => ({ loses: 'request' })],
  ['request-hangs', () => ({ loses: 'request', hangs: true })],
  ['answer-lost', () => ({ loses: 'answer' })],
  ['answer-lost', () => ({ loses: 'answer' })],
  ['answer-hangs', () => ({ loses: 'answer', hangs: true })],
  ['answer-late', (random) => ({ delayMs: random.between(1000, 45_000) })],
  ['copied-later', () => ({ isCopiedLater: true })],
  ['lost-but-copied-later', () => ({ loses: 'request', isCopiedLater: true })],
  ['lost-but-copied-later', () => ({ loses: 'request', isCopiedLater: true })],
  ['status-500', () => ({ instead: html(500) })],
  ['status-502-after-commit', () => ({ instead: html(502), isAppliedFirst: true })],
  ['status-504-after-commit', () => ({ instead: html(504), isAppliedFirst: true })],
  ['status-503', (random) => ({ instead: busy(503, random) })],
  ['status-429', (random) => ({ instead: busy(429, random) })],
  ['status-408', () => ({ instead: html(408) })],
  ['status-425', () => ({ instead: html(425) })],
  ['status-413', () => ({ instead: html(413) })],
  ['proxy-403', () => ({ instead: html(403) })],
  ['proxy-404', () => ({ instead: html(404) })],
  ['proxy-407', () => ({ instead: html(407) })],
  ['captive-200', () => ({ instead: html(200) })],
  ['captive-after-commit', () => ({ instead: html(200), isAppliedFirst: true })],
  ['status-511', () => ({ instead: html(511) })],
  ['login-redirect', () => ({ instead: html(200, { redirected: true }) })],
  ['opaque', () => ({ instead: { status: 0, mediaType: '', text: '', redirected: true } })],
  ['truncated', (random) => ({ change: (answer) => cut(answer, random) })],
  ['other-json', () => ({ instead: { status: 200, mediaType: 'application/json', text: '{"ok":true}' } })],
  ['other-schema', () => ({ instead: { status: 200, mediaType: answerMediaType, text: '{"results":[]}' } })],
  ['outcomes-missing', (random) => ({ change: (answer) => damagedOutcomes(answer, (all) => halfOf(all, random)) })],
  ['outcomes-extra', () => ({ change: (answer) => damagedOutcomes(answer, (all) => [...all, stranger]) })],
  ['outcomes-shuffled', () => ({ change: (answer) => damagedOutcomes(answer, (all) => all.toReversed()) })],
  [
    'outcomes-contradicted',
    () => ({
      change: (answer) =>
        damagedOutcomes(answer, (all) => [...all, ...all.slice(0, 1).map((first) => contradiction(first))]),
    }),
  ],
]

const stranger: unknown = { id: 'nobody-knows-this-one', outcome: 'applied' }

/** Draws what happens to the next exchange. */
export function answerFault(
  weather: { readonly isOffline: boolean; readonly isCaptive: boolean; readonly trouble: number },
  random: SimRandom,
): NamedDamage {
  if (weather.isOffline) return { kind: 'offline', loses: 'request', hangs: random.chance(0.1) }
  if (weather.isCaptive) return { kind: 'captive', instead: html(200) }
  if (!random.chance(weather.trouble)) return { kind: undefined }
  const [kind, make] = random.pick(kinds) ?? ['request-lost', () => ({})]
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
