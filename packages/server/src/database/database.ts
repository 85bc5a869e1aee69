/**
 * The database port: PostgreSQL, embedded or served, seen through the four things that the server needs.
 *
 * A tenant's rows are only to be had inside `tx`, which runs as the role `holdfast_app` with the tenant set: row-level
 * security then shows that tenant's rows and no others, whatever a statement says.
 */

/** One row: column name to value. Statements cast their columns so that every driver gives the same JavaScript type. */
export interface Row {
  readonly [column: string]: unknown
}

/** What a statement takes. JSON travels as text (`$n::text::json`), instants as ISO 8601 text. */
export type Parameter = string | number | boolean | null

/** Runs one statement. `name` is unique to the text: drivers keep a prepared statement under it. */
export type Query = (name: string, text: string, params: readonly Parameter[]) => Promise<readonly Row[]>

/** A running transaction; its handle is dead when the transaction has ended. */
export interface Transaction {
  readonly query: Query
}

/** A database. {@link Database.close} waits for running transactions. */
export interface Database extends AsyncDisposable {
  /**
   * Runs `run` in a transaction that sees and writes only this tenant's rows: committed when its promise is
   * fulfilled, rolled back when it is rejected. When the commit itself fails, it is unknown whether it happened.
   *
   * @throws ServerError `foreign-query` inside another transaction, `closed` after close; and the driver's errors
   */
  readonly tx: <Result>(tenant: string, run: (transaction: Transaction) => Promise<Result>) => Promise<Result>
  /**
   * Runs one statement outside any transaction, as the login role. For statements about no tenant's rows.
   *
   * @throws ServerError `foreign-query` inside a transaction, `closed` after close; and the driver's errors
   */
  readonly query: Query
  /** Calls back for every `NOTIFY` on the channel; returns a function that ends it. Messages may be lost: also poll. */
  readonly listen: (channel: string, heard: (payload: string) => void) => Promise<() => Promise<void>>
  /** How its connections are used, for metrics; absent where there is only one. */
  readonly connections?: () => Connections
  readonly close: () => Promise<void>
}

/** Connections of a pool. */
export interface Connections {
  readonly open: number
  readonly idle: number
  /** Transactions that wait for a connection. */
  readonly waiting: number
}

/** The role that every transaction runs as: neither owner of a table nor allowed to bypass row-level security. */
export const appRole = 'holdfast_app'
