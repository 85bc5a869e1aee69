/** The errors of the server kit: what its host did that cannot work, or a resource that is not to be had, with a code to branch on. */

/** Every code that a {@link ServerError} can have. */
export type ServerErrorCode =
  /** The data folder is in use by another process that is alive. */
  | 'database-in-use'
  /** The database was migrated by a newer release. */
  | 'newer-database'
  /** Row-level security would not keep tenants apart; the server refuses to run. */
  | 'row-security'
  /** A query inside a transaction that is not the transaction's own, or one after its end. */
  | 'foreign-query'
  /** The database is closed. */
  | 'closed'
  /** The definitions and handlers given do not fit together. */
  | 'invalid-definition'
  /** A row in the database is not what this release writes. */
  | 'corrupt-row'
  /** The database could not be reached, or has no room for more connections; trying again later makes sense. */
  | 'unavailable'

/** A broken expectation or a missing resource; the message says what was expected, what came and what to do. */
export class ServerError extends Error {
  override readonly name = 'ServerError'
  /** The machine-readable reason. */
  readonly code: ServerErrorCode

  constructor(code: ServerErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}
