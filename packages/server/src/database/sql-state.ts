/** What a database error means, by its SQLSTATE; the text of a message decides nothing. */
import { ServerError } from '../error.ts'

/**
 * The SQLSTATE of an error that PostgreSQL reported, or `undefined` for any other error. A socket's error has a `code`
 * too (`EPIPE` even looks like one), but only PostgreSQL's have a severity.
 *
 * @see https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
export function sqlStateOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error) || !('severity' in error)) return undefined
  return typeof error.code === 'string' && /^[0-9A-Z]{5}$/.test(error.code) ? error.code : undefined
}

/** True for a serialization failure or a deadlock: the same transaction may well succeed when run again. */
export function isWorthRerunning(error: unknown): boolean {
  const sqlState = sqlStateOf(error)
  return sqlState === '40001' || sqlState === '40P01'
}

/**
 * True when the database itself is in trouble: connection exceptions, no resources, an operator's intervention, a
 * system error, and whatever a driver says without a SQLSTATE (it could not connect, it lost the connection, it waited
 * too long). No operation can be the cause. Errors that only our own code can make are not among them.
 */
export function isOutage(error: unknown): boolean {
  if (error instanceof ServerError) return error.code === 'unavailable'
  if (isBug(error)) return false
  const sqlState = sqlStateOf(error)
  if (sqlState === protocolViolation) return isFatal(error)
  return sqlState === undefined || ['08', '53', '57', '58'].includes(sqlState.slice(0, 2)) || sqlState === '25P03'
}

/** True for an error that PostgreSQL blames on a statement or its data. */
export function isAboutStatement(error: unknown): boolean {
  return sqlStateOf(error) !== undefined && !isOutage(error)
}

/**
 * SQLSTATE protocol_violation. PostgreSQL says so too of a statement that came with too few or too many parameters, which
 * a caller can do on a sound connection; a pooler in front of it says so when it ends one, and then it is fatal.
 */
const protocolViolation = '08P01'

function isFatal(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'severity' in error && error.severity === 'FATAL'
}

function isBug(error: unknown): boolean {
  return (
    !(error instanceof Error) ||
    error instanceof TypeError ||
    error instanceof RangeError ||
    error instanceof ReferenceError ||
    error instanceof SyntaxError
  )
}
