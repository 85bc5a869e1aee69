/**
 * The engine: the outbox, put together. It connects the intake, the drain, the acts of a person, the leadership and what
 * contexts tell one another. The rules are elsewhere (core, drain, acts).
 */
import {
  operationIdFrom,
  operationIdRandomBytes,
  priorities,
  SyncError,
  type AnyOperationDefinition,
  type OperationDefinition,
  type OperationId,
} from '@holdfast/core'
import { discardEntry, retryEntry } from './acts.ts'
import { takePart } from './coordination/leader.ts'
import { encodeMessage, parseMessage, type Message, type SharedStatus } from './coordination/messages.ts'
import { Drain } from './drain.ts'
import type { DrainReport } from './drain-report.ts'
import { isFinal, viewOf, type Entry, type EntryView } from './entry.ts'
import type { Channel, Environment } from './environment.ts'
import { Intake } from './intake.ts'
import { listEntries, listingMax } from './listing.ts'
import type { DrainOptions, EnqueueOptions, EntriesQuery, Outbox, OutboxOptions, SettledEvent } from './outbox.ts'
import { Pass } from './pass.ts'
import { SettledPromises } from './settled.ts'
import { StatusBoard, type SyncStatus } from './status.ts'
import { isSameSession, type RegisteredIdentity, type Registry, type Session } from './store/registry.ts'
import {
  idOf,
  type LiveEntry,
  type Store,
  type StoreCounts,
  type StoredEntry,
  type UpdateReport,
} from './store/store.ts'
import { untilAborted } from './until-aborted.ts'

/** Results are readable this long by default, ms. */
const defaultRetentionMs = 7 * 24 * 3_600_000

/** Settled entries are cleaned up this often, ms. */
const cleanupEveryMs = 6 * 3_600_000

/** Contexts that only watch read the counts anew at most this often, ms. */
const recountEveryMs = 150

/** The registry hears of the leader's count at most this often, ms: it is a strict write. */
const rememberEveryMs = 1000

/** The outbox of one identity in one context. */
export class Engine implements Outbox {
  readonly session: Session
  readonly #environment: Environment
  readonly #options: OutboxOptions
  readonly #definitions: ReadonlyMap<string, AnyOperationDefinition>
  readonly #store: Store
  readonly #registry: Registry
  readonly #intake: Intake
  readonly #board: StatusBoard
  readonly #drain: Drain
  readonly #settled = new SettledPromises()
  readonly #listeners = new Set<() => void>()
  readonly #closing = new AbortController()
  readonly #name: string
  readonly #contextId: OperationId
  /** Passes that this context asked for, by the request that asks another leader. */
  readonly #asked = new Map<string, Pass>()
  #channel: Channel | undefined
  #leading: Promise<void> | undefined
  #cancelRecount: (() => void) | undefined
  #cancelRemember: (() => void) | undefined
  #cancelCleanup: (() => void) | undefined
  #stopHints: (() => void) | undefined
  #requests = 0
  /** The count that this context has last told the registry. */
  #remembered: number | undefined

