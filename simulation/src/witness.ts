/**
 * The witness: knows every intent and sees every commit, every request and every acknowledgement in the instant in
 * which they happen. What can be judged at once is judged here; what only shows at the end is in final-checks.ts.
 */
import {
  isHeld,
  isRecord,
  overdueAgeMs,
  problemCodeOf,
  type BatchRequest,
  type OperationId,
  type OperationOutcome,
} from '@holdfast/core'
import type { MemoryDisk } from '../../packages/client/src/store/memory-store.ts'
import { idOf, isLive, type LiveEntry, type StoredEntry } from '../../packages/client/src/store/store.ts'
import { tokenOf } from './domain.ts'
import type { FaultKind } from './faults.ts'
import type { Journal } from './journal.ts'
import { LeaseWatch } from './lease-watch.ts'
import { PageWatch, type Page } from './page-watch.ts'
import type { AppliedBatch, ServerModel, SimSession } from './server-model.ts'
import type { SimClock } from './sim-clock.ts'
import type { SimContext } from './sim-context.ts'
import { findOn, type SimDisk } from './sim-disk.ts'
import type { DiskWatch } from './sim-storage.ts'

/** What a person wanted, once. */
export interface Intent {
  readonly token: number
  readonly session: SimSession
  readonly device: string
  readonly lane: string
  /** True where its place in its lane says nothing about the order of effects. */
  isSkipping: boolean
  /** The ids under which it was acknowledged or stored, latest last. */
  readonly ids: OperationId[]
  acknowledgedId: OperationId | undefined
  /** What it was to come after. */
  readonly parent: number | undefined
  /** Its device has lost its storage: nobody can bring it back. */
  isLost: boolean
  /** It came back with a backup, or lives on two devices: what a person did with one copy, the other does not know. */
  isCopied: boolean
}

/** A queue: one identity on one device. */
export interface Queue {
  readonly device: string
  readonly session: SimSession
  /** Another one after an eviction, or when a backup was restored. */
  disk: SimDisk
}

/** As many requests without any result in {@link fruitlessWindowMs} are a tight loop. */
const fruitlessMax = 30
const fruitlessWindowMs = 60_000

/** What was answered before the network went is written by then, ms: the longest time-out, and a slow disk. */
const offlineMarginMs = 90_000

/** How long after a pause a leader may go on that missed the message, ms: it reads everything anew every five minutes. */
const pauseHeardMs = 420_000

/** How far apart two ages must be to be told apart: entries of two tabs are stamped before they are ordered, ms. */
const ageMarginMs = 60_000

