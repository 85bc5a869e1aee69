/**
 * The outbox as its users see it. `openOutbox` (open-outbox.ts) makes one; everything behind this interface is the
 * engine's matter.
 */
import type {
  AnyOperationDefinition,
  AppliedState,
  Base,
  DeliveryState,
  Discarded,
  OperationDefinition,
  OperationId,
  WithReferences,
} from '@holdfast/core'
import type { DrainReport } from './drain-report.ts'
import type { Entry, EntryView } from './entry.ts'
import type { Mode } from './held-back.ts'
import type { RegisteredIdentity, Session } from './store/registry.ts'
import type { OnAuthRequired } from './sign-in-request.ts'
import type { SyncStatus } from './status.ts'
import type { FaultListener } from './store/store-fault.ts'
import type { Transport } from './transport/transport.ts'

/** What an outbox is opened with. */
export interface OutboxOptions {
  /** The application's name. All tabs and the service worker of an application use the same. */
  readonly name: string
  /** Every type of operation that this release knows. */
  readonly operations: readonly AnyOperationDefinition[]
  /** Whose writes these are. Each identity has a queue of its own, which nobody else's session can send. */
  readonly session: Session
  readonly transport: Transport
  /** `manual` sends only when somebody calls `drain`; a function tells by type. Default `automatic`. */
  readonly mode?: Mode | ((type: string) => Mode)
  /** How long results of settled entries stay readable, ms. Default 7 days. */
  readonly retentionMs?: number
  /** Hears of each damaged record of the store, once. The record stays where it is; nothing is deleted. */
  readonly onFault?: FaultListener
  /**
   * Called when sending waits for a sign-in (`required`), or for the right person (`other`): once, and only in the tab or
   * worker that leads, however many of them are open. Renew the session here, or bring the person to sign in; the
   * session is looked at when the returned promise resolves. Pass it in every context.
   */
  readonly onAuthRequired?: OnAuthRequired
}

/** What may be said of an operation when it is enqueued. */
export interface EnqueueOptions {
  /**
   * The operation's id, where the caller has one (an `Idempotency-Key`). Default: a new UUIDv7. An id that the outbox
   * already knows stores nothing and gives the entry that is there.
   */
  readonly id?: OperationId
  /** What the change was made on. */
  readonly base?: Base
  /** Earlier operations that must be applied first. */
  readonly after?: readonly OperationId[]
  /** The trace it was made in, W3C Trace Context. */
  readonly traceparent?: string
  /**
   * A key of at most 200 characters. The entry takes the place of an older one of the same key, type and lane that is not
   * applied yet, and that one is shown as replaced by it. Should it have reached the server already, both take effect, in
   * their order. For whole states ("the draft as it is now"), not for steps: it goes before what was enqueued in between.
   * It gets an id of its own, and comes after nothing that the older one did not come after; else it is merely appended.
   */
  readonly coalesce?: string
}

/** What may be said of an edit. */
export interface EditOptions {
  /** What the new payload was made on. Default: what the entry was made on. */
  readonly base?: Base
}

/** Which entries to list. */
export interface EntriesQuery {
  /** Default: all live entries (`queued`, `waiting`, `conflicted`, `dead`). */
  readonly state?: DeliveryState['kind']
  /** Default 50, at most 500. */
  readonly limit?: number
  /** Continues after the last entry of the page before. */
  readonly after?: EntryView
}

/** Which types to pause or to resume. */
export interface PauseOptions {
  /** Default: everything. */
  readonly types?: readonly string[]
}

/** Which entries to send. */
export interface DrainOptions {
  readonly types?: readonly string[]
  /** Set by machines, such as a service worker: what is sent by hand stays where it is. */
  readonly isAutomatic?: boolean
  /** Stops waiting; what is in flight goes on. */
  readonly signal?: AbortSignal
}

/** An entry was settled: applied, or discarded for certain. */
export interface SettledEvent {
  readonly id: OperationId
  readonly type: string
  readonly state: AppliedState | Discarded
}

