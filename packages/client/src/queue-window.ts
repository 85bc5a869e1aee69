/**
 * The window: the part of the queue that the drain looks at. It reads the log by pages, keeps the held entries, and
 * remembers what it passed.
 *
 * An entry whose lane is blocked leaves the window, so that a hundred thousand of them cost nothing; the window keeps
 * each such lane's first position and goes back there when the lane opens.
 */
import {
  batchBytesMax,
  priorities,
  type OperationId,
  type ParentState,
  type Priority,
  type Candidate,
  type WaitingCandidate,
} from '@holdfast/core'
import { isLive, type LiveEntry, type Position, type Store, type StoredEntry } from './store/store.ts'

/** An entry as planning sees it, with the stored one. */
export interface WindowEntry extends Candidate {
  readonly stored: LiveEntry
}

/** A held entry that waits for its retry. */
export type WaitingEntry = WindowEntry & WaitingCandidate

/** Entries per priority below which the window reads more: a full request. */
const windowEntriesMax = 100
/** Entries per read: few reads, each of them bounded by its size. */
const pageEntriesMax = 1000
/** Their size at which the window reads no more either (UTF-16 code units): two full requests. */
const windowSizeMax: number = 2 * batchBytesMax
/** Bytes per read (UTF-16 code units). */
const pageBytesMax = 512 * 1024
/** Held entries read per page. */
const heldPageMax = 500
/** How often an entry can have been replaced by another before looking for the last of them is given up. */
const successorsMax = 100

/** The part of the queue that the drain looks at. Owned by the drain of one leadership. */
export class QueueWindow {
  readonly #store: Store
  readonly #streams: { [P in Priority]: WindowEntry[] } = { high: [], medium: [], low: [] }
  readonly #cursors: { [P in Priority]: Position | undefined } = { high: undefined, medium: undefined, low: undefined }
  readonly #isEnd: { [P in Priority]: boolean } = { high: false, medium: false, low: false }
  readonly #held = new Map<OperationId, WindowEntry>()
  /** The first position that was passed, by lane. */
  readonly #passed = new Map<string, Position>()
  readonly #parents = new Map<OperationId, ParentState>()
  /** Lanes that wait for an entry to settle, by that entry. */
  readonly #lanesBehind = new Map<OperationId, Set<string>>()
  /** Entries that others come after, by the entry that took their place: its fate is theirs. */
  readonly #carries = new Map<OperationId, Set<OperationId>>()
  /** Counts what others than the reading have changed. */
  #changes = 0
  #waiting: readonly WaitingEntry[] | undefined
  #blockedLanes: ReadonlySet<string> = new Set()
  /** Where the held entry stands that blocks a lane, by lane. */
  #blockers: ReadonlyMap<string, WindowEntry> = new Map()

  constructor(store: Store) {
    this.#store = store
  }

  get streams(): { readonly [P in Priority]: readonly WindowEntry[] } {
    return this.#streams
  }

  /** The first entries of each stream. */
  heads(most: number): { readonly [P in Priority]: readonly WindowEntry[] } {
    const { high, medium, low } = this.#streams
    return { high: high.slice(0, most), medium: medium.slice(0, most), low: low.slice(0, most) }
  }

  /** Held entries that stand first in their lanes and wait for their retry, in the order of their due time. */
  get waiting(): readonly WaitingEntry[] {
    return this.#standing().waiting
  }

  /** Lanes that a held entry blocks. */
  get blockedLanes(): ReadonlySet<string> {
    this.#standing()
    return this.#blockedLanes
  }

  /**
   * True for an entry before the held one that blocks its lane. A discard takes the place of what it takes back, in the
   * middle of its lane, and should it fail there, what stands before it must not wait for a person.
   */
  isAhead({ lane, stored }: WindowEntry): boolean {
    const blocker = this.#blockers.get(lane)
    return blocker !== undefined && isBefore(stored.position, blocker.stored.position)
  }

