/**
 * Tells every process that listens that a tenant's feed has grown. After the commit and debounced: inside a transaction
 * a NOTIFY makes all commits of the whole database wait for one another.
 *
 *   changed(tenant) ─▶ [gathers for some ms] ─▶ one NOTIFY per tenant ─▶ FeedWatch of each process
 *
 * A notification may be lost with the process or the connection; who listens also polls.
 */
import type { Database } from '../database/database.ts'
import { describeError, type Log } from '../log.ts'

/** The channel; the payload is the tenant. */
export const feedChannel = 'holdfast_feed'

/** Notifies of one database. */
export interface FeedNotifier {
  /** Says that a transaction which fed this tenant's feed has been committed. Returns at once. */
  readonly changed: (tenant: string) => void
  /** Sends what was gathered, and takes no more. */
  readonly close: () => Promise<void>
}

const gatherDefaultMs = 20

const notifySql = `select pg_notify('${feedChannel}', t.tenant) from json_array_elements_text($1::text::json) as t (tenant)`

/** Makes a notifier; `gatherMs` is how long changes gather. */
export function createFeedNotifier(database: Database, log: Log, gatherMs: number = gatherDefaultMs): FeedNotifier {
  const gathered = new Set<string>()
  let timer: NodeJS.Timeout | undefined
  let sending: Promise<void> = Promise.resolve()
  let isClosed = false
  const send = async (): Promise<void> => {
    timer = undefined
    const tenants = [...gathered]
    gathered.clear()
    if (tenants.length === 0) return
    try {
      await database.query('holdfast-notify', notifySql, [JSON.stringify(tenants)])
    } catch (error) {
      log({
        level: 'warn',
        event: 'notify-failed',
        message: 'Listeners were not told of a change; they will poll.',
        error: describeError(error),
      })
    }
  }
  return {
    changed: (tenant) => {
      if (isClosed) return
      gathered.add(tenant)
      // Not put off by further changes: the first one is told in time.
      timer ??= setTimeout(() => {
        sending = sending.then(send)
      }, gatherMs)
    },
    close: async () => {
      isClosed = true
      clearTimeout(timer)
      sending = sending.then(send)
      await sending
    },
  }
}
