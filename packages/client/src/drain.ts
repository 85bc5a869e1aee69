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
  type AnyOperationDefinition,
  type OperationId,
  type Plan,
  type PlanInput,
  type Policy,
  type Priority,
} from '@holdfast/core'
import { requestsOf, type ChangeContext } from './answer.ts'
import { AnswerJudge } from './answer-judge.ts'
import { AnswerWriter, type Answered } from './answer-writer.ts'
import { batchRequest } from './batch-request.ts'
import { Latch } from './coordination/latch.ts'
import type { Counting, Step } from './counting.ts'
import type { Environment } from './environment.ts'
import { isWider, type HeldBack } from './held-back.ts'
import { Gate } from './gate.ts'
import type { Pass } from './pass.ts'
import { QueueWindow, type LiveOrGone } from './queue-window.ts'
import type { StatusBoard } from './status.ts'
import type { Session } from './store/registry.ts'
import { idOf, isLive, type Store, type StoredEntry, type UpdateReport } from './store/store.ts'
import type { Transport } from './transport/transport.ts'
import type { WaitingEntry, WindowEntry } from './window-entry.ts'

/**
 * How often a leader reads everything anew, with messages between contexts and without, ms: a context that dies right after its commit tells nobody what it stored,
 * or what a person did there.
 */
const [lookEveryMs, deafLookEveryMs] = [300_000, 10_000]

/** Entries of each priority that a plan looks at first: somewhat more than a request takes. */
const plannedMax = 128

/** The gate while everything is held back: only news opens it. */
const standStill = { kind: 'closed', untilMs: undefined } as const

/** What the drain needs from its outbox. */
export interface DrainHost {
  readonly environment: Environment
  readonly store: Store
  /** True while what was answered has to wait for room on the disk, so much of it that nothing more should be sent. */
  readonly isStoreFull: () => boolean
  readonly transport: Transport
  readonly session: Session
  readonly device: string
  readonly definitions: ReadonlyMap<string, AnyOperationDefinition>
  readonly heldBack: HeldBack
  readonly board: StatusBoard
  readonly counting: Counting
  /** Tells everybody what an update has changed. */
  readonly announce: (reports: readonly UpdateReport[]) => void
}

/** The loop that sends. One per outbox; it runs while this context leads. */
export class Drain {
  readonly #host: DrainHost
  readonly #latch: Latch
  readonly #passes: Pass[] = []
  readonly #gate: Gate
  readonly #judge: AnswerJudge
  #needsReload = false
  #reloadedAtMs = 0
  readonly #grown = new Set<Priority>()
  readonly #writer: AnswerWriter
  #sent = 0
  /** The types that could go when the window was last planned. */
  #types: ReadonlySet<string> | undefined

