/**
 * Passes over contexts: `drain` may be called in any of them, and whoever leads makes the pass. A context that does not
 * lead asks; the answer is the report. When the leadership moves, whoever still waits asks again.
 */
import type { DrainReport } from '../drain-report.ts'
import { Pass } from '../pass.ts'
import { untilAborted } from '../until-aborted.ts'
import type { Message } from './messages.ts'

/** What a pass is to send. */
export type PassWish = ConstructorParameters<typeof Pass>[0]

/** What requests for passes need from their outbox. */
export interface PassHost {
  /** Names this context; two contexts never share a name. */
  readonly contextId: string
  readonly drain: { add(pass: Pass): void; remove(pass: Pass): void }
  readonly isLeader: () => boolean
  /** Ends a pass that nobody can be asked to make; absent where contexts hear one another. */
  readonly finishAlone?: (pass: Pass) => void
  readonly post: (message: Message) => void
}

/** The passes that this context asked for. */
export class PassRequests {
  readonly #host: PassHost
  /** By the request that asks another leader. */
  readonly #asked = new Map<string, Pass>()
  /** Made for others, while this context leads. */
  readonly #foreign = new Set<Pass>()
  #requests = 0

  constructor(host: PassHost) {
    this.#host = host
  }

  /** Makes a pass, here or where the leader is; rejects with the reason of the first signal that is aborted before. */
  async make(wish: PassWish, signals: readonly (AbortSignal | undefined)[]): Promise<DrainReport> {
    const pass = new Pass(wish)
    this.#requests += 1
    const request = `${this.#host.contextId}/${this.#requests}`
    this.#asked.set(request, pass)
    // Whoever leads makes it: this context, when its turn comes, or the one that hears the request.
    this.#host.drain.add(pass)
    if (!this.#host.isLeader()) {
      this.#ask(request, pass)
      this.#host.finishAlone?.(pass)
    }
    try {
      return await untilAborted(pass.report, signals)
    } finally {
      this.#asked.delete(request)
      this.#host.drain.remove(pass)
    }
  }

  /** Another context leads now, and has heard of none of these. */
  askAgain(): void {
    for (const [request, pass] of this.#asked) this.#ask(request, pass)
  }

  /** Makes the pass that another context asks this leader for. */
  async makeFor(request: string, wish: PassWish): Promise<void> {
    const pass = new Pass(wish)
    this.#foreign.add(pass)
    this.#host.drain.add(pass)
    const report = await pass.report
    this.#foreign.delete(pass)
    this.#host.post({ kind: 'drained', request, report })
  }

  /** This context leads no more: whoever asked it asks the next leader. */
  leaveForeign(): void {
    for (const pass of this.#foreign) this.#host.drain.remove(pass)
    this.#foreign.clear()
  }

  /** The leader has made a pass; nothing happens unless it was asked for here. */
  finish(request: string, report: DrainReport): void {
    this.#asked.get(request)?.finishWith(report)
  }

  #ask(request: string, { types, isAutomatic }: Pass): void {
    this.#host.post({ kind: 'drain', request, isAutomatic, ...(types !== undefined && { types: [...types] }) })
  }
}