  constructor(
    environment: Environment,
    options: OutboxOptions,
    definitions: ReadonlyMap<string, AnyOperationDefinition>,
    store: Store,
    registry: Registry,
    device: string,
    name: string,
  ) {
    this.session = options.session
    this.#environment = environment
    this.#options = options
    this.#definitions = definitions
    this.#store = store
    this.#registry = registry
    this.#name = name
    this.#contextId = operationIdFrom(environment.clock.now(), environment.random.bytes(operationIdRandomBytes))
    this.#intake = new Intake(environment, store, (entries) => {
      this.#noteStored(entries)
    })
    this.#board = new StatusBoard(environment.clock, store.durable)
    this.#drain = new Drain({
      environment,
      store,
      transport: options.transport,
      session: options.session,
      device,
      definitions,
      isManual: options.mode === 'manual',
      board: this.#board,
      announce: (reports) => {
        this.#announce(reports)
      },
    })
  }

  start(counts: StoreCounts): void {
    // From the first moment: until the store is asked again, nobody may read that nothing is pending.
    this.#board.set({ counts, progress: { done: 0, total: counts.queued + counts.waiting } })
    this.#channel = this.#environment.openChannel(this.#name, (message) => {
      this.#hear(message)
    })
    this.#board.subscribe(() => {
      if (this.#board.snapshot.isLeader) {
        this.#post({ kind: 'status', status: sharedOf(this.#board.snapshot) })
        this.#rememberSoon()
      }
      this.#notify()
    })
    this.#stopHints = this.#environment.onWakeHint(() => {
      this.#drain.noteHint()
      void this.#recheck()
    })
    this.#post({ kind: 'joined' })
    this.#recountSoon()
    this.#cleanupLater()
    this.#leading = takePart(
      {
        environment: this.#environment,
        store: this.#store,
        lockName: this.#name,
        holder: this.#contextId,
        isPending: () => this.#board.snapshot.pending > 0,
        lead: async (epoch, signal) => {
          this.#post({ kind: 'leading' })
          await this.#drain.run(epoch, signal)
        },
        // A leadership that a store failure ends begins anew by itself; the entries are where they were.
        onError: () => {
          this.#recountSoon()
        },
      },
      this.#closing.signal,
    )
  }

  async enqueue<Payload>(
    definition: OperationDefinition<Payload>,
    payload: Payload,
    options: EnqueueOptions = {},
  ): Promise<Entry> {
    this.#assertOpen()
    if (!this.#definitions.has(definition.type)) {
      throw new SyncError(
        'unknown-type',
        `"${definition.type}" is not among the operations this outbox was opened with. Add it to \`operations\`.`,
      )
    }
    return this.#entryOf(await this.#intake.take(definition, payload, options))
  }

  status(): SyncStatus {
    return this.#board.snapshot
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }

  onSettled(listener: (event: SettledEvent) => void): () => void {
    return this.#settled.listen(listener)
  }

  async entries(query: EntriesQuery = {}): Promise<readonly EntryView[]> {
    this.#assertOpen()
    return listEntries(this.#store, query)
  }

  async entry(id: OperationId): Promise<Entry | undefined> {
    this.#assertOpen()
    const stored = await this.#store.find(id)
    return stored === undefined ? undefined : this.#entryOf(stored)
  }

  async drain({ types, signal }: DrainOptions = {}): Promise<DrainReport> {
    this.#assertOpen()
    signal?.throwIfAborted()
    await this.#intake.idle()
    const pass = new Pass(types)
    this.#requests += 1
    const request = `${this.#contextId}/${this.#requests}`
    this.#asked.set(request, pass)
    // Whoever leads makes it: this context, when its turn comes, or the one that hears the request.
    this.#drain.add(pass)
    if (!this.#board.snapshot.isLeader) this.#askForDrain(request, pass)
    try {
      return await untilAborted(pass.report, [signal, this.#closing.signal])
    } finally {
      this.#asked.delete(request)
      this.#drain.remove(pass)
    }
  }

  async retry(id: OperationId): Promise<Entry> {
    this.#assertOpen()
    const report = await retryEntry(this.#store, this.#environment, id)
    this.#acted([report])
    return this.#entryOf(report.replacement ?? report.entry)
  }

  async discard(id: OperationId, { reason }: { readonly reason?: string } = {}): Promise<Entry> {
    this.#assertOpen()
    const report = await discardEntry(this.#store, this.#environment, id, reason)
    this.#acted([report])
    return this.#entryOf(report.entry)
  }

  authenticated(): void {
    this.#drain.noteAuthenticated()
    this.#post({ kind: 'authenticated' })
  }

  async cleanup({ olderThanMs }: { readonly olderThanMs: number }): Promise<number> {
    this.#assertOpen()
    return this.#store.cleanup(this.#environment.clock.now() - olderThanMs)
  }

  async sealed(): Promise<readonly RegisteredIdentity[]> {
    const identities = await this.#registry.identities()
    return identities.filter((identity) => !isSameSession(identity, this.session))
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return
    await this.#intake.idle()
    this.#closing.abort(new SyncError('closed', 'The outbox was closed.'))
    this.#cancelRecount?.()
    this.#cancelRemember?.()
    this.#cancelCleanup?.()
    this.#stopHints?.()
    await this.#leading
    await this.#rememberCount()
    this.#channel?.close()
    this.#board.close()
    this.#listeners.clear()
    await this.#store.close()
    await this.#registry.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** A group was stored: count it, tell the leader, and tell the other contexts once. */
  #noteStored(entries: readonly LiveEntry[]): void {
    this.#countStored(entries.length)
    const touched = priorities.filter((priority) => entries.some((entry) => entry.priority === priority))
    this.#drain.noteGrowth(touched)
    // The leader's status tells the others; only who does not lead has to tell the leader.
    if (!this.#board.snapshot.isLeader) this.#post({ kind: 'stored', priorities: touched, count: entries.length })
  }

  #countStored(count: number): void {
    const { counts, progress } = this.#board.snapshot
    this.#board.set({
      counts: { ...counts, queued: counts.queued + count },
      progress: { ...progress, total: progress.total + count },
    })
  }

  #entryOf(stored: StoredEntry): Entry {
    return { ...viewOf(stored), settled: this.#settled.of(stored) }
  }

  /** A person changed entries here: tell everybody, and let the leader look anew. */
  #acted(reports: readonly UpdateReport[]): void {
    this.#announce(reports)
    this.#drain.noteActs()
    this.#post({ kind: 'acted' })
    this.#recountSoon()
    this.#notify()
  }

  #announce(reports: readonly UpdateReport[]): void {
    const settled = reports.filter(({ entry, isChanged }) => isChanged && isFinal(entry.state))
    for (const { entry } of settled) this.#settled.announce(entry)
    if (settled.length > 0) this.#post({ kind: 'settled', ids: settled.map(({ entry }) => idOf(entry)) })
    if (reports.some(({ isChanged }) => isChanged)) this.#notify()
  }

  #hear(raw: unknown): void {
    const message = parseMessage(raw)
    if (message === undefined || this.#closing.signal.aborted) return
    const { isLeader } = this.#board.snapshot
    switch (message.kind) {
      case 'joined':
        if (isLeader) this.#post({ kind: 'status', status: sharedOf(this.#board.snapshot) })
        return
      case 'stored':
        // At once: what the leader says next must not take back what the sender has counted.
        this.#countStored(message.count)
        this.#drain.noteGrowth(message.priorities)
        this.#recountSoon()
        return
      case 'acted':
        this.#drain.noteActs()
        this.#recountSoon()
        return
      case 'settled':
        void this.#lookUp(message.ids)
        return
      case 'status':
        if (!isLeader) this.#board.set(message.status)
        return
      case 'leading':
        for (const [request, pass] of this.#asked) this.#askForDrain(request, pass)
        return
      case 'drain':
        if (isLeader) void this.#drainFor(message.request, message.types)
        return
      case 'drained':
        this.#asked.get(message.request)?.finishWith(message.report)
        return
      case 'authenticated':
        this.#drain.noteAuthenticated()
    }
  }

  #askForDrain(request: string, { types }: Pass): void {
    this.#post({ kind: 'drain', request, ...(types !== undefined && { types: [...types] }) })
  }

  async #drainFor(request: string, types: readonly string[] | undefined): Promise<void> {
    const pass = new Pass(types)
    this.#drain.add(pass)
    this.#post({ kind: 'drained', request, report: await pass.report })
  }

  /** Reads entries that somebody else has settled and that somebody here waits for. */
  async #lookUp(ids: readonly OperationId[]): Promise<void> {
    const wanted = this.#settled.hasListeners ? ids : ids.filter((id) => this.#settled.isAwaited(id))
    for (const id of wanted) {
      if (this.#closing.signal.aborted) return
      const entry = await this.#store.find(id).catch(() => undefined)
      if (entry !== undefined) this.#settled.announce(entry)
    }
    this.#notify()
  }

  /** Messages may have been lost while this context slept. */
  async #recheck(): Promise<void> {
    this.#recountSoon()
    for (const id of this.#settled.awaited.slice(0, listingMax)) {
      if (this.#closing.signal.aborted) return
      const entry = await this.#store.find(id).catch(() => undefined)
      if (entry !== undefined) this.#settled.announce(entry)
    }
  }

  #recountSoon(): void {
    this.#cancelRecount ??= this.#environment.clock.timer(recountEveryMs, () => {
      this.#cancelRecount = undefined
      void this.#recount()
    })
  }

  async #recount(): Promise<void> {
    if (this.#closing.signal.aborted) return
    const counts = await this.#store.counts().catch(() => undefined)
    if (counts === undefined || this.#closing.signal.aborted) return
    const { progress } = this.#board.snapshot
    this.#board.set({ counts, progress: { ...progress, total: progress.done + counts.queued + counts.waiting } })
  }

  /** The leader keeps the registry's count: a tab that is killed can no longer say what it leaves. */
  #rememberSoon(): void {
    this.#cancelRemember ??= this.#environment.clock.timer(rememberEveryMs, () => {
      this.#cancelRemember = undefined
      void this.#rememberCount()
    })
  }

  async #rememberCount(): Promise<void> {
    const { pending, needsYou } = this.#board.snapshot
    if (this.#remembered === pending + needsYou) return
    this.#remembered = pending + needsYou
    const usedAtMs = this.#environment.clock.now()
    await this.#registry.remember({ ...this.session, pending: this.#remembered, usedAtMs }).catch(() => {})
  }

  #cleanupLater(): void {
    const olderThanMs = this.#options.retentionMs ?? defaultRetentionMs
    this.#cancelCleanup = this.#environment.clock.timer(cleanupEveryMs, () => {
      if (this.#board.snapshot.isLeader) void this.cleanup({ olderThanMs }).catch(() => 0)
      this.#cleanupLater()
    })
  }

  #post(message: Message): void {
    if (!this.#closing.signal.aborted) this.#channel?.post(encodeMessage(message))
  }

  #notify(): void {
    for (const listener of this.#listeners) listener()
  }

  #assertOpen(): void {
    if (this.#closing.signal.aborted) throw new SyncError('closed', 'The outbox was closed. Open it again to go on.')
  }
}

function sharedOf(status: SyncStatus): SharedStatus {
  const { counts, sending, progress, connectivity, authentication, nextAttemptAtMs, acknowledgedAtMs } = status
  return { counts, sending, progress, connectivity, authentication, nextAttemptAtMs, acknowledgedAtMs }
}