  constructor(host: DrainHost) {
    this.#host = host
    this.#latch = new Latch(host.environment.clock)
    this.#gate = new Gate(host)
    this.#judge = new AnswerJudge(this.#gate, host.board, host.environment.clock)
    this.#writer = new AnswerWriter(host, () => {
      this.#latch.set()
    })
  }

  /** Entries were appended, here or elsewhere. */
  noteGrowth(grown: readonly Priority[]): void {
    for (const priority of grown) this.#grown.add(priority)
    this.#gate.noteGrowth()
    this.#latch.set()
  }

  /** Somebody changed entries outside this loop. */
  noteActs(): void {
    this.#needsReload = true
    this.#latch.set()
  }

  /** The network may be back, or the page is visible again. */
  noteHint(): void {
    this.#gate.noteHint()
    for (const priority of priorities) this.#grown.add(priority)
    this.#latch.set()
  }

  /** The person has signed in: look at the session now. */
  noteAuthenticated(): void {
    this.#gate.noteAuthenticated()
    this.#latch.set()
  }

  /** Asks for a pass; it begins when this context leads. */
  add(pass: Pass): void {
    this.#passes.push(pass)
    for (const priority of priorities) this.#grown.add(priority)
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
    const window = new QueueWindow(this.#host.store, epoch)
    this.#needsReload = true
    // What the leader before was sending when it went is not in flight any more.
    this.#host.board.set({ isLeader: true, sendingIds: [], nextAttemptAtMs: undefined })
    this.#writer.begin({
      epoch,
      onWritten: (answered, reports) => {
        this.#takeOver(window, answered, reports)
      },
    })
    try {
      while (!signal.aborted) await this.#step(window, epoch, signal)
    } finally {
      // What the server has answered is written before the next leader starts, or fenced off if it has.
      await this.#writer.end()
      this.#host.board.set({ isLeader: false, sendingIds: [] })
    }
  }

  async #step(window: QueueWindow, epoch: number, signal: AbortSignal): Promise<void> {
    this.#writer.throwFailure()
    const sinceReloadMs = this.#now - this.#reloadedAtMs
    if (sinceReloadMs < 0 || sinceReloadMs >= this.#lookEveryMs) this.#needsReload = true
    if (this.#needsReload) {
      this.#needsReload = false
      this.#reloadedAtMs = this.#now
      await this.#writer.idle()
      await this.#host.heldBack.load()
      this.#host.heldBack.forget()
      await window.reload()
      await this.#host.counting.recount()
      // What changed meanwhile may have been read by half.
      if (this.#needsReload) return undefined
    }
    const pass = this.#passes[0]
    if (pass !== undefined && pass.ends === undefined) pass.begin(await this.#host.store.readEnds())
    window.noteGrowth(this.#grown)
    this.#grown.clear()
    const types = this.#host.heldBack.typesFor(pass)
    // What was kept out of the window may go now.
    if (isWider(types, this.#types)) {
      this.#host.heldBack.forget()
      window.reconsider()
    }
    this.#types = types
    // Everything is held back: no request, no probe.
    const gate = types?.size === 0 ? standStill : this.#gate.look(pass)
    if (gate.kind === 'probe') return this.#gate.probe(pass, signal)
    if (gate.kind === 'closed') {
      if (types !== undefined) await this.#watchHeldBack(window, pass, types)
      if (this.#needsReload) return undefined
      return this.#idle(pass, gate.untilMs, signal)
    }
    if (this.#host.isStoreFull()) return this.#idle(pass, undefined, signal)
    // A page that is read while answers are written would be overtaken by them and read again.
    if (window.wantsMore) await this.#writer.idle()
    // A person has changed an entry, and what stands in its place may be in none of the pages.
    if (await window.fill()) this.#needsReload = true
    if (this.#needsReload) return undefined
    const plan = this.#plan(window, pass, types)
    if (types !== undefined) this.#host.heldBack.watch([...plan.passed, ...window.waiting])
    window.pass(plan.passed)
    if (pass !== undefined && this.#isOver(window, pass, plan, types)) return this.#finish(pass)
    if (plan.batch.length > 0) return this.#send(window, plan.batch, epoch, pass, signal)
    if (plan.passed.length > 0 && !window.isComplete) return undefined
    if (this.#gate.isUntried) return this.#gate.probe(pass, signal)
    return this.#idle(pass, plan.nextDueAtMs, signal)
  }

  /** True when more can be sent, and nothing of what was there when the pass began: others go on storing meanwhile. */
  #isOver(
    window: QueueWindow,
    pass: Pass,
    { batch }: Plan<WindowEntry>,
    types: ReadonlySet<string> | undefined,
  ): boolean {
    if (batch.length === 0 || batch.some((entry) => pass.covers(entry))) return false
    if (pass.ends === undefined || !window.hasRead(pass.ends)) return false
    const { high, medium, low } = window.streams()
    const covered = (entries: readonly WindowEntry[]): readonly WindowEntry[] =>
      entries.filter((entry) => pass.covers(entry))
    const rules = this.#rules(window, pass, types)
    const waiting = rules.waiting.filter((entry) => pass.covers(entry))
    const streams = { high: covered(high), medium: covered(medium), low: covered(low) }
    return planBatch({ ...rules, waiting, streams }).batch.length === 0
  }

  /** Plans by the heads of the window, and by all of it only when those do not make a full request. */
  #plan(window: QueueWindow, pass: Pass | undefined, types: ReadonlySet<string> | undefined): Plan<WindowEntry> {
    const rules = this.#rules(window, pass, types)
    const plan = planBatch({ ...rules, streams: window.streams(plannedMax) })
    if (plan.batch.length >= rules.operationsMax || window.longest <= plannedMax) return plan
    return planBatch({ ...rules, streams: window.streams() })
  }

  /** What plans depend on, but for the streams. */
  #rules(
    window: QueueWindow,
    pass: Pass | undefined,
    types: ReadonlySet<string> | undefined,
  ): Omit<PlanInput<WindowEntry>, 'streams' | 'waiting'> & { readonly waiting: readonly WaitingEntry[] } {
    return {
      nowMs: this.#now,
      waiting: pass === undefined ? window.waiting : pass.waitingOf(window.waiting),
      blockedLanes: window.blockedLanes,
      isAhead: (entry: WindowEntry) => window.isAhead(entry),
      parentState: (id: OperationId) => window.parentState(id),
      policyOf: (type: string, priority: Priority) => this.#policyOf(type, priority),
      operationsMax: this.#gate.pace.operationsMax,
      bytesMax: batchBytesMax,
      types,
      isBusy: false,
      isImmediate: pass !== undefined,
    }
  }

  /** Nothing can be sent, and some of it will not be later either: the oldest of that tell whether to warn. */
  async #watchHeldBack(window: QueueWindow, pass: Pass | undefined, types: ReadonlySet<string>): Promise<void> {
    await this.#writer.idle()
    if (await window.fill()) this.#needsReload = true
    const { high, medium, low } = window.streams(1)
    // Of all that stays, the heads are the oldest; of some, what the plan passes is.
    const stays = types.size === 0 ? [...high, ...medium, ...low] : this.#plan(window, pass, types).passed
    this.#host.heldBack.watch([...stays, ...window.waiting])
  }

  /** Nothing can be sent now: a pass is over, and the loop waits for time or a wake-up. */
  async #idle(pass: Pass | undefined, untilMs: number | undefined, signal: AbortSignal): Promise<void> {
    if (pass !== undefined) return this.#finish(pass)
    await this.#writer.idle()
    if (this.#host.counting.isInDoubt) await this.#host.counting.recount()
    this.#host.heldBack.warn()
    this.#host.board.set({ nextAttemptAtMs: this.#host.board.snapshot.pending > 0 ? untilMs : undefined })
    await this.#latch.wait(Math.min(untilMs ?? Number.POSITIVE_INFINITY, this.#now + this.#lookEveryMs), signal)
    // Whoever stored something may have died before it told anybody. But in a burst each group wakes this loop: then
    // only the log that has grown is read.
    if (this.#grown.size === 0) for (const priority of priorities) this.#grown.add(priority)
    this.#host.board.set({ nextAttemptAtMs: undefined })
  }

  async #finish(pass: Pass): Promise<void> {
    await this.#writer.idle()
    const counts = await this.#host.counting.recount()
    this.#host.heldBack.warn()
    await pass.finish(this.#host.store, counts)
    // Not before: one that could not be finished because the store failed is made again.
    this.remove(pass)
  }

  async #send(
    window: QueueWindow,
    batch: readonly WindowEntry[],
    epoch: number,
    pass: Pass | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    this.#host.board.set({ sendingIds: batch.map(({ id }) => id) })
    const { session, device, board } = this.#host
    this.#sent += 1
    const sequence = epoch * 2 ** 20 + this.#sent
    const { pending } = board.snapshot
    const request = batchRequest(batch, window, { session, device, sequence, pending, nowMs: this.#now })
    const sending = this.#host.transport.send(request, signal)
    // What was answered before is written while this request is on its way.
    this.#writer.flush()
    const raw = await sending
    this.#host.board.set({ sendingIds: [] })
    if (signal.aborted) return
    const events = await this.#judge.judge(classify(raw, this.#now), batch, signal)
    if (events.size === 0 || signal.aborted) return
    const requests = await requestsOf(this.#host.store, batch, events, this.#changeContext())
    const isPlain =
      requests.length === events.size && [...events.values()].every(({ event }) => event?.kind === 'applied')
    this.#writer.add({ requests, pass, isPlain })
    if (!isPlain) return this.#writer.idle()
    // Plainly applied: the next request need not wait for the disk. A crash sends these again, as duplicates.
    window.apply(batch.filter(({ id }) => events.has(id)).map(({ id, lane }) => ({ id, lane, entry: undefined })))
    if (this.#writer.isBehind) return this.#writer.idle()
  }

  #takeOver(window: QueueWindow, answered: readonly Answered[], reports: readonly UpdateReport[]): void {
    const steps: Step[] = []
    const moved: LiveOrGone[] = []
    const asked = answered.flatMap(({ requests, pass, isPlain }) =>
      requests.map(({ entry }) => ({ before: entry, pass, isPlain })),
    )
    for (const [index, { entry, isChanged }] of reports.entries()) {
      const { before, pass, isPlain } = asked[index] ?? {}
      if (entry.state.kind !== 'queued' && !(isChanged && isPlain === true)) moved.push(liveOrGone(entry))
      // Somebody else was faster, and may have put something in its place.
      if (!isChanged) this.#needsReload = true
      if (!isChanged || before === undefined) continue
      steps.push({ before, after: entry })
      pass?.note(idOf(entry), isLive(entry) ? entry.operation.type : entry.type, entry.state)
    }
    window.apply(moved)
    this.#host.counting.noteSteps(steps)
    this.#host.announce(reports)
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

  get #lookEveryMs(): number {
    return this.#host.environment.lacks?.has('channels') === true ? deafLookEveryMs : lookEveryMs
  }

  get #now(): number {
    return this.#host.environment.clock.now()
  }
}

function liveOrGone(entry: StoredEntry): LiveOrGone {
  return {
    id: idOf(entry),
    lane: isLive(entry) ? entry.operation.lane : entry.lane,
    entry: isLive(entry) ? entry : undefined,
    isSuperseded: entry.state.kind === 'discarded' && entry.state.cause === 'superseded',
  }
}
