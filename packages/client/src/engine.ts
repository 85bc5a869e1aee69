/**
 * The engine: the outbox as its users call it, on the parts that assembly.ts connects. It starts them, hands each call to
 * the part whose matter it is, and ends them. The rules are elsewhere (core, drain, acts).
 */
import { SyncError, type OperationDefinition, type OperationId, type WithReferences } from '@holdfast/core'
import type { ActGround } from './act.ts'
import { discardEntry, editEntry, retryEntry, skipEntry } from './acts.ts'
import { assemble, type Material, type Parts } from './assembly.ts'
import { takePart } from './coordination/leader.ts'
import type { DrainReport } from './drain-report.ts'
import { viewOf, type Entry, type EntryView } from './entry.ts'
import { manualTypes } from './held-back.ts'
import { listEntries } from './listing.ts'
import type {
  DrainOptions,
  EditOptions,
  EnqueueOptions,
  EntriesQuery,
  Outbox,
  PauseOptions,
  SettledEvent,
} from './outbox.ts'
import { afterPause, afterResume, type Pause } from './pause.ts'
import { SignInRequest } from './sign-in-request.ts'
import type { SyncStatus } from './status.ts'
import type { StorageWatch } from './storage-status.ts'
import { isSameSession, type RegisteredIdentity, type Session } from './store/registry.ts'
import type { StoreCounts, StoredEntry, UpdateReport } from './store/store.ts'
import { undoAct } from './undo.ts'
import { untilAborted } from './until-aborted.ts'

/** The outbox of one identity in one context. */
export class Engine implements Outbox {
  readonly session: Session
  readonly #material: Material
  readonly #closing = new AbortController()
  readonly #parts: Parts
  #unstored = 0
  #leading: Promise<void> | undefined
  #stopHints: (() => void) | undefined

  constructor(material: Material) {
    this.session = material.options.session
    this.#material = material
    this.#parts = assemble(material, this.#closing.signal)
  }

  /** Hears what is met of the storage. */
  get storage(): StorageWatch {
    return this.#parts.storage
  }