  /** True when everything in the log has been looked at. */
  get isComplete(): boolean {
    return priorities.every((priority) => this.#isEnd[priority])
  }

  parentState(id: OperationId): ParentState {
    return this.#parents.get(id) ?? 'pending'
  }

  /** Something was appended: what was the end may not be it any more. */
  noteGrowth(grown: Iterable<Priority>): void {
    for (const priority of grown) this.#isEnd[priority] = false
  }

  /** True when the next {@link fill} will read. */
  get wantsMore(): boolean {
    return priorities.some((priority) => !this.#isFull(priority) && !this.#isEnd[priority])
  }

  /**
   * Reads until each stream is full or at its end, and looks up the entries that others come after.
   *
   * @returns true when it has read entries
   */
  async fill(): Promise<boolean> {
    let hasRead = false
    for (const priority of priorities) {
      while (!this.#isFull(priority) && !this.#isEnd[priority]) {
        const changes = this.#changes
        const page = await this.#store.readLog(priority, this.#cursors[priority], {
          entriesMax: pageEntriesMax,
          bytesMax: pageBytesMax,
        })
        // An answer was taken over meanwhile: it may have gone back, and settled what this page holds.
        if (changes !== this.#changes) continue
        hasRead ||= page.entries.length > 0
        this.#cursors[priority] = page.last ?? this.#cursors[priority]
        this.#isEnd[priority] = page.isEnd
        for (const entry of page.entries) {
          if (!this.#isBehindPassed(entry)) this.#streams[priority].push(windowEntry(entry))
        }
      }
    }
    await this.#lookUpParents()
    return hasRead
  }

  /** Reads the held entries anew and goes back to the start: somebody else changed something. */
  async reload(): Promise<void> {
    this.#held.clear()
    this.#waiting = undefined
    this.#parents.clear()
    // In the order in which acts of people move them, so that none is missed in between.
    for (const kind of ['dead', 'conflicted', 'waiting'] as const) {
      for (let after: OperationId | undefined; ;) {
        const page = await this.#store.readHeld(kind, { limit: heldPageMax, ...(after !== undefined && { after }) })
        for (const entry of page) this.#held.set(entry.operation.id, windowEntry(entry))
        if (page.length < heldPageMax) break
        after = page.at(-1)?.operation.id
      }
    }
    this.rewind()
  }

  /** Goes back to the start of the log: what was passed may be due now. */
  rewind(): void {
    this.#passed.clear()
    this.#lanesBehind.clear()
    this.#carries.clear()
    for (const priority of priorities) {
      this.#streams[priority] = []
      this.#cursors[priority] = undefined
      this.#isEnd[priority] = false
    }
  }

  /** Lets entries leave the window that cannot go before something changes. */
  pass(entries: readonly WindowEntry[]): void {
    if (entries.length === 0) return
    for (const entry of entries) {
      const first = this.#passed.get(entry.lane)
      if (first === undefined || isBefore(entry.stored.position, first)) {
        this.#passed.set(entry.lane, entry.stored.position)
      }
      for (const parent of entry.after ?? []) {
        if (this.parentState(parent) === 'applied') continue
        const lanes = this.#lanesBehind.get(parent) ?? new Set()
        lanes.add(entry.lane)
        this.#lanesBehind.set(parent, lanes)
      }
    }
    // Those behind them as well, even where the plan was full before it came to them.
    for (const priority of priorities) {
      this.#streams[priority] = this.#streams[priority].filter(({ stored }) => !this.#isBehindPassed(stored))
    }
  }

  /** Takes over what an update has made of entries. */
  apply(changed: readonly LiveOrGone[]): void {
    this.#changes += 1
    const gone = new Set<OperationId>()
    const opened = new Set<string>()
    for (const { id, lane, entry, isSuperseded } of changed) {
      gone.add(id)
      if (this.#held.delete(id)) opened.add(lane)
      if (isSuperseded === true) this.#parents.delete(id)
      else if (entry === undefined) this.#parents.set(id, 'applied')
      else this.#held.set(id, windowEntry(entry))
      for (const carried of [id, ...(this.#carries.get(id) ?? [])]) {
        for (const behind of this.#lanesBehind.get(carried) ?? []) opened.add(behind)
        if (entry === undefined) this.#lanesBehind.delete(carried)
      }
      if (entry === undefined) this.#carries.delete(id)
    }
    this.#waiting = undefined
    this.#drop(gone)
    for (const lane of opened) {
      const first = this.#passed.get(lane)
      if (first === undefined) continue
      const { blockers } = this.#standing()
      const blocker = blockers.get(lane)?.stored.position
      if (blocker !== undefined && !isBefore(first, blocker)) continue
      this.#passed.delete(lane)
      this.#goBackTo(first)
    }
  }

  #isFull(priority: Priority): boolean {
    const stream = this.#streams[priority]
    return stream.length >= windowEntriesMax || stream.reduce((sum, { size }) => sum + size, 0) >= windowSizeMax
  }

  /** True for an entry of a lane in which an earlier one has left the window: it must not overtake that one. */
  #isBehindPassed({ operation, position }: LiveEntry): boolean {
    const first = this.#passed.get(operation.lane)
    return first !== undefined && !isBefore(position, first)
  }

  #goBackTo(position: Position): void {
    const { priority } = position
    // The place right before it: indexes start at 0.
    const before: Position = { ...position, index: position.index - 1 }
    const first = this.#streams[priority][0]?.stored.position
    const cursor = this.#cursors[priority]
    const start = first !== undefined && isBefore(first, position) ? { ...first, index: first.index - 1 } : before
    // Nothing of this stream has been read yet, or not as far: reading on will come past it.
    if (cursor === undefined || isBefore(cursor, start)) return
    this.#streams[priority] = []
    this.#cursors[priority] = start
    this.#isEnd[priority] = false
  }

  #drop(gone: ReadonlySet<OperationId>): void {
    for (const priority of priorities) {
      const stream = this.#streams[priority]
      if (stream.length > 0) this.#streams[priority] = stream.filter(({ id }) => !gone.has(id))
    }
  }

  async #lookUpParents(): Promise<void> {
    // The held ones too: after a reload, nothing is known of anybody's parents.
    for (const entries of [this.waiting, ...priorities.map((priority) => this.#streams[priority])]) {
      for (const { after } of entries) {
        for (const id of after ?? []) {
          if (this.#parents.get(id) === 'applied') continue
          await this.#lookUpParent(id)
        }
      }
    }
  }

  async #lookUpParent(id: OperationId): Promise<void> {
    for (let changes: number | undefined; changes !== this.#changes && this.#parents.get(id) !== 'applied';) {
      changes = this.#changes
      const state = await this.#readParentState(id)
      // Settled while it was being looked up: what was read is old.
      if (changes === this.#changes) this.#parents.set(id, state)
    }
  }

  async #readParentState(id: OperationId): Promise<ParentState> {
    let parent = await this.#find(id)
    // What took its place carries its fate. The steps are counted, should a damaged store name a circle.
    for (let steps = 0; steps < successorsMax; steps += 1) {
      if (parent?.state.kind !== 'discarded' || parent.state.cause !== 'superseded') break
      const { by } = parent.state
      const carried = this.#carries.get(by) ?? new Set()
      this.#carries.set(by, carried.add(id))
      parent = await this.#find(by)
    }
    // The server cannot judge what it has not been told yet: to ask it would mean to ask again every few seconds.
    const isOpenDiscard = parent?.state.kind === 'discarded' && !parent.state.isCertain
    if (isOpenDiscard) return 'pending'
    // One that is settled, or that nobody here remembers, is the server's to judge: its ledger forgets nothing.
    if (parent === undefined || !isLive(parent)) return 'applied'
    return parent.state.kind === 'dead' ? 'gone' : 'pending'
  }

  async #find(id: OperationId): Promise<StoredEntry | undefined> {
    return this.#held.get(id)?.stored ?? (await this.#store.find(id))
  }

  #standing(): { readonly waiting: readonly WaitingEntry[]; readonly blockers: ReadonlyMap<string, WindowEntry> } {
    if (this.#waiting !== undefined) return { waiting: this.#waiting, blockers: this.#blockers }
    const heads = new Map<string, WindowEntry>()
    for (const entry of this.#held.values()) {
      const { state, onDead, position } = entry.stored
      if (state.kind !== 'waiting' && onDead === 'skip') continue
      const head = heads.get(entry.lane)
      if (head === undefined || isBefore(position, head.stored.position)) heads.set(entry.lane, entry)
    }
    const waiting: WaitingEntry[] = []
    for (const entry of heads.values()) {
      const { state } = entry.stored
      if (state.kind !== 'waiting') continue
      const { notBeforeMs, delayMs, isAsked } = state
      waiting.push({ ...entry, notBeforeMs, delayMs, isAsked })
    }
    this.#waiting = waiting.toSorted((left, right) => left.createdAtMs - right.createdAtMs)
    this.#blockers = heads
    this.#blockedLanes = new Set(heads.keys())
    return { waiting: this.#waiting, blockers: this.#blockers }
  }
}

/** What has become of an entry: the held entry it is now, or nothing once it is settled. */
export interface LiveOrGone {
  readonly id: OperationId
  readonly lane: string
  readonly entry: LiveEntry | undefined
  /** Another entry has taken its place: what comes after this one waits for that one. */
  readonly isSuperseded?: boolean
}

/** True when one place comes before another of the same priority. */
function isBefore(left: Position, right: Position): boolean {
  return left.segment !== right.segment ? left.segment < right.segment : left.index < right.index
}

function windowEntry(stored: LiveEntry): WindowEntry {
  const { id, type, lane, createdAtMs, after } = stored.operation
  const { priority, size } = stored
  return { id, type, lane, priority, createdAtMs, size, stored, ...(after !== undefined && { after }) }
}
