/**
 * The worker's outbox: opened when an event needs it, shared by events that overlap, closed soon after the last one.
 *
 * A worker lives from event to event, and an outbox that stays open could lead while the browser is about to end it.
 * Who is signed in is asked again for every event, so that no write is ever stored for the person before (promise I5):
 * when somebody else is signed in, the old outbox is retired, which ends its work and closes it after its last user.
 */
import type { Outbox, Session } from '@holdfast/client'

/** Where the worker's outbox comes from. */
export interface OutboxSource {
  /** Who is signed in on this device by the registry; `undefined` when nobody is. */
  readonly identity: () => Promise<Session | undefined>
  /** Opens the outbox of that person. */
  readonly open: (session: Session) => Promise<Outbox>
}

/** An outbox in use. */
export interface LeasedOutbox {
  readonly outbox: Outbox
  /** Aborted when somebody else has signed in: work that can wait ends. */
  readonly retired: AbortSignal
}

/** How long the outbox stays open after the last event, ms: orders often come in a row. */
const idleMs = 5000

interface Opened {
  readonly session: Session
  readonly outbox: Outbox
  readonly retire: AbortController
  users: number
  closeTimer: ReturnType<typeof setTimeout> | undefined
}

/** Lends the outbox of whoever is signed in. */
export class OutboxLease {
  readonly #source: OutboxSource
  readonly #onOpen: (outbox: Outbox) => void
  #opened: Opened | undefined
  /** Leases are given one after another: two events must not open two outboxes. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(source: OutboxSource, onOpen: (outbox: Outbox) => void) {
    this.#source = source
    this.#onOpen = onOpen
  }

  /**
   * Runs `work` with the outbox of whoever is signed in, or with `undefined` when nobody is.
   *
   * @throws what `identity`, `open` and `work` throw
   */
  async use<Result>(work: (leased: LeasedOutbox | undefined) => Promise<Result>): Promise<Result> {
    const turn = this.#turn.then(() => this.#acquire())
    this.#turn = turn.catch(() => undefined)
    const opened = await turn
    if (opened === undefined) return work(undefined)
    try {
      return await work({ outbox: opened.outbox, retired: opened.retire.signal })
    } finally {
      opened.users -= 1
      this.#release(opened)
    }
  }

  /** Looks at the registry again, and retires the outbox of somebody who is not signed in any more. */
  async recheck(): Promise<void> {
    if (this.#opened !== undefined) await this.use(() => Promise.resolve())
  }

  async #acquire(): Promise<Opened | undefined> {
    const session = await this.#source.identity()
    const current = this.#opened
    if (current !== undefined && session !== undefined && isSame(current.session, session)) {
      clearTimeout(current.closeTimer)
      current.users += 1
      return current
    }
    if (current !== undefined) this.#retire(current)
    if (session === undefined) return undefined
    const outbox = await this.#source.open(session)
    const opened: Opened = { session, outbox, retire: new AbortController(), users: 1, closeTimer: undefined }
    this.#opened = opened
    this.#onOpen(outbox)
    return opened
  }

  #release(opened: Opened): void {
    if (opened.users > 0) return
    // What is pending is stored; a store that cannot even be closed has nothing left to lose.
    if (opened.retire.signal.aborted) void opened.outbox.close().catch(() => undefined)
    else opened.closeTimer = setTimeout(() => this.#retire(opened), idleMs)
  }

  #retire(opened: Opened): void {
    if (this.#opened === opened) this.#opened = undefined
    clearTimeout(opened.closeTimer)
    opened.retire.abort()
    this.#release(opened)
  }
}

function isSame(left: Session, right: Session): boolean {
  return left.tenant === right.tenant && left.user === right.user
}
