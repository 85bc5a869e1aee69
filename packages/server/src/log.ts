/** The log port: the kit never prints. Entries carry codes and counts, never payloads, tokens or personal data. */
import { sqlStateOf } from './database/sql-state.ts'

/** One thing worth telling whoever operates the server. */
export interface LogEntry {
  readonly level: 'info' | 'warn' | 'error'
  /** Stable name, such as `request-failed`. */
  readonly event: string
  /** One sentence for people. */
  readonly message: string
  /** What went wrong, without data: an error's name, its code, and its stack where it is our own code's. */
  readonly error?: { readonly name: string; readonly code?: string; readonly stack?: string }
}

/** Takes log entries; must not throw. */
export type Log = (entry: LogEntry) => void

/**
 * An error as it may be logged. A database's message can quote the value it refused, so of such an error only the
 * SQLSTATE is kept.
 */
export function describeError(error: unknown): NonNullable<LogEntry['error']> {
  const sqlState = sqlStateOf(error)
  if (sqlState !== undefined) return { name: 'DatabaseError', code: sqlState }
  if (!(error instanceof Error)) return { name: typeof error }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  return {
    name: error.name,
    ...(code !== undefined && { code }),
    ...(error.stack !== undefined && { stack: error.stack }),
  }
}