  /** Begins: with what the store has counted, and what is paused in it. */
  start(counts: StoreCounts, paused: Pause): void {
    const { board, conversation, counting, drain, housekeeping, listeners, registryCount, settled } = this.#parts
    const { definitions, environment, options } = this.#material
    const manual = manualTypes(options.mode ?? 'automatic', definitions.keys())
    // From the first moment: until the store is asked again, nobody may read that nothing is pending.
    board.set({ counts, progress: { done: 0, total: counts.queued + counts.waiting }, paused, manual })
    conversation.join()
    const signIn = new SignInRequest(options.onAuthRequired, () => {
      this.authenticated()
    })
    board.subscribe(() => {
      if (board.snapshot.isLeader) {
        conversation.tellStatus()
        registryCount.rememberSoon()
      }
      signIn.note(board.snapshot)
      listeners.tell()
    })
    this.#stopHints = environment.onWakeHint(() => {
      drain.noteHint()
      counting.recountNow()
      void settled.recheck()
    })
    counting.recountSoon()
    housekeeping.start()
    this.#leading = this.#takePart()
  }

  async enqueue<Payload>(
    definition: OperationDefinition<Payload>,
    payload: Payload | WithReferences<Payload>,
    options: EnqueueOptions = {},
  ): Promise<Entry> {
    this.#assertOpen()
    if (!this.#material.definitions.has(definition.type)) {
      throw unknownType(definition.type)
    }
    this.#unstored += 1
    try {
      return this.#entryOf(await this.#parts.intake.take(definition, payload, options))
    } finally {
      this.#unstored -= 1
    }
  }

  get unstored(): number {
    return this.#unstored
  }

  status(): SyncStatus {
    return this.#parts.board.snapshot
  }

  subscribe(listener: () => void): () => void {
    return this.#parts.listeners.add(listener)
  }

  onSettled(listener: (event: SettledEvent) => void): () => void {
    return this.#parts.settled.listen(listener)
  }

  async entries(query: EntriesQuery = {}): Promise<readonly EntryView[]> {
    this.#assertOpen()
    return listEntries(this.#parts.store, this.#material.definitions, query)
  }

  async entry(id: OperationId): Promise<Entry | undefined> {
    this.#assertOpen()
    const stored = await this.#parts.store.find(id)
    return stored === undefined ? undefined : this.#entryOf(stored)
  }

  async drain({ signal, ...wish }: DrainOptions = {}): Promise<DrainReport> {
    this.#assertOpen()
    signal?.throwIfAborted()
    const ends = [signal, this.#closing.signal, this.#parts.storage.outdated]
    await untilAborted(this.#parts.intake.idle(), ends)
    this.#parts.storage.outdated.throwIfAborted()
    return this.#parts.passes.make(wish, ends)
  }

  async pause({ types }: PauseOptions = {}): Promise<void> {
    const unknown = types?.find((type) => !this.#material.definitions.has(type))
    if (unknown !== undefined) throw unknownType(unknown)
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
    return this.#acted(await editEntry(this.#ground, this.#material.definitions, id, payload, options))
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
    this.#parts.drain.noteAuthenticated()
    this.#parts.conversation.tell({ kind: 'authenticated' })
  }

  async cleanup({ olderThanMs }: { readonly olderThanMs: number }): Promise<number> {
    this.#assertOpen()
    return this.#parts.store.cleanup(this.#material.environment.clock.now() - olderThanMs)
  }

  async sealed(): Promise<readonly RegisteredIdentity[]> {
    const identities = await this.#material.registry.identities()
    return identities.filter((identity) => !isSameSession(identity, this.session))
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return
    const { board, conversation, counting, housekeeping, intake, listeners, registryCount, store } = this.#parts
    await intake.idle()
    this.#closing.abort(
      new SyncError('closed', 'The outbox was closed. What waited in it is kept: open it again to go on.'),
    )
    counting.close()
    housekeeping.stop()
    this.#stopHints?.()
    conversation.leave()
    await this.#leading
    await registryCount.close()
    board.close()
    listeners.clear()
    await store.close()
    await this.#material.registry.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** Takes part in the succession: whoever leads sends. */
  #takePart(): Promise<void> {
    const { board, contextId, conversation, counting, drain, passes, storage, store } = this.#parts
    const { environment, name } = this.#material
    return takePart(
      {
        environment,
        store,
        lockName: name,
        holder: contextId,
        isPending: () => board.snapshot.pending > 0,
        lead: async (epoch, signal) => {
          conversation.tell({ kind: 'leading' })
          try {
            await drain.run(epoch, signal)
          } finally {
            passes.leaveForeign()
            await store.release()
          }
        },
        // A leadership that a store failure ends begins anew by itself; the entries are where they were.
        onError: () => {
          counting.recountSoon()
        },
      },
      // Whoever has no database any more makes way for the release that has.
      AbortSignal.any([this.#closing.signal, storage.outdated]),
    )
  }

  async #switch(change: (pause: Pause) => Pause): Promise<void> {
    this.#assertOpen()
    await this.#parts.heldBack.change(change)
    this.#parts.news.paused()
  }

  #entryOf(stored: StoredEntry): Entry {
    return this.#parts.settled.entryOf(stored, viewOf(stored, this.#material.definitions))
  }

  get #ground(): ActGround {
    return { store: this.#parts.store, environment: this.#material.environment }
  }

  /** A person changed entries here: tell everybody, and let the leader look anew. Gives the entry to follow from now on. */
  #acted(reports: readonly UpdateReport[], followed: 'entry' | 'replacement' = 'replacement'): Entry {
    this.#parts.news.changed(reports)
    this.#parts.news.acted()
    const last = reports.at(-1)
    if (last === undefined)
      throw new SyncError('storage', 'The store did not say what became of the entry. Read it again.')
    return this.#entryOf((followed === 'entry' ? undefined : last.replacement) ?? last.entry)
  }

  #assertOpen(): void {
    if (this.#closing.signal.aborted) throw new SyncError('closed', 'The outbox was closed. Open it again to go on.')
  }
}

function unknownType(type: string): SyncError {
  return new SyncError(
    'unknown-type',
    `"${type}" is not among the operations this outbox was opened with. Add it to \`operations\`.`,
  )
}
