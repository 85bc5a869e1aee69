/**
 * The drain: the one loop that sends. It runs in the context that leads, and is the only place with control flow;
 * what to send (plan), what an answer means (classify) and what it changes (delivery) are pure and live in core.
 *
 *   ┌─▶ gate ── closed ──▶ wait for time or a wake-up ─┐
 *   │     │ open                                       │
 *   │     ▼                                            │
 *   │   plan ── nothing due ──▶ idle ──────────────────┤
 *   │     │ a batch                                    │
 *   │     ▼                                            │
 *   │   send ──▶ classify ──▶ write what it changes ───┤
 *   └──────────────────────────────────────────────────┘
 *
 * Nothing is written before a request leaves, and nothing is forgotten before a validated answer is written: a crash at
 * any point leads to a second send under the same id, which the server's ledger answers with the first outcome.
 */
import {
  batchBytesMax,
  classify,
  planBatch,
  priorities,
  problemCodeOf,
  SyncError,
  type AnyOperationDefinition,
  type OperationId,
  type OperationOutcome,
  type Plan,
  type Policy,
  type Priority,
  type Verdict,
} from '@holdfast/core'
import { everyOne, nothing, requestsOf, verdictsOf, type ChangeContext, type EntryVerdict } from './answer.ts'
import { batchRequest } from './batch-request.ts'
import { afterHint, afterProbe, isProbeDue, openWay, unknownWay, type WayState } from './coordination/connectivity.ts'
import { Latch } from './coordination/latch.ts'
import { Pace } from './coordination/pace.ts'
import { AnswerWriter, type Answered } from './answer-writer.ts'
import type { Environment } from './environment.ts'
import type { Pass } from './pass.ts'
import { QueueWindow, type WindowEntry } from './queue-window.ts'
import type { StatusBoard, SyncStatus } from './status.ts'
import { isSameSession, type Session } from './store/registry.ts'
import { idOf, isLive, type Store, type StoreCounts, type UpdateReport } from './store/store.ts'
import type { Transport } from './transport/transport.ts'

/** How often the session is looked at while nobody, or somebody else, is signed in, ms. */
const sessionProbeMs = 30_000

/**
 * How often a leader reads everything anew, ms: a context that dies right after its commit tells nobody what it stored,
 * or what a person did there.
 */
const lookEveryMs = 300_000

/** Entries of each priority that a plan looks at first: somewhat more than a request takes. */
const plannedMax = 128

/** What the drain needs from its outbox. */
export interface DrainHost {
  readonly environment: Environment
  readonly store: Store
  readonly transport: Transport
  readonly session: Session
  readonly device: string
  readonly definitions: ReadonlyMap<string, AnyOperationDefinition>
  readonly isManual: boolean
  readonly board: StatusBoard
  /** Tells everybody what an update has changed. */
  readonly announce: (reports: readonly UpdateReport[]) => void
}

/** The loop that sends. One per outbox; it runs while this context leads. */
export class Drain {
  readonly #host: DrainHost
  readonly #latch: Latch
  readonly #passes: Pass[] = []
  #way: WayState = unknownWay
  readonly #pace: Pace
  #nextSessionProbeAtMs = 0
  #needsReload = false
  #reloadedAtMs = 0
  readonly #grown = new Set<Priority>()
  readonly #writer: AnswerWriter
  #sent = 0
  #done = 0

