/**
 * The engine: the outbox, put together. It connects the intake, the drain, the acts of a person, the leadership, the
 * counting and the conversation of the contexts. The rules are elsewhere (core, drain, acts).
 */
import {
  priorities,
  SyncError,
  type AnyOperationDefinition,
  type OperationDefinition,
  type OperationId,
  type WithReferences,
} from '@holdfast/core'
import type { ActGround } from './act.ts'
import { discardEntry, editEntry, retryEntry, skipEntry } from './acts.ts'
import { Conversation } from './coordination/conversation.ts'
import { takePart } from './coordination/leader.ts'
import { PassRequests } from './coordination/pass-requests.ts'
import { Counting } from './counting.ts'
import { Drain } from './drain.ts'
import type { DrainReport } from './drain-report.ts'
import { isFinal, viewOf, type Entry, type EntryView } from './entry.ts'
import type { Environment } from './environment.ts'
import { HeldBack, manualTypes } from './held-back.ts'
import { Intake } from './intake.ts'
import { Listeners } from './listeners.ts'
import { listEntries } from './listing.ts'
import { newId } from './new-id.ts'
import { undoAct } from './undo.ts'
import type {
  DrainOptions,
  EditOptions,
  EnqueueOptions,
  EntriesQuery,
  Outbox,
  OutboxOptions,
  PauseOptions,
  SettledEvent,
} from './outbox.ts'
import { afterPause, afterResume, type Pause } from './pause.ts'
import type { Pass } from './pass.ts'
import { RegistryCount } from './registry-count.ts'
import { SettledPromises } from './settled.ts'
import { SignInRequest } from './sign-in-request.ts'
import { StatusBoard, type SyncStatus } from './status.ts'
import { StorageWatch } from './storage-status.ts'
import { KeepingStore } from './store/keeping-store.ts'
import { isSameSession, type RegisteredIdentity, type Registry, type Session } from './store/registry.ts'
import { untilAborted } from './until-aborted.ts'
import {
  idOf,
  isLive,
  type LiveEntry,
  type Store,
  type StoreCounts,
  type StoredEntry,
  type UpdateReport,
} from './store/store.ts'

/** Results are readable this long by default, ms. */
const defaultRetentionMs = 7 * 24 * 3_600_000

/** Settled entries are cleaned up this often, ms. */
const cleanupEveryMs = 6 * 3_600_000

/** How often a context looks at the store where no messages tell it what others do, ms. */
const deafLookEveryMs = 10_000
/** Where they do not: how long a pass is given that another context has to make, ms. */
const deafPassMs = 15_000

