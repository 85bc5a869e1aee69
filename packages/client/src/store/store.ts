/**
 * The store port: the durable, ordered set of entries of one identity.
 *
 * The log is append-only. An entry is written once, in a segment, and never rewritten; that it is settled is a mark
 * beside the segment, and what needs individual attention moves to `held` with a copy of its body. A segment goes when
 * a transaction has proved all of it settled. Positions are never used twice, so whoever knows a position knows the
 * body that stands there for ever.
 *
 * Promises that every store keeps (store.contract.ts):
 * - `append` is all or nothing and resolves only when the group survives a power cut (where `durable`).
 * - Order is commit order, over all tabs.
 * - `update` judges each entry by the state it has inside the transaction, and writes all of its changes or none.
 * - With an epoch, `update` writes nothing once another leader has claimed a later one (SyncError `fenced`).
 */
import type {
  AppliedState,
  DeliveryState,
  Discarded,
  Failure,
  HeldState,
  OnDead,
  Operation,
  OperationId,
  Priority,
  Problem,
  Queued,
  QueuedOperation,
} from '@holdfast/core'
import type { Slot } from './coalescing.ts'
import type { Pause } from '../pause.ts'

/** Where an entry stands: the segment of its priority's log, and its index there. Ordered by segment, then index. */
export interface Position {
  readonly priority: Priority
  readonly segment: number
  readonly index: number
}

/** One attempt, for the record that people read. */
export interface AttemptRecord {
  readonly atMs: number
  /** Why it came to nothing; `undefined` when the server answered with an outcome. */
  readonly failure?: Failure
  /** What the server had against it: its refusal, or the conflict that it met. */
  readonly problem?: Problem
}

/** Most attempts that an entry's record keeps; older ones are dropped. */
export const attemptRecordsMax = 20

/** An entry with its body: queued, or held. */
export interface LiveEntry extends QueuedOperation {
  /** Its place in the order. A replacement stands at the place of what it replaces. */
  readonly position: Position
  /** UTF-16 code units of its JSON. */
  readonly size: number
  readonly state: Queued | HeldState
  readonly attempts: readonly AttemptRecord[]
  /** How many older ones were dropped from `attempts`. */
  readonly droppedAttempts?: number
}

/** The body of an entry that a person took back or edited, with its place: what is needed to put it back. */
export type KeptBody = Omit<LiveEntry, 'state' | 'size'>

/** What is kept of a settled entry for the retention time. */
export interface SettledEntry {
  readonly id: OperationId
  readonly type: string
  readonly lane: string
  readonly createdAtMs: number
  readonly settledAtMs: number
  readonly state: AppliedState | Discarded
  /** Set for the news of a discard: it has no effect of its own, and no business in a list of what was done. */
  readonly isCancel?: true
  /** Set where a person's act can be undone. */
  readonly kept?: KeptBody
}

/** An entry in any state. */
export type StoredEntry = LiveEntry | SettledEntry

/** True for an entry that still has its body. */
export function isLive(entry: StoredEntry): entry is LiveEntry {
  return 'operation' in entry
}

/** The id of an entry in any state. */
export function idOf(entry: StoredEntry): OperationId {
  return isLive(entry) ? entry.operation.id : entry.id
}

/** What becomes of one entry. */
export interface EntryChange {
  readonly state: DeliveryState
  readonly attempt?: AttemptRecord
  /** True keeps the body of what is settled by this; false gives up one that was kept. */
  readonly keepsBody?: boolean
  /** Changes what the entry does to its lane as a dead letter. */
  readonly onDead?: OnDead
  /** The same operation as it is to be stored from now on: sealed, or no longer. */
  readonly form?: Operation
  /** Takes the entry's place in its lane, held; see core's delivery. */
  readonly replacement?: { readonly operation: Operation; readonly state: HeldState }
}

/** Asks for a change of one entry. */
export interface UpdateRequest {
  /** The entry as the caller knows it: its body and place are taken from here, its state is not. */
  readonly entry: StoredEntry
  /**
   * Decides by the state the entry has inside the transaction; `undefined` leaves it. Must be pure and synchronous: a
   * store may call it more than once, and the last call decides. Decides nothing about an entry whose result is
   * forgotten, of which nothing is left to change. What it throws undoes the whole update.
   */
  readonly change: (current: StoredEntry) => EntryChange | undefined
}

/** What came of an update: the entry as it is now, and whether this update changed it. */
export interface UpdateReport {
  readonly entry: StoredEntry
  readonly isChanged: boolean
  /** The replacement as stored, where the change had one. */
  readonly replacement?: LiveEntry
}

/** Asks for an entry to be stored under a key. */
export interface SlotTaking {
  readonly name: string
  /** The entry that came last, as far as the caller knows. */
  readonly expected: OperationId | undefined
  readonly queued: QueuedOperation
  /** The same operation with what it absorbs; absent where it must not take the other one's place. */
  readonly newer?: Operation
  /** What it comes after. */
  readonly parents: readonly OperationId[]
  readonly nowMs: number
}

/** What came of storing an entry under a key. */
export interface Coalesced {
  readonly entry: LiveEntry
  /** True when an older one gave its place to it. */
  readonly hasAbsorbed: boolean
}

/** How an update is written. */
export interface UpdateOptions {
  /** The leader's epoch; absent for the act of a person. */
  readonly epoch?: number
  /** `strict` survives a power cut (every act of a person); `relaxed` may be rolled back to an earlier state of the log. */
  readonly durability: 'strict' | 'relaxed'
  readonly nowMs: number
}

