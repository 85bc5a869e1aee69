/**
 * Housekeeping: what an outbox does by the clock, whoever leads. Results are forgotten after their time; and where no
 * messages tell what other contexts do (`lacks` channels), the store is looked at every few seconds.
 */
import type { Counting } from './counting.ts'
import type { Environment } from './environment.ts'
import type { Pass } from './pass.ts'
import type { SettledPromises } from './settled.ts'
import type { StatusBoard } from './status.ts'
import type { Store } from './store/store.ts'

/** Results are readable this long by default, ms. */
const defaultRetentionMs = 7 * 24 * 3_600_000

/** Settled entries are cleaned up this often, ms. */
const cleanupEveryMs = 6 * 3_600_000

/** How often a context looks at the store where no messages tell it what others do, ms. */
const deafLookEveryMs = 10_000
/** Where they do not: how long a pass is given that another context has to make, ms. */
const deafPassMs = 15_000

/** What housekeeping needs from its outbox. */
export interface HousekeepingHost {
  readonly environment: Environment
  readonly store: Store
  readonly board: StatusBoard
  readonly counting: Counting
  readonly settled: SettledPromises
  /** How long results stay readable, ms; `undefined` for the default. */
  readonly retentionMs: number | undefined
}

/** Does what has to be done from time to time. */
export class Housekeeping {
  readonly #host: HousekeepingHost
  #cancelCleanup: (() => void) | undefined
  #cancelLook: (() => void) | undefined

  constructor(host: HousekeepingHost) {
    this.#host = host
  }

  start(): void {
    this.#cleanupLater()
    if (isDeaf(this.#host.environment)) this.#lookAroundLater()
  }

  stop(): void {
    this.#cancelCleanup?.()
    this.#cancelLook?.()
  }

  /** Without messages nobody hears the wish for a pass: the leader looks by itself soon, and what is left then is the report. */
  finishAlone(pass: Pass): void {
    const { environment, store } = this.#host
    environment.clock.timer(deafPassMs, () => {
      void store
        .counts()
        .then((counts) => pass.finish(store, counts))
        .catch(() => {
          pass.finishWith({})
        })
    })
  }

  #cleanupLater(): void {
    const { board, environment, store, retentionMs = defaultRetentionMs } = this.#host
    this.#cancelCleanup = environment.clock.timer(cleanupEveryMs, () => {
      if (board.snapshot.isLeader) void store.cleanup(environment.clock.now() - retentionMs).catch(() => 0)
      this.#cleanupLater()
    })
  }

  #lookAroundLater(): void {
    const { counting, environment, settled } = this.#host
    this.#cancelLook = environment.clock.timer(deafLookEveryMs, () => {
      counting.recountNow()
      void settled.recheck()
      this.#lookAroundLater()
    })
  }
}

/** True where no messages tell what other contexts do. */
export function isDeaf({ lacks }: Environment): boolean {
  return lacks?.has('channels') === true
}
