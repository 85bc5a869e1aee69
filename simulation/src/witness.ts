/**
 * The witness: knows every intent and sees every commit, every request and every acknowledgement in the instant in
 * which they happen. What can be judged at once is judged here; what only shows at the end is in final-checks.ts.
 */
import { isRecord, overdueAgeMs, type BatchRequest, type OperationId } from '@holdfast/core'
import { idOf, isLive, type LiveEntry, type StoredEntry } from '../../packages/client/src/store/store.ts'
import { tokenOf } from './domain.ts'
import type { Journal } from './journal.ts'
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
}

/** A queue: one identity on one device. */
export interface Queue {
  readonly device: string
  readonly session: SimSession
  readonly disk: SimDisk
}

/** As many requests without any result in {@link fruitlessWindowMs} are a tight loop. */
const fruitlessMax = 30
const fruitlessWindowMs = 60_000

/** How far apart two ages must be to be told apart: entries of two tabs are stamped before they are ordered, ms. */
const ageMarginMs = 60_000

/** Sees everything. */
export class Witness {
  readonly intents: Map<number, Intent> = new Map()
  readonly tokenOfId: Map<OperationId, number> = new Map()
  /** Tokens in the order in which a queue stored them, by queue and lane. */
  readonly stored: Map<string, number[]> = new Map()
  readonly pages: PageWatch
  readonly #journal: Journal
  readonly #clock: SimClock
  readonly #server: ServerModel
  readonly #lastKnown = new Map<OperationId, string>()
  readonly #sentAtMs = new Map<SimContext, number[]>()
  readonly #waits = new Map<SimContext, { readonly untilMs: number; readonly sinceMs: number }>()
  readonly #jumpedAtMs = new Map<string, number>()

  constructor(journal: Journal, clock: SimClock, server: ServerModel) {
    this.pages = new PageWatch(journal)
    this.#journal = journal
    this.#clock = clock
    this.#server = server
  }

  /** The clock of a device was changed. */
  noteJump(device: string): void {
    this.#jumpedAtMs.set(device, this.#clock.nowMs)
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

  /** Hears of the commits of a queue. */
  watchDisk(queue: Queue): DiskWatch {
    return {
      onAppended: (entries) => {
        for (const entry of entries) this.#noteStored(queue, entry)
      },
      onUpdated: (_requests, reports, { epoch }) => {
        for (const { entry, isChanged, replacement } of reports) {
          if (replacement !== undefined) this.#noteStored(queue, replacement)
          if (isChanged) this.#noteChanged(queue, entry, epoch !== undefined)
        }
        if (reports.some(({ isChanged }) => isChanged)) this.#sentAtMs.clear()
      },
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
    this.#judgeSender(queue, batch)
    if (!this.#jumpedAtMs.has(queue.device)) this.#judgeUrgency(batch)
  }

  /** A batch was applied: nothing in it may have come with somebody else's session. */
  noteApplied({ asker, operations }: AppliedBatch): void {
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

  #noteStored({ device, session }: Queue, { operation }: LiveEntry): void {
    const token = tokenOf(operation.payload)
    const parents = (operation.after ?? []).map((id) => this.tokenOfId.get(id) ?? id).join(' ')
    this.#journal.note(
      `  ${token ?? operation.id} stands in ${operation.lane} of ${nameOf(session)} after [${parents}]`,
    )
    this.#lastKnown.set(operation.id, 'stored')
    if (token === undefined) return
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
  #noteChanged({ session }: Queue, entry: StoredEntry, isByLeader: boolean): void {
    const id = idOf(entry)
    const { state } = entry
    this.#journal.note(`  ${this.tokenOfId.get(id) ?? id} is ${state.kind}`)
    const before = this.#lastKnown.get(id)
    this.#lastKnown.set(id, state.kind)
    if (!isLive(entry)) this.pages.noteSettled(id)
    const isTrue = this.#server.isApplied(session.tenant, id)
    const name = this.tokenOfId.get(id) ?? id
    if (state.kind === 'applied' && !isTrue) {
      this.#journal.violate('I12', `${name} is called applied and the server knows nothing of it`)
    }
    if (state.kind === 'discarded' && state.cause === 'person' && state.isCertain && isTrue) {
      this.#journal.violate('I12', `${name} is called discarded for certain and was applied`)
    }
    const isGivenUp = state.kind === 'discarded' && state.cause === 'person'
    if (isByLeader && isGivenUp && before !== undefined && before !== 'discarded') {
      this.#journal.violate('I8', `${name} was ${before} and was discarded by nobody`)
    }
    if (isLive(entry) && (before === 'applied' || before === 'discarded')) {
      this.#journal.violate('I2', `${name} was ${before} and came back to life as ${state.kind}`)
    }
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
      if (operation.ageMs < overdueAgeMs - ageMarginMs) fresh = operation
      else if (operation.ageMs > overdueAgeMs + ageMarginMs && fresh !== undefined && fresh.lane !== operation.lane) {
        this.#journal.violate('I6', `${tokenOf(operation.payload)} is overdue and goes after a fresh one`)
      }
    }
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