/** The durable outbox of one identity. */
export interface Outbox extends AsyncDisposable {
  readonly session: Session
  /** Calls of `enqueue` that have not ended: what they were given is not stored yet. See `warnBeforeUnload`. */
  readonly unstored: number
  /**
   * Stores an operation. Resolves when it survives a power cut, never earlier.
   *
   * Where the payload has text, a `ref` to an earlier entry may stand for an id that the server will give that one. The
   * operation then comes after it. A schema sees a UUID in its place; no lane may depend on it.
   *
   * @throws SyncError `unknown-entry` when the payload refers to what is not stored here; `invalid-payload`, `unknown-type`, `too-large`, `quota`, `storage`,
   * `newer-database` (reload the page), `closed`; then nothing is stored. With encryption, `unconfirmed`: it is stored,
   * and may become unreadable; look for it among the entries before it is entered again
   */
  enqueue<Payload>(
    definition: OperationDefinition<Payload>,
    payload: Payload | WithReferences<Payload>,
    options?: EnqueueOptions,
  ): Promise<Entry>
  /** The status now. The same object until something changes. */
  status(): SyncStatus
  /** Calls back after the status or any entry changed. Returns a function that stops it. */
  subscribe(listener: () => void): () => void
  /** Calls back for every entry that is settled, in whichever tab or worker. Returns a function that stops it. */
  onSettled(listener: (event: SettledEvent) => void): () => void
  /** Lists entries: live ones in the order of the log, settled ones latest first. */
  entries(query?: EntriesQuery): Promise<readonly EntryView[]>
  /** One entry, or `undefined` when none has the id (or its retention time is over). */
  entry(id: OperationId): Promise<Entry | undefined>
  /**
   * Sends everything that may be sent now, without linger and without backoff of an entry's own; a `Retry-After` and a
   * missing sign-in still hold, and what is paused stays. Resolves when the pass is over, whoever leads.
   */
  drain(options?: DrainOptions): Promise<DrainReport>
  /**
   * Sends nothing more of these types, or nothing at all, until it is resumed. All tabs and the service worker keep to
   * it, also after a restart; a request that is on its way is not called back. Entries can be stored all the same, and
   * `status().paused` says what is paused.
   *
   * @throws SyncError `unknown-type` when the outbox was not opened with a type, `storage`, `quota`, `closed`
   */
  pause(options?: PauseOptions): Promise<void>
  /**
   * Ends the pause of these types; without types, ends every pause. A pause of everything is only ended as a whole.
   *
   * @throws SyncError `storage`, `quota`, `closed`
   */
  resume(options?: PauseOptions): Promise<void>
  /**
   * Tries a waiting or dead entry again. A recorded refusal is retried under a new id that supersedes the old one.
   *
   * @returns the entry to follow from now on
   * @throws SyncError `unknown-entry`, `illegal-act` (settled, or in conflict)
   */
  retry(id: OperationId): Promise<Entry>
  /**
   * Takes an entry back. The server is told, because it may have got it already: until it has answered, the entry says
   * "may have been applied", and if it had been applied it turns into an applied one.
   *
   * @throws SyncError `unknown-entry`, `illegal-act` (already settled)
   */
  discard(id: OperationId, options?: { readonly reason?: string }): Promise<Entry>
  /**
   * Puts another payload in a live entry's place: under a new id, in the same lane. Had the old one reached the server
   * after all, that one stands, and the edit comes to nothing: it is then `discarded`, with `by` naming what was applied.
   *
   * @returns the entry to follow from now on
   * @throws SyncError `unknown-entry`, `unknown-type`, `invalid-payload`, `too-large`, `illegal-act` (settled, the news
   * of a discard, or a payload of another lane)
   */
  edit(id: OperationId, payload: unknown, options?: EditOptions): Promise<Entry>
  /**
   * Takes a discard or an edit back: what was there before goes out under a new id, from its old place in its lane.
   * Possible while `canUndo` is true and what took its place is not applied.
   *
   * @returns the entry to follow from now on
   * @throws SyncError `unknown-entry`, `illegal-act`
   */
  undo(id: OperationId): Promise<Entry>
  /**
   * Lets the lane of a dead letter or a conflict go on without it. It stays where it is until a person settles it; what
   * comes of it then has lost its place in the order.
   *
   * @throws SyncError `unknown-entry`, `illegal-act` (in any other state)
   */
  skip(id: OperationId): Promise<Entry>
  /** Says that the person has signed in (again): a pause for a missing sign-in ends if it is true. */
  authenticated(): void
  /** Forgets results of entries that were settled longer ago than this. Touches nothing else. Returns how many. */
  cleanup(options: { readonly olderThanMs: number }): Promise<number>
  /** The other identities whose queues are sealed on this device, with counts alone. */
  sealed(): Promise<readonly RegisteredIdentity[]>
  /** Stops sending and closes the store. Nothing is lost: what is pending stays. */
  close(): Promise<void>
}
