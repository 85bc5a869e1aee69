/**
 * The query that an effect is given: it reads and writes rows and nothing else, notes what fails whatever the effect
 * makes of it, and is dead when the effect has ended.
 *
 *   statement ─┬─ another kind than rows ─▶ refused, never sent
 *              ├─ fails for the transaction ─▶ trouble: the transaction is given up
 *              └─ fails otherwise ──────────▶ fault: the effect's own, as long as its savepoint can be rolled back to
 */
import type { Query, Row } from './database/database.ts'
import { isOutage, isWorthRerunning, sqlStateOf } from './database/sql-state.ts'
import { ServerError } from './error.ts'

/** A query for one effect, and what became of its statements. */
export interface EffectQuery {
  readonly query: Query
  /** Errors about the whole transaction, in their order. */
  readonly troubles: readonly unknown[]
  /** Errors that are the effect's own, in their order. */
  readonly faults: readonly unknown[]
  /** Lets no further statement in, and waits for those that the effect did not wait for. Never rejects. */
  readonly end: () => Promise<void>
}

/**
 * The statements that read or write rows, behind any comments, semicolons and parentheses. All others are refused: some
 * would end the transaction or leave the tenant's role. A comment within a comment is none here, and so refused as well:
 * PostgreSQL nests them, and what looks like a `select` could stand inside one.
 */
const rowsPattern =
  /^(?:[\s;(]|--[^\n\r]*(?:[\n\r]|$)|\/\*(?:(?!\/\*|\*\/)[^])*\*\/)*(?:select|insert|update|delete|with|values|merge)\b/i

/** What a `select` can leave the role and the tenant with. */
const settingPattern = /\bset_config\b/i

/** SQLSTATE query_canceled: a statement that took too long is the fault of the effect that sent it. */
const tookTooLong = '57014'

/** True for a statement that an effect may send. */
export function isAboutRows(text: string): boolean {
  return rowsPattern.test(text) && !settingPattern.test(text)
}

/** Makes the query of an effect of operations of the given type. */
export function effectQuery(query: Query, type: string): EffectQuery {
  const troubles: unknown[] = []
  const faults: unknown[] = []
  let hasEnded = false
  let latest: Promise<unknown> = Promise.resolve()
  const send: Query = async (name, text, params): Promise<readonly Row[]> => {
    if (hasEnded) throw new ServerError('foreign-query', `The effect of ${type} has ended; "${name}" came too late.`)
    if (!isAboutRows(text)) throw new ServerError('foreign-query', notAboutRows(name))
    try {
      return await query(name, text, params)
    } catch (error) {
      const notes = isAboutTransaction(error) ? troubles : faults
      notes.push(error)
      throw error
    }
  }
  return {
    troubles,
    faults,
    query: (name, text, params) => {
      const answer = send(name, text, params)
      // Heard here, because an effect may forget to wait for it, and an unheard rejection ends the process.
      const settled = answer.catch(() => undefined)
      latest = latest.then(() => settled)
      return answer
    },
    end: async () => {
      hasEnded = true
      await latest
    },
  }
}

/**
 * An error without a SQLSTATE is not among these: the driver refuses a wrong parameter so, as it reports a lost
 * connection. Rolling back to the savepoint tells the two apart.
 */
function isAboutTransaction(error: unknown): boolean {
  const sqlState = sqlStateOf(error)
  if (sqlState === undefined || sqlState === tookTooLong) return false
  return isWorthRerunning(error) || isOutage(error)
}

function notAboutRows(name: string): string {
  return `An effect may select, insert, update, delete and merge rows; "${name}" is another statement. Take it out.`
}
