/** Retention in the background of a process: one run after the other, with a pause between, until it is stopped. */
import { setTimeout } from 'node:timers/promises'
import type { Database } from '../database/database.ts'
import { describeError, type Log } from '../log.ts'
import { trimResults } from './trim-results.ts'

/** How retention runs. */
export interface RetentionOptions {
  readonly database: Database
  readonly log: Log
  /** The server's clock, ms since 1970. Default `Date.now`. */
  readonly nowMs?: () => number
  /** How long results are kept, ms. Default 30 days. */
  readonly keepResultsMs?: number
  /** The pause between two runs, ms. Default ten minutes. */
  readonly everyMs?: number
}

/** Retention that runs. */
export interface RunningRetention {
  /** Ends it; fulfilled when nothing of it touches the database any more. */
  readonly stop: () => Promise<void>
}

const everyMsDefault = 10 * 60_000

/** Starts retention. A run that fails is logged, and the next one goes on from there. */
export function startRetention(options: RetentionOptions): RunningRetention {
  const stopping = new AbortController()
  const running = runUntil(stopping.signal, options)
  return {
    stop: () => {
      stopping.abort()
      return running
    },
  }
}

async function runUntil(signal: AbortSignal, options: RetentionOptions): Promise<void> {
  const { database, log, nowMs = Date.now, everyMs = everyMsDefault, keepResultsMs } = options
  while (!signal.aborted) {
    try {
      const trimmed = await trimResults(database, {
        nowMs: nowMs(),
        signal,
        ...(keepResultsMs !== undefined && { keepResultsMs }),
      })
      if (trimmed > 0) log({ level: 'info', event: 'results-trimmed', message: `${trimmed} results were trimmed.` })
    } catch (error) {
      const message = 'Results could not be trimmed; it is tried again later.'
      log({ level: 'warn', event: 'retention-failed', message, error: describeError(error) })
    }
    // The timer does not keep a process alive that has nothing else to do.
    await setTimeout(everyMs, undefined, { signal, ref: false }).catch(() => undefined)
  }
}