/** How many live entries there are. */
export interface StoreCounts {
  readonly queued: number
  readonly waiting: number
  readonly conflicted: number
  readonly dead: number
}

/** A page of the log. */
export interface LogPage {
  /** Queued entries after the position asked for, in order. */
  readonly entries: readonly LiveEntry[]
  /** The last position looked at; ask from here for what follows. `undefined` when the log held nothing after. */
  readonly last: Position | undefined
  /** True when nothing stood behind `last` when this page was read. */
  readonly isEnd: boolean
}

/** Pages of several logs, and who led when the last of them was read. */
export interface LogsView {
  /** A page of each log that was asked for. */
  readonly pages: ReadonlyMap<Priority, LogPage>
  readonly leadership: Leadership | undefined
}

/** Who leads, as written in the store. */
export interface Leadership {
  readonly epoch: number
  readonly holder: string
  readonly beatAtMs: number
  /**
   * Acts of people since this leadership began; absent before the first. Whoever has read before one of them may know
   * less than the log shows: an entry that was moved is not in the log any more.
   */
  readonly acts?: number
}

/** What came of appending an entry that may have been there. */
export interface Appended {
  readonly entry: StoredEntry
  /** False when it was there, or stood in the same group before. */
  readonly isNew: boolean
}

/** The durable, ordered set of entries of one identity. */
export interface Store {
  /** False when entries do not outlive the page. */
  readonly durable: boolean
  /**
   * Appends a group, in order, all or nothing.
   *
   * @returns the entries as stored, in the order given
   * @throws SyncError `quota` or `storage`; then nothing of the group is stored. A sealed store: `unconfirmed`; then all
   * of it is, as after every other write that throws this
   */
  append(group: readonly QueuedOperation[]): Promise<readonly LiveEntry[]>
  /**
   * Appends a group, each entry of it only if no entry has its id, in whichever state and whoever has stored it: of two
   * contexts that append one id at once, one stores it. Costs a search, so it is for ids that somebody else chose.
   *
   * @returns for each of the group, in the order given, the entry that has the id now
   * @throws SyncError `quota` or `storage`; then nothing of the group is stored
   */
  appendOnce(group: readonly QueuedOperation[]): Promise<readonly Appended[]>
  /** Reads which entry came last under a key; see coalescing.ts. */
  readSlot(name: string): Promise<Slot | undefined>
  /**
   * Stores an entry under a key: `newer` in the place of the one that came last, or `queued` at the end of its lane where
   * that one needs a person or is settled. All in one transaction.
   *
   * @returns `undefined` when another entry came last than was expected; then nothing is stored or changed
   * @throws SyncError `quota` or `storage`; then nothing is stored or changed
   */
  takeSlot(taking: SlotTaking): Promise<Coalesced | undefined>
  /** Reads queued entries of one priority after a position (from the start without one), bounded by both limits but at least one entry. */
  readLog(
    priority: Priority,
    after: Position | undefined,
    limits: { readonly entriesMax: number; readonly bytesMax: number },
  ): Promise<LogPage>
  /** Reads a page of each log that is asked for, as `readLog` does, and who leads: at one instant, or who leads later. */
  readLogs(
    after: ReadonlyMap<Priority, Position | undefined>,
    limits: { readonly entriesMax: number; readonly bytesMax: number },
  ): Promise<LogsView>
  /** The last segment of each log, where it has one: what is appended from now on stands behind it. */
  readEnds(): Promise<ReadonlyMap<Priority, number>>
  /** Reads held entries of a kind, ordered by the id, after `after`. */
  readHeld(
    kind: HeldState['kind'],
    options: { readonly after?: OperationId; readonly limit: number },
  ): Promise<readonly LiveEntry[]>
  /** Reads settled entries, latest first by `settledAtMs`, then by commit order. `before` continues after the last entry of the page before. */
  readSettled(options: { readonly before?: SettledEntry; readonly limit: number }): Promise<readonly SettledEntry[]>
  /** Finds an entry in any state; `undefined` when it was never stored, or was settled before the retention time. */
  find(id: OperationId): Promise<StoredEntry | undefined>
  /** Finds entries in any state, all in one search; those that {@link find} would not give are left out. */
  findMany(ids: ReadonlySet<OperationId>): Promise<ReadonlyMap<OperationId, StoredEntry>>
  /**
   * Changes entries, all in one transaction.
   *
   * @throws SyncError `fenced` when the epoch is no longer the latest; `quota` or `storage`; then nothing is changed
   */
  update(requests: readonly UpdateRequest[], options: UpdateOptions): Promise<readonly UpdateReport[]>
  counts(): Promise<StoreCounts>
  /** Claims the leadership: the epoch rises by one, durably, and every older one is fenced off. */
  claim(holder: string, nowMs: number): Promise<number>
  /** Writes a sign of life; false when another leader has claimed a later epoch. */
  beat(epoch: number, nowMs: number): Promise<boolean>
  readLeadership(): Promise<Leadership | undefined>
  readPause(): Promise<Pause>
  /**
   * Changes what is paused, strictly, by what it is inside the transaction. Counts as an act of a person.
   *
   * @throws SyncError `quota` or `storage`; then nothing is changed
   */
  changePause(change: (pause: Pause) => Pause): Promise<Pause>
  /**
   * Forgets settled entries that were settled before `beforeMs`; never anything else. Spares a discard that the server
   * has not answered (`isCertain` false): it may still turn out applied. Also forgets under which keys entries were
   * coalesced before then. Returns how many entries.
   */
  cleanup(beforeMs: number): Promise<number>
  close(): Promise<void>
}
