/**
 * `retry`: the outbox's own schedules, jitter and `Retry-After` for calls that are not writes of the outbox, such as
 * reading a list. Nothing is stored: what has to survive a closed tab belongs into `enqueue`.
 *
 *   try ── done ──▶ the value
 *    ▲ └── failed ── attempts used up, or no use in trying again ──▶ throws the last error
 *    └───── wait (schedule ± jitter, or as the server asks) ◀── else
 */
import { completePolicy, exponential, retryAfterMs, retryDelayMs, type RetrySchedule } from '@holdfast/core'
import { browserClock, browserFraction } from './environment-browser.ts'
import type { Clock } from './environment.ts'

/** What {@link retry} may be told; every part has a default. */
export interface RetryOptions {
  /** Ends the waiting and the trying. The work gets it too, to end what is under way. */
  readonly signal?: AbortSignal
  /** Tells whether trying again may help. Default: {@link isTransient}. */
  readonly isTransient?: (error: unknown) => boolean
  /** Hears of each failure that is followed by a wait. */
  readonly onWait?: (wait: { readonly error: unknown; readonly attempts: number; readonly delayMs: number }) => void
  /** Default: the browser's. */
  readonly clock?: Pick<Clock, 'now' | 'timer'>
  /** In [0, 1), for jitter. Default: `Math.random`. */
  readonly random?: () => number
}

/** What the work is told of its attempt. */
export interface RetryAttempt {
  /** 1 for the first. */
  readonly attempt: number
  readonly signal: AbortSignal | undefined
}

/**
 * Does some work until it succeeds, at most as often as the schedule allows.
 *
 * A `Response` that the work throws, or an error that carries one as `response`, is read: its `Retry-After` (seconds or
 * a date, against the server's `Date`) takes the place of the schedule's wait, and a status that will not change is not
 * tried again.
 *
 * @example
 * const orders = await retry(async ({ signal }) => {
 *   const response = await fetch('/api/orders', { signal })
 *   if (!response.ok) throw response
 *   return parseOrders(await response.json())
 * }, exponential({ attempts: 4 }), { signal })
 * @param schedule default: exponential, five attempts
 * @returns what the work gave
 * @throws the last error of the work; the signal's reason; SyncError `invalid-definition` for a schedule that is none
 */
export async function retry<Value>(
  work: (attempt: RetryAttempt) => Value | Promise<Value>,
  schedule: RetrySchedule = exponential(),
  options: RetryOptions = {},
): Promise<Value> {
  const { signal, clock = browserClock, random = browserFraction } = options
  completePolicy({ retry: schedule }, 'medium')
  for (let attempts = 1; ; attempts += 1) {
    signal?.throwIfAborted()
    try {
      return await work({ attempt: attempts, signal })
    } catch (error) {
      signal?.throwIfAborted()
      const ownMs = retryDelayMs(schedule, attempts, random())
      if (ownMs === undefined || !(options.isTransient ?? isTransient)(error)) throw error
      const delayMs = askedMs(error, clock.now()) ?? ownMs
      options.onWait?.({ error, attempts, delayMs })
      await wait(clock, delayMs, signal)
    }
  }
}

/**
 * True when trying again may help: everything but a response of the kind that stays what it is (4xx without 408, 421,
 * 425 and 429, and 501), and an abort.
 */
export function isTransient(error: unknown): boolean {
  if (error instanceof DOMException && error.name === 'AbortError') return false
  const status = responseIn(error)?.status
  if (status === undefined) return true
  return status >= 500 ? status !== 501 : [408, 421, 425, 429].includes(status)
}

function askedMs(error: unknown, nowMs: number): number | undefined {
  const headers = responseIn(error)?.headers
  return retryAfterMs(headers?.get('retry-after') ?? undefined, headers?.get('date') ?? undefined, nowMs)
}

/** The response in an error: itself, or its `response`, as most HTTP clients throw it. */
function responseIn(error: unknown): Response | undefined {
  if (error instanceof Response) return error
  if (typeof error !== 'object' || error === null || !('response' in error)) return undefined
  return error.response instanceof Response ? error.response : undefined
}

async function wait(clock: Pick<Clock, 'timer'>, delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const cancel = clock.timer(delayMs, resolve)
  const stop = (): void => {
    resolve()
  }
  signal?.addEventListener('abort', stop)
  await promise
  cancel()
  signal?.removeEventListener('abort', stop)
}
