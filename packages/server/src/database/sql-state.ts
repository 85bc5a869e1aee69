/** What a database error means, by its SQLSTATE; the text of a message decides nothing. */

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
 * True when the database itself is in trouble (no SQLSTATE at all, connection exceptions, no resources, an operator's
 * intervention, a system error), so that no operation can be the cause.
 */
export function isOutage(error: unknown): boolean {
  const sqlState = sqlStateOf(error)
  return sqlState === undefined || ['08', '53', '57', '58'].includes(sqlState.slice(0, 2)) || sqlState === '25P03'
}
