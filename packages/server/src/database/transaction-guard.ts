/**
 * Keeps statements inside the transaction they belong to. A query of the database's own inside `tx` would run on
 * another connection: outside the transaction, without the tenant, and on PGlite (one connection) never at all.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { ServerError } from '../error.ts'
import type { Query, Transaction } from './database.ts'

/** Guards one database. */
export interface TransactionGuard {
  /** @throws ServerError `foreign-query` when called within a transaction of this database, `closed` after close */
  readonly check: (act: string) => void
  /** Runs a transaction's body with a handle that dies at its end. */
  readonly run: <Result>(query: Query, body: (transaction: Transaction) => Promise<Result>) => Promise<Result>
  /** True the first time: from then on everything is refused. */
  readonly close: () => boolean
}

/** Makes the guard of one database. */
export function createTransactionGuard(): TransactionGuard {
  const inside = new AsyncLocalStorage<true>()
  let isClosed = false
  return {
    check: (act) => {
      if (isClosed) throw new ServerError('closed', `The database is closed; ${act} came after close().`)
      if (inside.getStore() === true) {
        throw new ServerError('foreign-query', `Inside a transaction use its own query; got ${act} of the database.`)
      }
    },
    run: async (query, body) => {
      let hasEnded = false
      const own: Query = (name, text, params) => {
        if (!hasEnded) return query(name, text, params)
        return Promise.reject(new ServerError('foreign-query', `The transaction has ended; "${name}" came too late.`))
      }
      try {
        return await inside.run(true, () => body({ query: own }))
      } finally {
        hasEnded = true
      }
    },
    close: () => {
      const isFirst = !isClosed
      isClosed = true
      return isFirst
    },
  }
}
