/** When to try again: retry schedules with jitter, and what `Retry-After` asks for. Pure: time and chance come in as values. */
import { parseHttpDate } from './http-date.ts'
import type { Priority } from './lane.ts'

/** Waits listed one by one; after the last one the attempts are used up. */
export interface FixedSchedule {
  readonly kind: 'fixed'
  readonly delaysMs: readonly number[]
}

/** Waits that grow by a factor up to a cap, spread by jitter. */
export interface ExponentialSchedule {
  readonly kind: 'exponential'
  readonly baseMs: number
  readonly factor: number
  readonly capMs: number
  /** Fraction by which a wait may be longer or shorter, 0 to 1. */
  readonly jitter: number
  /** All attempts, the first included. */
  readonly attemptsMax: number
}

/** When an operation is tried again, and how often. */
export type RetrySchedule = FixedSchedule | ExponentialSchedule

/** A schedule of fixed waits in ms, without jitter. `fixed(1000, 5000, 15000)` makes four attempts. */
export function fixed(...delaysMs: readonly number[]): FixedSchedule {
  return { kind: 'fixed', delaysMs }
}

/** What {@link exponential} takes; every part has a default. */
export interface ExponentialOptions {
  /** The first wait; default 1 s. */
  readonly baseMs?: number
  /** Default 2. */
  readonly factor?: number
  /** The longest wait before jitter; default 5 min. */
  readonly capMs?: number
  /** Default 0.25. */
  readonly jitter?: number
  /** All attempts, the first included; default 5. */
  readonly attempts?: number
}

/** A schedule of growing waits. Defaults: 1 s, doubled up to 5 min, ±25 %, five attempts. */
export function exponential(options: ExponentialOptions = {}): ExponentialSchedule {
  const { baseMs = 1000, factor = 2, capMs = 300_000, jitter = 0.25, attempts = 5 } = options
  return { kind: 'exponential', baseMs, factor, capMs, jitter, attemptsMax: attempts }
}

/** The schedule of a type that names none: exponential, with eight, five or three attempts by urgency. */
export function defaultSchedule(priority: Priority): ExponentialSchedule {
  return exponential({ attempts: { high: 8, medium: 5, low: 3 }[priority] })
}

/** How many attempts a schedule allows, the first included. */
export function attemptsMaxOf(schedule: RetrySchedule): number {
  return schedule.kind === 'fixed' ? schedule.delaysMs.length + 1 : schedule.attemptsMax
}

/**
 * The wait in ms after `attempts` failed attempts (1 or more), or `undefined` when they are used up.
 *
 * @param random a number in [0, 1), used for jitter
 */
export function retryDelayMs(schedule: RetrySchedule, attempts: number, random: number): number | undefined {
  if (attempts >= attemptsMaxOf(schedule)) return undefined
  if (schedule.kind === 'fixed') return schedule.delaysMs[attempts - 1]
  return spread(growth(schedule, attempts), schedule.jitter, random)
}

/** The longest wait in ms that a schedule ever gives, jitter included. */
export function longestDelayMs(schedule: RetrySchedule): number {
  if (schedule.kind === 'fixed') return Math.max(0, ...schedule.delaysMs)
  return Math.round(schedule.capMs * (1 + schedule.jitter))
}

/** The wait in ms after `failures` failures in a row of the way to the server itself; never used up. */
export function transportDelayMs(failures: number, random: number): number {
  const schedule = exponential({ capMs: 60_000 })
  return spread(growth(schedule, Math.max(1, failures)), schedule.jitter, random)
}

/** Most that is added by chance to a wait that a server has asked for, ms. */
const askedSpreadMaxMs = 600_000

/**
 * The wait in ms where a server has asked for one: never shorter, and up to a quarter longer by chance, because it has
 * asked everybody else in the same moment.
 */
export function askedDelayMs(askedMs: number, random: number): number {
  return askedMs + Math.round(Math.min(askedMs / 4, askedSpreadMaxMs) * random)
}

/** The longest wait that a server may ask for: a day. More is a mistake, and a queue must come back to life. */
export const retryAfterMaxMs = 86_400_000

/** The shortest wait that is taken for "later": a zero, or a date that has passed, must not become a tight loop. */
export const retryAfterMinMs = 1000

/** Brings a wait that a server asked for, in ms, into {@link retryAfterMinMs} … {@link retryAfterMaxMs}. */
export function clampRetryAfterMs(askedMs: number): number {
  return Math.min(Math.max(askedMs, retryAfterMinMs), retryAfterMaxMs)
}

/**
 * How long `Retry-After` asks to wait, in ms from now, or `undefined` when the header is absent or unreadable.
 *
 * Takes seconds or any of the three HTTP-date forms. A date counts against the server's own `Date` header where there
 * is one, so that the device's clock does not matter. Clamped, see {@link clampRetryAfterMs}.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
 */
export function retryAfterMs(
  header: string | undefined,
  dateHeader: string | undefined,
  nowMs: number,
): number | undefined {
  if (header === undefined) return undefined
  const text = header.trim()
  if (/^\d+$/.test(text)) return clampRetryAfterMs(Number(text) * 1000)
  const atMs = parseHttpDate(text, nowMs)
  if (atMs === undefined) return undefined
  const serverNowMs = dateHeader === undefined ? undefined : parseHttpDate(dateHeader.trim(), nowMs)
  return clampRetryAfterMs(atMs - (serverNowMs ?? nowMs))
}

function growth(schedule: ExponentialSchedule, attempts: number): number {
  // 2 ** 64 is beyond every cap; a larger exponent would only reach Infinity.
  return Math.min(schedule.baseMs * schedule.factor ** Math.min(attempts - 1, 64), schedule.capMs)
}

function spread(delayMs: number, jitter: number, random: number): number {
  return Math.round(delayMs * (1 + jitter * (2 * random - 1)))
}