/** Sees everything. */
export class Witness {
  readonly intents: Map<number, Intent> = new Map()
  /** The newer tokens whose operations have absorbed those of an older one, by that. */
  readonly heirs: Map<number, Set<number>> = new Map()
  readonly tokenOfId: Map<OperationId, number> = new Map()
  /** Tokens in the order in which a queue stored them, by queue and lane. */
  readonly stored: Map<string, number[]> = new Map()
  readonly pages: PageWatch
  /** Requests that have left. */
  requestCount = 0
  #pauses: readonly {
    readonly queue: Queue
    readonly types: readonly string[] | undefined
    readonly sinceMs: number
  }[] = []
  readonly #resumes = new Map<Queue, number>()
  readonly #journal: Journal
  readonly #clock: SimClock
  readonly #server: ServerModel
  /** Tokens that have taken effect. */
  readonly #effects = new Set<number>()
  readonly #firstStoredAtMs = new Map<number, number>()
  readonly #lastKnown = new Map<Queue, Map<OperationId, StoredEntry['state']>>()
  readonly #leases: LeaseWatch
  readonly #inFlight = new Map<Queue, Set<SimContext>>()
  readonly #offlineSinceMs = new Map<string, number>()
  readonly #freezeAtMs = new Map<string, number>()
  readonly #sentAtMs = new Map<SimContext, number[]>()
  readonly #waits = new Map<SimContext, { readonly untilMs: number; readonly sinceMs: number }>()
  readonly #jumpedAtMs = new Map<string, number>()

  constructor(journal: Journal, clock: SimClock, server: ServerModel) {
    this.pages = new PageWatch(journal)
    this.#leases = new LeaseWatch(journal)
    this.#journal = journal
    this.#clock = clock
    this.#server = server
  }

  /** The clock of a device was changed. */
  noteJump(device: string): void {
    this.#jumpedAtMs.set(device, this.#clock.nowMs)
  }

  /** A device has a network or has none. */
  noteNetwork(device: string, isOffline: boolean): void {
    if (!isOffline) this.#offlineSinceMs.delete(device)
    else if (!this.#offlineSinceMs.has(device)) this.#offlineSinceMs.set(device, this.#clock.nowMs)
  }

  /** A page of a device was frozen or thawed: what it had in its hands is handled late. */
  noteFreeze(device: string): void {
    this.#freezeAtMs.set(device, this.#clock.nowMs)
  }

  /** A device lost power: what was known of its entries may be undone. */
  notePowerCut(): void {
    this.#lastKnown.clear()
  }

  /** A person has let others go before an entry. */
  loseOrder(id: OperationId): void {
    const token = this.tokenOfId.get(id)
    const intent = token === undefined ? undefined : this.intents.get(token)
    if (intent !== undefined) intent.isSkipping = true
  }

  /** A queue has become another one: nothing, what it once was, or a copy of somebody else's. */
  noteLoss(queue: Queue, left: MemoryDisk | undefined): void {
    this.noteResume(queue)
    this.#lastKnown.delete(queue)
    for (const intent of this.intents.values()) {
      if (intent.session !== queue.session) continue
      if (intent.device === queue.device) this.#firstStoredAtMs.delete(intent.token)
      const isThere = left !== undefined && intent.ids.some((id) => findOn(left, id) !== undefined)
      if (isThere) intent.isCopied = true
      else if (intent.device === queue.device) intent.isLost = true
    }
  }

  /** True for an operation of which a device has lost its own knowledge. */
  isForsaken(id: OperationId): boolean {
    const token = this.tokenOfId.get(id)
    const intent = token === undefined ? undefined : this.intents.get(token)
    return intent !== undefined && (intent.isLost || intent.isCopied)
  }

  /** A person was told that an entry is discarded: that must survive anything. */
  noteDiscarded(id: OperationId, { disk }: Queue): void {
    const state = findOn(disk.platter, id)?.state
    if (state !== undefined && state.kind !== 'discarded' && state.kind !== 'applied') {
      this.#journal.violate(
        'I1',
        `the discard of ${this.tokenOfId.get(id)} was confirmed before it was stored strictly`,
      )
    }
  }

  /** `enqueue` has resolved: from now on the operation must survive anything. */
  acknowledge(intent: Intent, id: OperationId, page: Page, { disk }: Queue): void {
    intent.acknowledgedId = id
    if (!intent.ids.includes(id)) intent.ids.push(id)
    this.tokenOfId.set(id, intent.token)
    if (findOn(disk.platter, id) === undefined) {
      this.#journal.violate('I1', `${intent.token} was acknowledged before it was stored strictly`)
    }
    const stored = findOn(disk.live, id)
    if (stored !== undefined && isLive(stored)) this.pages.noteAcknowledged(page, id)
  }

  /** Hears of what a context commits to a queue. */
  watchDisk(queue: Queue, context: SimContext): DiskWatch {
    return {
      onClaiming: () => {
        this.#leases.noteClaiming(context)
      },
      onClaimed: () => {
        this.#leases.noteClaimed(context, queue.disk.live)
      },
      onLeadershipRead: (epoch) => {
        this.#leases.noteRead(context, epoch)
      },
      onAppended: (entries) => {
        for (const entry of entries) this.#noteStored(queue, entry)
      },
      onUpdated: (_requests, reports, { epoch }) => {
        for (const { entry, isChanged, replacement } of reports) {
          if (replacement !== undefined) this.#noteStored(queue, replacement)
          if (!isChanged) continue
          this.#noteChanged(queue, entry, epoch !== undefined)
          const name = this.tokenOfId.get(idOf(entry)) ?? idOf(entry)
          if (entry.state.kind === 'applied') this.#leases.judgeMark(context, name, queue.disk.live)
        }
        if (reports.some(({ isChanged }) => isChanged)) this.#sentAtMs.clear()
      },
    }
  }

  /** Somebody pauses types of a queue, or all of it; the result is to be called when they are told so. */
  notePause(queue: Queue, types: readonly string[] | undefined): () => void {
    const resumes = this.#resumes.get(queue)
    return () => {
      // Resumed before they heard of their pause: nobody knows which of the two came last.
      if (this.#resumes.get(queue) !== resumes) return
      this.#pauses = [...this.#pauses, { queue, types, sinceMs: this.#clock.nowMs }]
      this.#journal.note(`  ${types?.join(' ') ?? 'everything'} of ${nameOf(queue.session)} is paused`)
    }
  }

  /** Somebody is about to resume everything of a queue. */
  noteResume(queue: Queue): void {
    this.#pauses = this.#pauses.filter((pause) => pause.queue !== queue)
    this.#resumes.set(queue, (this.#resumes.get(queue) ?? 0) + 1)
    this.#journal.note(`  ${nameOf(queue.session)} resumes`)
  }

  #judgePause(queue: Queue, { operations }: BatchRequest): void {
    for (const pause of this.#pauses) {
      if (pause.queue !== queue || this.#clock.nowMs - pause.sinceMs < pauseHeardMs) continue
      const sent = operations.find(({ type }) => pause.types?.includes(type) !== false)
      if (sent !== undefined) this.#journal.violate('I10', `${sent.type} was sent long after it was paused`)
    }
  }

  /** A batch leaves a context. */
  noteSend(queue: Queue, context: SimContext, batch: BatchRequest): void {
    const nowMs = this.#clock.nowMs
    this.#journal.note(`${context.name} > ${batch.operations.map(({ id }) => this.tokenOfId.get(id) ?? '?').join(' ')}`)
    const wait = this.#waits.get(context)
    const hasJumped = wait !== undefined && (this.#jumpedAtMs.get(queue.device) ?? 0) >= wait.sinceMs
    if (wait !== undefined && !hasJumped && nowMs < wait.untilMs - 1) {
      this.#journal.violate('I10', `${context.name} was asked to wait ${(wait.untilMs - nowMs) / 1000} s more`)
    }
    const sent = (this.#sentAtMs.get(context) ?? []).filter((atMs) => atMs > nowMs - fruitlessWindowMs)
    sent.push(nowMs)
    this.#sentAtMs.set(context, sent)
    if (sent.length > fruitlessMax) {
      this.#journal.violate('I10', `${context.name} sent ${sent.length} requests in a minute for nothing`)
    }
    const inFlight = this.#inFlight.get(queue) ?? new Set()
    this.#inFlight.set(queue, inFlight)
    for (const other of inFlight) if (other.isDead) inFlight.delete(other)
    if (inFlight.size > 0 && !inFlight.has(context)) this.#journal.fault('sent-by-two-contexts')
    inFlight.add(context)
    this.requestCount += 1
    this.#judgeSender(queue, batch)
    this.#judgePause(queue, batch)
    if (!this.#jumpedAtMs.has(queue.device)) this.#judgeUrgency(batch)
  }

  /** True while a request of a context is on its way. */
  isSending(context: SimContext): boolean {
    return [...this.#inFlight.values()].some((contexts) => contexts.has(context))
  }

  /** The request of a context is over. */
  noteDone(queue: Queue, context: SimContext): void {
    this.#inFlight.get(queue)?.delete(context)
  }

  /** Until when the server has asked one of these contexts to wait, ms. */
  askedUntilMs(contexts: readonly SimContext[]): number {
    return Math.max(0, ...contexts.map((context) => this.#waits.get(context)?.untilMs ?? 0))
  }

  /** A batch was applied: nothing in it may have come with somebody else's session, or before what it needs. */
  noteApplied({ asker, operations, outcomes }: AppliedBatch): void {
    for (const [index, outcome] of outcomes.entries()) {
      const kind = faultOf(outcome)
      if (kind !== undefined) this.#journal.fault(kind)
      const token = tokenOf(operations[index]?.payload ?? null)
      if (outcome.outcome !== 'applied' || token === undefined) continue
      this.#effects.add(token)
      // What comes after an older one comes after what has absorbed it.
      for (const id of operations[index]?.absorbs ?? []) {
        const older = this.tokenOfId.get(id) ?? token
        this.#effects.add(older)
        this.heirs.set(older, (this.heirs.get(older) ?? new Set()).add(token))
      }
      const parent = this.intents.get(token)?.parent
      if (parent !== undefined && !this.#effects.has(parent)) {
        this.#journal.violate('I3', `${token} took effect before ${parent}, which it comes after`)
      }
    }
    for (const { id, payload } of operations) {
      const token = tokenOf(payload) ?? this.tokenOfId.get(id)
      const maker = token === undefined ? undefined : this.intents.get(token)?.session
      if (maker === undefined || (maker.tenant === asker.tenant && maker.user === asker.user)) continue
      this.#journal.violate('I5', `${token} of ${nameOf(maker)} was taken from a session of ${nameOf(asker)}`)
    }
  }

  /** The server asked a context to wait. */
  noteAskedToWait(context: SimContext, waitMs: number): void {
    const nowMs = this.#clock.nowMs
    this.#waits.set(context, { sinceMs: nowMs, untilMs: nowMs + waitMs })
  }

  #knownOf(queue: Queue): Map<OperationId, StoredEntry['state']> {
    const known = this.#lastKnown.get(queue) ?? new Map<OperationId, StoredEntry['state']>()
    this.#lastKnown.set(queue, known)
    return known
  }

  #noteStored(queue: Queue, { operation }: LiveEntry): void {
    const { device, session } = queue
    const token = tokenOf(operation.payload)
    const parents = (operation.after ?? []).map((id) => this.tokenOfId.get(id) ?? id).join(' ')
    this.#journal.note(
      `  ${token ?? operation.id} stands in ${operation.lane} of ${nameOf(session)} after [${parents}]`,
    )
    this.#knownOf(queue).set(operation.id, { kind: 'queued' })
    if (token === undefined) return
    if (!this.#firstStoredAtMs.has(token)) this.#firstStoredAtMs.set(token, this.#clock.nowMs)
    this.tokenOfId.set(operation.id, token)
    const intent = this.intents.get(token)
    if (intent === undefined) return
    if (!intent.ids.includes(operation.id)) intent.ids.push(operation.id)
    const key = laneKey(device, session, operation.lane)
    const order = this.stored.get(key) ?? []
    if (!order.includes(token)) order.push(token)
    this.stored.set(key, order)
  }

  /** What a queue says of an entry must be true on the server at that moment. */
  #noteChanged(queue: Queue, entry: StoredEntry, isByLeader: boolean): void {
    const { session } = queue
    const id = idOf(entry)
    const { state } = entry
    this.#journal.note(`  ${this.tokenOfId.get(id) ?? id} is ${state.kind}`)
    if (!isLive(entry)) this.pages.noteSettled(id)
    const known = this.#knownOf(queue)
    const before = known.get(id)
    known.set(id, state)
    const isTrue = this.#server.isApplied(session.tenant, id)
    const name = this.tokenOfId.get(id) ?? id
    if (state.kind === 'applied' && !isTrue && !this.#server.hasTakenEffect(session.tenant, id)) {
      this.#journal.violate('I12', `${name} is called applied and the server knows nothing of it`)
    }
    if (state.kind === 'discarded' && state.cause === 'person' && state.isCertain && isTrue) {
      this.#journal.violate('I12', `${name} is called discarded for certain and was applied`)
    }
    if (state.kind === 'dead' && state.reason.kind === 'rejected' && isTrue) {
      this.#journal.violate('I12', `${name} is called refused and was applied`)
    }
    if (isByLeader) this.#judgeAttempts(queue, name, before, state)
    const isGivenUp = state.kind === 'discarded' && state.cause === 'person'
    if (isByLeader && isGivenUp && before !== undefined && before.kind !== 'discarded') {
      this.#journal.violate('I8', `${name} was ${before.kind} and was discarded by nobody`)
    }
    if (isLive(entry) && (before?.kind === 'applied' || before?.kind === 'discarded')) {
      this.#journal.violate('I2', `${name} was ${before.kind} and came back to life as ${state.kind}`)
    }
  }

  /** Without a network nobody has answered: that uses up no attempt, however long it lasts. */
  #judgeAttempts({ device }: Queue, name: number | string, before: State | undefined, state: State): void {
    const sinceMs = this.#offlineSinceMs.get(device)
    if (sinceMs === undefined || sinceMs > this.#clock.nowMs - offlineMarginMs) return
    if ((this.#freezeAtMs.get(device) ?? 0) >= sinceMs - offlineMarginMs) return
    const isUsed = isHeld(state) && before !== undefined && attemptsOf(state) > attemptsOf(before)
    if (isUsed) this.#journal.violate('I8', `${name} used up an attempt while there was no network`)
  }

  #judgeSender({ session }: Queue, batch: BatchRequest): void {
    for (const { id, payload } of batch.operations) {
      const token = tokenOf(payload) ?? this.tokenOfId.get(id)
      const maker = token === undefined ? undefined : this.intents.get(token)?.session
      const isOwn = batch.tenant === session.tenant && batch.user === session.user
      const isMaker = maker === undefined || (maker.tenant === batch.tenant && maker.user === batch.user)
      if (!isOwn || !isMaker) this.#journal.violate('I5', `${token} was sent as ${batch.user} of ${batch.tenant}`)
    }
  }

  #judgeUrgency({ operations }: BatchRequest): void {
    let fresh: (typeof operations)[number] | undefined
    for (const operation of operations) {
      const token = tokenOf(operation.payload)
      // It has waited for as long as the oldest of those that it has absorbed.
      const tokens = [token, ...(operation.absorbs ?? []).map((id) => this.tokenOfId.get(id))]
      const times = tokens.flatMap((each) => (each === undefined ? [] : (this.#firstStoredAtMs.get(each) ?? [])))
      const storedAtMs = times.length === 0 ? undefined : Math.min(...times)
      // What came from another device was stamped by another clock.
      const isCopied = tokens.some((each) => each !== undefined && this.intents.get(each)?.isCopied === true)
      if (token === undefined || storedAtMs === undefined || isCopied) continue
      const ageMs = this.#clock.nowMs - storedAtMs
      if (operation.ageMs < ageMs - ageMarginMs) {
        this.#journal.violate('I6', `${token} is ${ageMs} ms old and is sent as ${operation.ageMs} ms old`)
      }
      if (ageMs < overdueAgeMs - ageMarginMs) fresh = operation
      else if (ageMs > overdueAgeMs + ageMarginMs && fresh !== undefined && fresh.lane !== operation.lane) {
        this.#journal.violate('I6', `${token} is overdue and goes after a fresh one`)
      }
    }
  }
}

type State = StoredEntry['state']

/** Attempts that have counted. */
function attemptsOf(state: State): number {
  return isHeld(state) ? state.attempts : 0
}

/** The fault that an outcome tells of. */
function faultOf(outcome: OperationOutcome): FaultKind | undefined {
  if (outcome.outcome === 'conflict') return 'conflict'
  if (outcome.outcome !== 'deferred' && outcome.outcome !== 'rejected') return undefined
  switch (problemCodeOf(outcome.problem)) {
    case 'in-progress':
      return 'operation-before-parent'
    case 'parent-refused':
      return 'parent-refused'
    case 'refused':
      return 'operation-refused'
    case 'internal':
      return 'operation-broke-server'
    default:
      return undefined
  }
}

/** Names a lane of a queue. */
export function laneKey(device: string, { tenant, user }: SimSession, lane: string): string {
  return `${device} ${tenant}/${user} ${lane}`
}

/** The name of an identity. */
export function nameOf({ tenant, user }: SimSession): string {
  return `${tenant}/${user}`
}

/** The code of an error, or `undefined` when it has none. */
export function codeOf(error: unknown): string | undefined {
  return isRecord(error) && typeof error['code'] === 'string' ? error['code'] : undefined
}