  constructor(host: DrainHost) {
    this.#host = host
    this.#latch = new Latch(host.environment.clock)
    this.#pace = new Pace(host.environment)
    this.#writer = new AnswerWriter(host, () => {
      this.#latch.set()
    })
  }

  /** Entries were appended, here or elsewhere. */
  noteGrowth(grown: readonly Priority[]): void {
    for (const priority of grown) this.#grown.add(priority)
    this.#way = afterHint(this.#way, this.#now)
    this.#latch.set()
  }

  /** Somebody changed entries outside this loop. */
  noteActs(): void {
    this.#needsReload = true
    this.#latch.set()
  }

  /** The network may be back, or the page is visible again. */
  noteHint(): void {
    this.#way = afterHint(this.#way, this.#now)
    this.#latch.set()
  }

  /** The person has signed in: look at the session now. */
  noteAuthenticated(): void {
    this.#nextSessionProbeAtMs = 0
    this.#latch.set()
  }

  /** Asks for a pass; it begins when this context leads. */
  add(pass: Pass): void {
    this.#passes.push(pass)
    this.#latch.set()
  }

  /** Withdraws a pass that somebody else has made, or that nobody waits for any more. */
  remove(pass: Pass): void {
    const index = this.#passes.indexOf(pass)
    if (index < 0) return
    this.#passes.splice(index, 1)
    // What a filter kept out of the window is everybody's again, however the pass came to its end.
    if (pass.types !== undefined) this.#needsReload = true
  }

  /** Sends until the signal is aborted, or until another leader has taken over. */
  async run(epoch: number, signal: AbortSignal): Promise<void> {
    const window = new QueueWindow(this.#host.store)
    this.#needsReload = true
    // What the leader before was sending when it went is not in flight any more.
    this.#host.board.set({ isLeader: true, sending: 0, nextAttemptAtMs: undefined })
    this.#writer.begin({
      epoch,
      signal,
      onWritten: (answered, reports) => {
        this.#takeOver(window, answered, reports)
      },
    })
    try {
      while (!signal.aborted) await this.#step(window, epoch, signal)
    } finally {
      // What the server has answered is written before the next leader starts, or fenced off if it has.
      await this.#writer.end()
      this.#host.board.set({ isLeader: false, sending: 0 })
    }
  }

  async #step(window: QueueWindow, epoch: number, signal: AbortSignal): Promise<void> {
    this.#writer.throwFailure()
    const sinceReloadMs = this.#now - this.#reloadedAtMs
    if (sinceReloadMs < 0 || sinceReloadMs >= lookEveryMs) this.#needsReload = true
    if (this.#needsReload) {
      this.#needsReload = false
      this.#reloadedAtMs = this.#now
      await this.#writer.idle()
      await window.reload()
      await this.#recount()
      // What changed meanwhile may have been read by half.
      if (this.#needsReload) return undefined
    }
    window.noteGrowth(this.#grown)
    this.#grown.clear()
    const pass = this.#passes[0]
    const gate = this.#look(pass)
    if (gate.kind === 'probe') return this.#probe(pass, signal)
    if (gate.kind === 'closed') return this.#idle(pass, gate.untilMs, signal)
    if (this.#host.isManual && pass === undefined) return this.#idle(undefined, undefined, signal)
    // A page that is read while answers are written would be overtaken by them and read again.
    if (window.wantsMore) await this.#writer.idle()
    // Whoever leads later holds entries that this window does not know: what was just read may stand behind them.
    if ((await window.fill()) && (await this.#host.store.readLeadership())?.epoch !== epoch) {
      throw new SyncError('fenced', 'Another context leads now; nothing was sent.')
    }
    const plan = this.#plan(window, pass)
    window.pass(plan.passed)
    if (plan.batch.length > 0) return this.#send(window, plan.batch, epoch, pass, signal)
    if (plan.passed.length > 0 && !window.isComplete) return undefined
    if (this.#way.kind === 'open' && this.#way.connectivity === 'unknown') return this.#probe(pass, signal)
    return this.#idle(pass, plan.nextDueAtMs, signal)
  }

  /** Plans by the heads of the window, and by all of it only when those do not make a full request. */
  #plan(window: QueueWindow, pass: Pass | undefined): Plan<WindowEntry> {
    const { operationsMax } = this.#pace
    const rules = {
      nowMs: this.#now,
      waiting: pass === undefined ? window.waiting : pass.waitingOf(window.waiting),
      blockedLanes: window.blockedLanes,
      parentState: (id: OperationId) => window.parentState(id),
      policyOf: (type: string, priority: Priority) => this.#policyOf(type, priority),
      operationsMax,
      bytesMax: batchBytesMax,
      types: pass?.types,
      isBusy: false,
      isImmediate: pass !== undefined,
    }
    const plan = planBatch({ ...rules, streams: window.heads(plannedMax) })
    if (plan.batch.length >= operationsMax || priorities.every((each) => window.streams[each].length <= plannedMax))
      return plan
    return planBatch({ ...rules, streams: window.streams })
  }

  /** What stands in the way of sending. */
  #look(
    pass: Pass | undefined,
  ): { readonly kind: 'open' | 'probe' } | { readonly kind: 'closed'; readonly untilMs: number } {
    const isAsking = pass !== undefined && !pass.hasProbed
    if (this.#host.board.snapshot.authentication !== 'ok') {
      const untilMs = this.#nextSessionProbeAtMs
      const isDue = this.#now >= untilMs || untilMs - this.#now > sessionProbeMs
      return isAsking || isDue ? { kind: 'probe' } : { kind: 'closed', untilMs }
    }
    if (this.#way.kind === 'down') {
      if (isAsking || isProbeDue(this.#way, this.#now)) return { kind: 'probe' }
      return { kind: 'closed', untilMs: this.#way.nextProbeAtMs }
    }
    if (!this.#pace.isWaiting) return { kind: 'open' }
    const untilMs = this.#pace.closedUntil(isAsking)
    if (untilMs !== undefined) return { kind: 'closed', untilMs }
    // A person's wish opens the gate once; what fails after that waits like anything else.
    if (pass !== undefined) pass.hasProbed = true
    return { kind: 'open' }
  }

  async #probe(pass: Pass | undefined, signal: AbortSignal): Promise<void> {
    if (pass !== undefined) pass.hasProbed = true
    const answer = await this.#host.transport.probe(signal)
    if (signal.aborted) return
    const { environment } = this.#host
    const { random, clock } = environment
    this.#nextSessionProbeAtMs = clock.now() + sessionProbeMs
    const context = { nowMs: clock.now(), random: random.fraction(), isOnlineHint: environment.isOnlineHint() }
    this.#setWay(afterProbe(this.#way, answer.kind, context))
    if (answer.kind !== 'green' || this.#host.board.snapshot.authentication === 'ok') return
    this.#host.board.set({ authentication: this.#judge(answer.session) })
  }

  #judge(session: Session | null): SyncStatus['authentication'] {
    if (session === null) return 'required'
    return isSameSession(session, this.#host.session) ? 'ok' : 'other'
  }

  /** Nothing can be sent now: a pass is over, and the loop waits for time or a wake-up. */
  async #idle(pass: Pass | undefined, untilMs: number | undefined, signal: AbortSignal): Promise<void> {
    await this.#writer.idle()
    // Before zero is shown, the store itself is asked.
    if (pass !== undefined || this.#host.board.snapshot.pending === 0) await this.#recount()
    if (this.#host.board.snapshot.pending === 0) this.#done = 0
    if (pass !== undefined) {
      this.remove(pass)
      await pass.finish(this.#host.store)
      return
    }
    this.#host.board.set({ nextAttemptAtMs: this.#host.board.snapshot.pending > 0 ? untilMs : undefined })
    await this.#latch.wait(Math.min(untilMs ?? Number.POSITIVE_INFINITY, this.#now + lookEveryMs), signal)
    for (const priority of priorities) this.#grown.add(priority)
    this.#host.board.set({ nextAttemptAtMs: undefined })
  }

  async #send(
    window: QueueWindow,
    batch: readonly WindowEntry[],
    epoch: number,
    pass: Pass | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    this.#host.board.set({ sending: batch.length })
    const { session, device, board } = this.#host
    this.#sent += 1
    const sequence = epoch * 2 ** 20 + this.#sent
    const { pending } = board.snapshot
    const request = batchRequest(batch, window, { session, device, sequence, pending, nowMs: this.#now })
    const sending = this.#host.transport.send(request, signal)
    // What was answered before is written while this request is on its way.
    this.#writer.flush()
    const raw = await sending
    this.#host.board.set({ sending: 0 })
    if (signal.aborted) return
    const events = await this.#judgeAnswer(classify(raw, this.#now), batch, signal)
    if (events.size === 0 || signal.aborted) return
    const requests = await requestsOf(this.#host.store, batch, events, this.#changeContext())
    this.#writer.add({ requests, pass })
    const isPlain =
      requests.length === events.size && [...events.values()].every(({ event }) => event?.kind === 'applied')
    if (!isPlain || this.#writer.isBehind) return this.#writer.idle()
    // Plainly applied: the next request need not wait for the disk. A crash sends these again, as duplicates.
    window.apply(batch.filter(({ id }) => events.has(id)).map(({ id, lane }) => ({ id, lane, entry: undefined })))
  }

  /** What an answer means for each entry of its batch; empty when it acknowledges nothing. */
  async #judgeAnswer(
    verdict: Verdict,
    batch: readonly WindowEntry[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<OperationId, EntryVerdict>> {
    switch (verdict.kind) {
      case 'answered':
        return this.#acknowledge(verdict.outcomes, batch)
      case 'unauthenticated':
        this.#host.board.set({ authentication: verdict.isWrongIdentity ? 'other' : 'required' })
        this.#nextSessionProbeAtMs = this.#now + sessionProbeMs
        return nothing
      case 'too-large':
        if (batch.length > 1) return this.#narrow(batch)
        return everyOne(batch, { kind: 'refused', reason: { kind: 'too-large' } })
      case 'refused': {
        if (batch.length > 1) return this.#narrow(batch)
        const { problem } = verdict
        if (problemCodeOf(problem) === 'conflict')
          return everyOne(batch, { kind: 'conflict', conflict: { outcome: 'conflict', problem } })
        return everyOne(batch, { kind: 'refused', reason: { kind: 'refused', problem } })
      }
      case 'unreachable':
        return this.#afterFailure(verdict, batch, signal)
      case 'foreign':
        return this.#afterFailure({ kind: 'unreachable', cause: 'proxy', isAboutServer: false }, batch, signal)
    }
  }

  #acknowledge(
    outcomes: readonly OperationOutcome[],
    batch: readonly WindowEntry[],
  ): ReadonlyMap<OperationId, EntryVerdict> {
    this.#setWay(openWay)
    this.#pace.noteAnswer(batch)
    const verdicts = verdictsOf(outcomes, batch)
    const isProgress = [...verdicts.values()].some(({ event }) => event !== undefined)
    if (isProgress) {
      this.#pace.noteProgress()
      this.#host.board.set({ acknowledgedAtMs: this.#now })
      return verdicts
    }
    // An answer that decides nothing must not be asked for again in a tight loop.
    this.#pace.backOff(undefined)
    return nothing
  }

  /** The way failed for the whole batch: back off, and look whether one operation is to blame. */
  async #afterFailure(
    verdict: Extract<Verdict, { kind: 'unreachable' }>,
    batch: readonly WindowEntry[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<OperationId, EntryVerdict>> {
    if (verdict.isAboutServer || verdict.retryAfterMs !== undefined) {
      this.#pace.backOff(verdict.retryAfterMs)
      return nothing
    }
    await this.#probe(undefined, signal)
    if (signal.aborted || this.#way.kind === 'down') return nothing
    if (batch.length > 1) return this.#narrow(batch)
    const [only] = batch
    if (only === undefined) return nothing
    if (this.#pace.noteLoneFailure(only.id) === 'way') return nothing
    const { cause, status } = verdict
    return everyOne(batch, { kind: 'failed', failure: { cause, ...(status !== undefined && { status }) } })
  }

  #narrow(batch: readonly WindowEntry[]): ReadonlyMap<OperationId, EntryVerdict> {
    this.#pace.narrow(batch)
    return nothing
  }

  #takeOver(window: QueueWindow, answered: readonly Answered[], reports: readonly UpdateReport[]): void {
    const counts = { ...this.#host.board.snapshot.counts }
    const asked = answered.flatMap(({ requests, pass }) => requests.map(({ entry }) => ({ before: entry, pass })))
    for (const [index, { entry, isChanged }] of reports.entries()) {
      const { before, pass } = asked[index] ?? {}
      // Somebody else was faster, and may have put something in its place.
      if (!isChanged) this.#needsReload = true
      if (!isChanged || before === undefined) continue
      count(counts, before.state.kind, -1)
      count(counts, entry.state.kind, 1)
      if (isLive(before) && !isLive(entry)) this.#done += 1
      pass?.note(idOf(entry), isLive(entry) ? entry.operation.type : entry.type, entry.state)
    }
    window.apply(
      reports
        .filter(({ entry }) => entry.state.kind !== 'queued')
        .map(({ entry }) => ({
          id: idOf(entry),
          lane: isLive(entry) ? entry.operation.lane : entry.lane,
          entry: isLive(entry) ? entry : undefined,
        })),
    )
    this.#setCounts(counts)
    this.#host.announce(reports)
  }

  async #recount(): Promise<void> {
    this.#setCounts(await this.#host.store.counts())
  }

  #setCounts(counts: StoreCounts): void {
    const total = this.#done + counts.queued + counts.waiting
    this.#host.board.set({ counts, progress: { done: this.#done, total } })
  }

  #setWay(way: WayState): void {
    this.#way = way
    this.#host.board.set({ connectivity: way.connectivity })
  }

  #policyOf(type: string, priority: Priority): Policy | undefined {
    return this.#host.definitions.get(type)?.policyFor(priority)
  }

  #changeContext(): ChangeContext {
    return {
      nowMs: this.#now,
      random: this.#host.environment.random.fraction(),
      policyOf: ({ type, priority }) => this.#policyOf(type, priority),
    }
  }

  get #now(): number {
    return this.#host.environment.clock.now()
  }
}

function count(counts: { -readonly [K in keyof StoreCounts]: number }, kind: string, by: number): void {
  if (kind === 'queued' || kind === 'waiting' || kind === 'conflicted' || kind === 'dead') {
    counts[kind] = Math.max(0, counts[kind] + by)
  }
}
