/**
 * The gate: what stands in the way of sending. A request may leave when the right person is signed in, the way to the
 * server is not known to be down, and no wait is set. What opens it again is time, a probe of our own, or a person's wish.
 */
import type { Pass } from './pass.ts'
import {
  afterGrowth,
  afterHint,
  afterProbe,
  isProbeDue,
  openWay,
  unknownWay,
  type WayState,
} from './coordination/connectivity.ts'
import { Pace } from './coordination/pace.ts'
import type { Environment } from './environment.ts'
import type { StatusBoard, SyncStatus } from './status.ts'
import { isSameSession, type Session } from './store/registry.ts'
import type { Transport } from './transport/transport.ts'

/** How often the session is looked at while nobody, or somebody else, is signed in: with entries pending and without, ms. */
const [sessionProbeMs, idleSessionProbeMs] = [30_000, 300_000]

/** What the gate needs from its outbox. */
export interface GateHost {
  readonly environment: Environment
  readonly transport: Transport
  readonly session: Session
  readonly board: StatusBoard
}

/** What stands in the way: nothing, something that a probe may clear up, or something that only time or news does. */
export type GateState = { readonly kind: 'open' | 'probe' } | { readonly kind: 'closed'; readonly untilMs: number }

/** What stands in the way of sending. */
export class Gate {
  readonly #host: GateHost
  /** How fast and how much at once may be sent. */
  readonly pace: Pace
  #way: WayState = unknownWay
  #sessionProbe = { atMs: 0, delayMs: 0 }

  constructor(host: GateHost) {
    this.#host = host
    this.pace = new Pace(host.environment, (circuit) => {
      host.board.set({ circuit })
    })
  }

  /** True after a probe, or an answer, has shown that nobody can be reached. */
  get isDown(): boolean {
    return this.#way.kind === 'down'
  }

  /** True while nothing has been tried: nobody knows what the way is like. */
  get isUntried(): boolean {
    return this.#way.kind === 'open' && this.#way.connectivity === 'unknown'
  }

  /** The network may be back. */
  noteHint(): void {
    this.#way = afterHint(this.#way, this.#now, this.#host.environment.random.fraction())
    this.#probeSessionSoon()
  }

  /** An entry was stored: each of them must not cost a server that is down a request. */
  noteGrowth(): void {
    this.#way = afterGrowth(this.#way, this.#now)
    this.#probeSessionSoon()
  }

  #probeSessionSoon(): void {
    this.#sessionProbe = { ...this.#sessionProbe, atMs: Math.min(this.#sessionProbe.atMs, this.#now + sessionProbeMs) }
  }

  /** The person has signed in: the session is looked at next. */
  noteAuthenticated(): void {
    this.#sessionProbe = { atMs: 0, delayMs: 0 }
  }

  /** Our server has refused a request because of who is signed in. */
  noteUnauthenticated(isWrongIdentity: boolean): void {
    this.#host.board.set({ authentication: isWrongIdentity ? 'other' : 'required' })
    this.#probeSessionLater()
  }

  /** Our server has answered a request. */
  noteAnswer(): void {
    this.#setWay(openWay)
  }

  /** What stands in the way now. */
  look(pass: Pass | undefined): GateState {
    const isAsking = pass !== undefined && !pass.hasProbed
    if (this.#host.board.snapshot.authentication !== 'ok') {
      const { atMs: untilMs, delayMs } = this.#sessionProbe
      const isDue = this.#now >= untilMs || untilMs - this.#now > delayMs
      return isAsking || isDue ? { kind: 'probe' } : { kind: 'closed', untilMs }
    }
    if (this.#way.kind === 'down') {
      if (isAsking || isProbeDue(this.#way, this.#now)) return { kind: 'probe' }
      return { kind: 'closed', untilMs: this.#way.nextProbeAtMs }
    }
    if (!this.pace.isWaiting) return { kind: 'open' }
    const untilMs = this.pace.closedUntil(isAsking)
    if (untilMs !== undefined) return { kind: 'closed', untilMs }
    // A person's wish opens the gate once; what fails after that waits like anything else.
    if (pass !== undefined) pass.hasProbed = true
    return { kind: 'open' }
  }

  /** Asks our server whether it is there, and whose session it sees. */
  async probe(pass: Pass | undefined, signal: AbortSignal): Promise<void> {
    if (pass !== undefined) pass.hasProbed = true
    const answer = await this.#host.transport.probe(signal)
    if (signal.aborted) return
    const { environment } = this.#host
    const { random, clock } = environment
    this.#probeSessionLater()
    const [isOnlineHint, isIdle] = [environment.isOnlineHint(), this.#isIdle]
    this.#setWay(
      afterProbe(this.#way, answer.kind, { nowMs: clock.now(), random: random.fraction(), isOnlineHint, isIdle }),
    )
    if (answer.kind !== 'green' || this.#host.board.snapshot.authentication === 'ok') return
    this.#host.board.set({ authentication: this.#judgeSession(answer.session) })
  }

  get #isIdle(): boolean {
    return this.#host.board.snapshot.pending === 0
  }

  #probeSessionLater(): void {
    const delayMs = this.#isIdle ? idleSessionProbeMs : sessionProbeMs
    this.#sessionProbe = { atMs: this.#now + delayMs, delayMs }
  }

  #judgeSession(session: Session | null): SyncStatus['authentication'] {
    if (session === null) return 'required'
    return isSameSession(session, this.#host.session) ? 'ok' : 'other'
  }

  #setWay(way: WayState): void {
    this.#way = way
    this.#host.board.set({ connectivity: way.connectivity })
  }

  get #now(): number {
    return this.#host.environment.clock.now()
  }
}
