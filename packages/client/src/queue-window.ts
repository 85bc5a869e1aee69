/**
 * The window: the part of the queue that the drain looks at. It reads the log by pages, keeps the held entries, and
 * remembers what it passed.
 *
 * An entry whose lane is blocked leaves the window, so that a hundred thousand of them cost nothing; the window keeps
 * each such lane's first position and goes back there when the lane opens.
 */
import { priorities, SyncError, type OperationId, type ParentState, type Priority } from '@holdfast/core'
import { HeldEntries } from './held-entries.ts'
import { withInLine } from './in-line.ts'
import { LogStream } from './log-stream.ts'
import { Parents } from './parents.ts'
import type { LiveEntry, Position, Store } from './store/store.ts'
import { isBefore, type WaitingEntry, type WindowEntry } from './window-entry.ts'

/** What is read of each log at once: few reads, each of them bounded by its size (UTF-16 code units). */
const pageLimits = { entriesMax: 1000, bytesMax: 512 * 1024 }
/** Held entries read per page. */
const heldPageMax = 500

/** The part of the queue that the drain looks at. Owned by the drain of one leadership. */
export class QueueWindow {
  readonly #store: Store
  readonly #epoch: number
  readonly #streams: { readonly [P in Priority]: LogStream } = {
    high: new LogStream(),
    medium: new LogStream(),
    low: new LogStream(),
  }
  readonly #held = new HeldEntries()
  readonly #parents: Parents
  /** The first position that was passed, by lane. */
  readonly #passed = new Map<string, Position>()
  /** Lanes that wait for an entry to settle, by that entry. */
  readonly #lanesBehind = new Map<OperationId, Set<string>>()
  /** Acts of people that the store had counted when the held entries were read. */
  #acts: number | undefined
  #isLoaded = false
  /** Counts what others than the reading have changed. */
  #changes = 0

  constructor(store: Store, epoch: number) {
    this.#store = store
    this.#epoch = epoch
    this.#parents = new Parents(store, (id) => this.#held.get(id))
  }

  /** The first entries of each stream, all of them without a limit. */
  streams(most?: number): { readonly [P in Priority]: readonly WindowEntry[] } {
    const { high, medium, low } = this.#streams
    return { high: high.entries(most), medium: medium.entries(most), low: low.entries(most) }
  }

  /** Entries in the longest stream. */
  get longest(): number {
    return Math.max(...priorities.map((priority) => this.#streams[priority].length))
  }

  /** The first entry of each stream, and the oldest of those that wait for their retry: no entry here is older. */
  get oldest(): readonly WindowEntry[] {
    const heads = [...priorities.map((priority) => this.#streams[priority].first), this.waiting[0]]
    return heads.filter((entry) => entry !== undefined)
  }

  /** Held entries that wait for their retry and stand first in their lanes, and all news of discards; oldest first. */
  get waiting(): readonly WaitingEntry[] {
    return this.#held.waiting
  }

  /** Lanes that a held entry blocks. */
  get blockedLanes(): ReadonlySet<string> {
    return this.#held.blockedLanes
  }

  /** True for an entry before the held one that blocks its lane. */
  isAhead({ lane, stored }: WindowEntry): boolean {
    return this.#held.isAhead(lane, stored.position)
  }

  /** True when everything in the log has been looked at. */
  get isComplete(): boolean {
    return priorities.every((priority) => this.#streams[priority].isEnd)
  }

  /** True when the logs have been read up to these segments. */
  hasRead(ends: ReadonlyMap<Priority, number>): boolean {
    return priorities.every((priority) => this.#streams[priority].hasRead(ends.get(priority) ?? 0))
  }

  parentState(id: OperationId): ParentState {
    return this.#parents.stateOf(id)
  }

  /** Something was appended: what was the end may not be it any more. */
  noteGrowth(grown: Iterable<Priority>): void {
    for (const priority of grown) this.#streams[priority].noteGrowth()
  }

  /** True when the next {@link fill} will read. */
  get wantsMore(): boolean {
    return priorities.some((priority) => this.#streams[priority].wantsMore)
  }

  /**
   * Reads until each stream is full or at its end, and looks up the entries that others come after.
   *
   * @returns true when a person has changed an entry since the window was loaded: what stands in its place may be unknown
   * here, and only {@link reload} finds it
   * @throws SyncError `fenced` when another context led as the entries were read: it holds entries that this window does
   * not know, and what was read may stand behind them
   */
  async fill(): Promise<boolean> {
    let isStale = false
    while (this.wantsMore) {
      const wanting = priorities.filter((priority) => this.#streams[priority].wantsMore)
      const changes = this.#changes
      const { pages, leadership } = await this.#store.readLogs(
        new Map(wanting.map((priority) => [priority, this.#streams[priority].cursor])),
        pageLimits,
      )
      // An answer was taken over meanwhile: it may have gone back, and settled what these pages hold.
      if (changes !== this.#changes) continue
      const joined = wanting.flatMap((priority) => {
        const page = pages.get(priority)
        const { cursor } = this.#streams[priority]
        return page === undefined ? [] : [{ priority, page: withInLine(page, priority, cursor, this.#held.inLine) }]
      })
      const hasEntries = [...pages.values()].some(({ entries }) => entries.length > 0)
      if (hasEntries && leadership?.epoch !== this.#epoch) {
        throw new SyncError('fenced', 'Another context leads now; nothing was sent.')
      }
      isStale ||= hasEntries && this.#isLoaded && leadership?.acts !== this.#acts
      for (const { priority, page } of joined) {
        const taken = this.#streams[priority].take(page, (entry) => this.#isBehindPassed(entry))
        for (const { after } of taken) this.#parents.want(after)
      }
    }
    await this.#lookUpParents()
    return isStale
  }

  /** Reads the held entries anew and goes back to the start: somebody else changed something. */
  async reload(): Promise<void> {
    this.#held.clear()
    this.#parents.clear()
    // Before all else: an act that comes while the rest is read makes it old.
    this.#acts = (await this.#store.readLeadership())?.acts
    this.#isLoaded = true
    // In the order in which acts of people move them, so that none is missed in between.
    for (const kind of ['dead', 'conflicted', 'waiting'] as const) {
      for (let after: OperationId | undefined; ;) {
        const page = await this.#store.readHeld(kind, { limit: heldPageMax, ...(after !== undefined && { after }) })
        for (const entry of page) this.#hold(entry)
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
    for (const priority of priorities) this.#streams[priority].restart()
  }

  /** What was passed may go now: goes back for it. */
  reconsider(): void {
    if (this.#passed.size > 0) this.rewind()
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
    for (const priority of priorities) this.#streams[priority].keep(({ stored }) => !this.#isBehindPassed(stored))
  }

  /** Takes over what an update has made of entries. */
  apply(changed: readonly LiveOrGone[]): void {
    if (changed.length === 0) return
    this.#changes += 1
    const gone = new Set<OperationId>()
    const opened = new Set<string>()
    for (const { id, lane, entry, isSuperseded } of changed) {
      gone.add(id)
      if (this.#held.delete(id)) opened.add(lane)
      if (entry !== undefined) this.#hold(entry)
      for (const parent of this.#parents.note(id, entry, isSuperseded === true)) {
        for (const behind of this.#lanesBehind.get(parent) ?? []) opened.add(behind)
        if (entry === undefined) this.#lanesBehind.delete(parent)
      }
    }
    for (const priority of priorities) this.#streams[priority].drop(gone)
    for (const lane of opened) {
      const first = this.#passed.get(lane)
      if (first === undefined || (this.blockedLanes.has(lane) && !this.#held.isAhead(lane, first))) continue
      this.#passed.delete(lane)
      this.#streams[first.priority].goBackTo(first)
    }
  }

  #hold(entry: LiveEntry): void {
    this.#parents.want(this.#held.put(entry).after)
  }

  /** True for an entry of a lane in which an earlier one has left the window: it must not overtake that one. */
  #isBehindPassed({ operation, position }: LiveEntry): boolean {
    const first = this.#passed.get(operation.lane)
    return first !== undefined && !isBefore(position, first)
  }

  async #lookUpParents(): Promise<void> {
    if (this.#parents.isCrowded) {
      const needed = new Set(this.#lanesBehind.keys())
      for (const entries of [this.waiting, ...Object.values(this.streams())]) {
        for (const { after = [] } of entries) for (const id of after) needed.add(id)
      }
      this.#parents.keep(needed)
    }
    await this.#parents.lookUp()
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