/** The outbox of one identity in one context. */
export class Engine implements Outbox {
  readonly session: Session
  /** Hears what is met of the storage. */
  readonly storage: StorageWatch
  readonly #environment: Environment
  readonly #options: OutboxOptions
  readonly #definitions: ReadonlyMap<string, AnyOperationDefinition>
  readonly #store: KeepingStore
  readonly #registry: Registry
  readonly #intake: Intake
  readonly #board: StatusBoard
  readonly #drain: Drain
  readonly #heldBack: HeldBack
  readonly #counting: Counting
  readonly #registryCount: RegistryCount
  readonly #passes: PassRequests
  readonly #conversation: Conversation
  readonly #closing = new AbortController()
  readonly #settled: SettledPromises
  readonly #listeners: Listeners
  readonly #name: string
  readonly #contextId: OperationId
  readonly #signIn: SignInRequest
  #unstored = 0
  #leading: Promise<void> | undefined
  #cancelCleanup: (() => void) | undefined
  #cancelLook: (() => void) | undefined
  #stopHints: (() => void) | undefined

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
    this.#listeners = new Listeners(environment.reportError)
    this.#options = options
    this.#definitions = definitions
    this.#board = new StatusBoard(environment.clock, store.durable)
    this.storage = new StorageWatch(this.#board)
    this.#store = new KeepingStore(store, environment.clock, {
      onWrite: (error) => {
        this.storage.noteWrite(error)
        if (error instanceof SyncError && error.code === 'unconfirmed') this.#noteUnconfirmed()
      },
      onKept: (count) => {
        this.storage.noteKept(count)
      },
      onWritten: (reports) => {
        this.#noteWrittenLate(reports)
      },
    })
    this.#registry = registry
    this.#name = name
    this.#contextId = newId(environment)
    this.#intake = new Intake(environment, this.#store, {
      onStored: (entries) => {
        this.#noteStored(entries)
      },
      onKnown: (entry) => {
        this.#noteSeen(entry)
      },
      onAbsorbed: () => {
        this.#noteActs()
      },
    })
    this.#counting = new Counting(environment.clock, this.#store, this.#board)
    this.#heldBack = new HeldBack({ clock: environment.clock, store, board: this.#board, definitions })
    this.#drain = new Drain({
      environment,
      store: this.#store,
      isStoreFull: () => this.#store.isFull,
      transport: options.transport,
      session: options.session,
      device,
      definitions,
      heldBack: this.#heldBack,
      board: this.#board,
      counting: this.#counting,
      announce: (reports) => {
        this.#announce(reports)
      },
    })
    const board = this.#board
    this.#registryCount = new RegistryCount(environment.clock, registry, options.session, board)
    this.#settled = new SettledPromises(this.#store, environment, this.#closing.signal)
    this.#signIn = new SignInRequest(options.onAuthRequired, () => {
      this.authenticated()
    })
    this.#passes = new PassRequests({
      contextId: this.#contextId,
      drain: this.#drain,
      isLeader: () => board.snapshot.isLeader,
      ...(this.#isDeaf && { finishAlone: (pass: Pass) => this.#finishAlone(pass) }),
      post: (message) => {
        this.#conversation.tell(message)
      },
    })
    this.#conversation = new Conversation({
      environment,
      name,
      board,
      drain: this.#drain,
      counting: this.#counting,
      settled: this.#settled,
      heldBack: this.#heldBack,
      passes: this.#passes,
    })
  }

  start(counts: StoreCounts, paused: Pause): void {
    const { mode = 'automatic' } = this.#options
    const manual = manualTypes(mode, this.#definitions.keys())
    // From the first moment: until the store is asked again, nobody may read that nothing is pending.
    this.#board.set({ counts, progress: { done: 0, total: counts.queued + counts.waiting }, paused, manual })
    this.#conversation.join()
    this.#board.subscribe(() => {
      if (this.#board.snapshot.isLeader) {
        this.#conversation.tellStatus()
        this.#registryCount.rememberSoon()
      }
      this.#signIn.note(this.#board.snapshot)
      this.#notify()
    })
    this.#stopHints = this.#environment.onWakeHint(() => {
      this.#drain.noteHint()
      this.#counting.recountNow()
      void this.#settled.recheck()
    })
    this.#counting.recountSoon()
    if (this.#isDeaf) this.#lookAroundLater()
    this.#cleanupLater()
    this.#leading = takePart(
      {
        environment: this.#environment,
        store: this.#store,
        lockName: this.#name,
        holder: this.#contextId,
        isPending: () => this.#board.snapshot.pending > 0,
        lead: async (epoch, signal) => {
          this.#conversation.tell({ kind: 'leading' })
          try {
            await this.#drain.run(epoch, signal)
          } finally {
            this.#passes.leaveForeign()
            await this.#store.release()
          }
        },
        // A leadership that a store failure ends begins anew by itself; the entries are where they were.
        onError: () => {
          this.#counting.recountSoon()
        },
      },
      // Whoever has no database any more makes way for the release that has.
      AbortSignal.any([this.#closing.signal, this.storage.outdated]),
    )
  }

  async enqueue<Payload>(
    definition: OperationDefinition<Payload>,
    payload: Payload | WithReferences<Payload>,
    options: EnqueueOptions = {},
  ): Promise<Entry> {
    this.#assertOpen()
    if (!this.#definitions.has(definition.type)) {
      throw this.#unknownType(definition.type)
    }
    this.#unstored += 1
    try {
      return this.#entryOf(await this.#intake.take(definition, payload, options))
    } finally {
      this.#unstored -= 1
    }
  }

  get unstored(): number {
    return this.#unstored
  }

  status(): SyncStatus {
    return this.#board.snapshot
  }

  subscribe(listener: () => void): () => void {
    return this.#listeners.add(listener)
  }

  onSettled(listener: (event: SettledEvent) => void): () => void {
    return this.#settled.listen(listener)
  }

  async entries(query: EntriesQuery = {}): Promise<readonly EntryView[]> {
    this.#assertOpen()
    return listEntries(this.#store, this.#definitions, query)
  }

  async entry(id: OperationId): Promise<Entry | undefined> {
    this.#assertOpen()
    const stored = await this.#store.find(id)
    return stored === undefined ? undefined : this.#entryOf(stored)
  }

  async drain({ signal, ...wish }: DrainOptions = {}): Promise<DrainReport> {
    this.#assertOpen()
    signal?.throwIfAborted()
    const ends = [signal, this.#closing.signal, this.storage.outdated]
    await untilAborted(this.#intake.idle(), ends)
    this.storage.outdated.throwIfAborted()
    return this.#passes.make(wish, ends)
  }

  async pause({ types }: PauseOptions = {}): Promise<void> {
    const unknown = types?.find((type) => !this.#definitions.has(type))
    if (unknown !== undefined) throw this.#unknownType(unknown)
    await this.#switch((pause) => afterPause(pause, types))
  }

  async resume({ types }: PauseOptions = {}): Promise<void> {
    await this.#switch((pause) => afterResume(pause, types))
  }

  async retry(id: OperationId): Promise<Entry> {
    this.#assertOpen()
    return this.#acted(await retryEntry(this.#ground, id))
  }

  async discard(id: OperationId, { reason }: { readonly reason?: string } = {}): Promise<Entry> {
    this.#assertOpen()
    return this.#acted(await discardEntry(this.#ground, id, reason), 'entry')
  }

  async edit(id: OperationId, payload: unknown, options: EditOptions = {}): Promise<Entry> {
    this.#assertOpen()
    return this.#acted(await editEntry(this.#ground, this.#definitions, id, payload, options))
  }

  async undo(id: OperationId): Promise<Entry> {
    this.#assertOpen()
    return this.#acted(await undoAct(this.#ground, id))
  }

  async skip(id: OperationId): Promise<Entry> {
    this.#assertOpen()
    return this.#acted(await skipEntry(this.#ground, id))
  }

  authenticated(): void {
    this.#drain.noteAuthenticated()
    this.#conversation.tell({ kind: 'authenticated' })
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
    this.#closing.abort(
      new SyncError('closed', 'The outbox was closed. What waited in it is kept: open it again to go on.'),
    )
    this.#counting.close()
    this.#cancelCleanup?.()
    this.#cancelLook?.()
    this.#stopHints?.()
    this.#conversation.leave()
    await this.#leading
    await this.#registryCount.close()
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
    this.#counting.noteStored(entries.length)
    const touched = priorities.filter((priority) => entries.some((entry) => entry.priority === priority))
    this.#drain.noteGrowth(touched)
    // The leader's status tells the others; only who does not lead has to tell the leader.
    if (this.#board.snapshot.isLeader) return
    this.#conversation.tell({ kind: 'stored', priorities: touched, count: entries.length })
  }

  async #switch(change: (pause: Pause) => Pause): Promise<void> {
    this.#assertOpen()
    await this.#heldBack.change(change)
    this.#drain.noteActs()
    this.#conversation.tell({ kind: 'paused' })
  }

  #unknownType(type: string): SyncError {
    return new SyncError(
      'unknown-type',
      `"${type}" is not among the operations this outbox was opened with. Add it to \`operations\`.`,
    )
  }

  /** An entry was there under the caller's id. Whoever stored it may have died before it told anybody. */
  #noteSeen(entry: StoredEntry): void {
    this.#counting.noteSeen(entry)
    if (!isLive(entry)) return
    this.#drain.noteGrowth([entry.priority])
    if (!this.#board.snapshot.isLeader)
      this.#conversation.tell({ kind: 'stored', priorities: [entry.priority], count: 0 })
  }

  #entryOf(stored: StoredEntry): Entry {
    return this.#settled.entryOf(stored, viewOf(stored, this.#definitions))
  }

  get #ground(): ActGround {
    return { store: this.#store, environment: this.#environment }
  }

  /** A person changed entries here: tell everybody, and let the leader look anew. Gives the entry to follow from now on. */
  #acted(reports: readonly UpdateReport[], followed: 'entry' | 'replacement' = 'replacement'): Entry {
    this.#announce(reports)
    this.#noteActs()
    const last = reports.at(-1)
    if (last === undefined)
      throw new SyncError('storage', 'The store did not say what became of the entry. Read it again.')
    return this.#entryOf((followed === 'entry' ? undefined : last.replacement) ?? last.entry)
  }

  /** Entries were changed here, and not by the drain. */
  #noteActs(): void {
    this.#drain.noteActs()
    this.#conversation.tell({ kind: 'acted' })
    this.#counting.recountSoon()
    this.#notify()
  }

  #announce(reports: readonly UpdateReport[]): void {
    for (const { entry, isChanged } of reports) if (isChanged) this.#settled.announce(entry)
    this.#tellSettled(reports)
    if (reports.some(({ isChanged }) => isChanged)) this.#notify()
  }

  /** What was known here alone is on the disk: the others, who have looked there in vain, look again. */
  #noteWrittenLate(reports: readonly UpdateReport[]): void {
    this.#tellSettled(reports)
    this.#drain.noteActs()
  }

  /** A write stands whose caller was told of an error: whoever leads looks at what it has changed. */
  #noteUnconfirmed(): void {
    this.#drain.noteActs()
    this.#conversation.tell({ kind: 'acted' })
    this.#counting.recountSoon()
  }

  #tellSettled(reports: readonly UpdateReport[]): void {
    const settled = reports.filter(({ entry, isChanged }) => isChanged && isFinal(entry.state))
    if (settled.length > 0) this.#conversation.tell({ kind: 'settled', ids: settled.map(({ entry }) => idOf(entry)) })
  }

  get #isDeaf(): boolean {
    return this.#environment.lacks?.has('channels') === true
  }

  /** Without messages the store alone says what others have done. */
  #lookAroundLater(): void {
    this.#cancelLook = this.#environment.clock.timer(deafLookEveryMs, () => {
      this.#counting.recountNow()
      void this.#settled.recheck()
      this.#lookAroundLater()
    })
  }

  /** Without messages nobody hears the wish for a pass: the leader looks by itself soon, and what is left then is the report. */
  #finishAlone(pass: Pass): void {
    this.#environment.clock.timer(deafPassMs, () => {
      void this.#store
        .counts()
        .then((counts) => pass.finish(this.#store, counts))
        .catch(() => {
          pass.finishWith({})
        })
    })
  }

  #cleanupLater(): void {
    const olderThanMs = this.#options.retentionMs ?? defaultRetentionMs
    this.#cancelCleanup = this.#environment.clock.timer(cleanupEveryMs, () => {
      if (this.#board.snapshot.isLeader) void this.cleanup({ olderThanMs }).catch(() => 0)
      this.#cleanupLater()
    })
  }

  #notify(): void {
    this.#listeners.tell()
  }

  #assertOpen(): void {
    if (this.#closing.signal.aborted) throw new SyncError('closed', 'The outbox was closed. Open it again to go on.')
  }
}
