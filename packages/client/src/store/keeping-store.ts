/**
 * A store that goes on when the disk is full. What a leader cannot write stays in memory, and whoever reads through this
 * store sees it as if it were written: the drain goes on, sends nothing a second time, and reports what is true.
 *
 *   writing ── no room, or the disk fails ──▶ keeping ── a minute at most, or something was stored ──▶ tries
 *      ▲                                         ▲                                                      │
 *      │                                         └──────────────────── still no room ───────────────────┤
 *      └───────────────────────────────────────────── all of it is written ────────────────────────────┘
 *
 * Nothing is at risk meanwhile: what memory loses is still queued on the disk, is sent again by the next leader, and is
 * answered by the ledger with its first outcome. Appends and the acts of a person are never kept: they are written, or
 * refused to whoever asked.
 */
import { SyncError, type HeldState, type OperationId, type Priority, type QueuedOperation } from '@holdfast/core'
import type { Clock } from '../environment.ts'
import type { Pause } from '../pause.ts'
import type { LogSection } from './log-section.ts'
import {
  idOf,
  isLive,
  type Appended,
  type Coalesced,
  type Leadership,
  type LiveEntry,
  type LogPage,
  type LogsView,
  type Position,
  type SettledEntry,
  type SlotTaking,
  type Store,
  type StoreCounts,
  type StoredEntry,
  type UpdateOptions,
  type UpdateReport,
  type UpdateRequest,
} from './store.ts'
import { planUpdate } from './update-plan.ts'

/** The first pause before the disk is tried again, ms; each further one is twice as long. */
const pauseFirstMs = 1000
/** The longest pause, ms: somebody who has made room waits no longer. */
const pauseMaxMs = 60_000
/** Changes tried in one transaction after all of them together were refused: little room may still take a few. */
const fewRequests = 32
/** Most changes kept, and most UTF-16 code units of their entries: memory is no disk. */
const keptMax = 5000
const keptSizeMax: number = 16 * 1024 * 1024

/** A leader with work to do that has given no sign of life for so long has gone, ms: more than two of its signs. */
const silentMinMs = 45_000

/** What a keeping store tells its outbox. */
export interface KeepingListener {
  /** Hears how each write has ended: the error, or nothing. */
  readonly onWrite: (error?: unknown) => void
  /** Hears how many changes are in memory alone. */
  readonly onKept: (count: number) => void
  /** Hears of changes that were kept once they are written, or turned out not to be ours any more. */
  readonly onWritten: (reports: readonly UpdateReport[]) => void
}

/** What became of an entry in memory: what the disk holds of it, and what it is. */
interface Kept {
  readonly before: StoredEntry
  readonly after: StoredEntry
}

/** A store that goes on when the disk is full. */
export class KeepingStore implements Store {
  readonly #store: Store
  readonly #clock: Pick<Clock, 'now' | 'timer'>
  readonly #listener: KeepingListener
  /** What could not be written, in the order in which it was asked for. */
  #requests: readonly UpdateRequest[] = []
  #size = 0
  /** In whose name it will be written. */
  #epoch: number | undefined
  readonly #kept = new Map<OperationId, Kept>()
  /** A write has failed otherwise than for want of room: the disk may have it all the same. */
  #isUnsure = false
  #failures = 0
  #cancelTry: (() => void) | undefined
  #trying: Promise<void> | undefined
  /** Counts the transactions that were begun for what is kept. */
  #writes = 0

  constructor(store: Store, clock: Pick<Clock, 'now' | 'timer'>, listener: KeepingListener) {
    this.#store = store
    this.#clock = clock
    this.#listener = listener
  }

  get durable(): boolean {
    return this.#store.durable
  }

  /** True when no more should be kept: whoever drains has to wait for the disk. */
  get isFull(): boolean {
    return this.#requests.length >= keptMax || this.#size >= keptSizeMax
  }

  async update(requests: readonly UpdateRequest[], options: UpdateOptions): Promise<readonly UpdateReport[]> {
    if (options.epoch === undefined) {
      // Judged by what the disk holds: what is known better here must get there first.
      if (this.#requests.length > 0) await this.#writeAll()
      return this.#told(this.#store.update(requests, options))
    }
    if (this.#requests.length > 0) return this.#keep(requests, options)
    try {
      return await this.#told(this.#store.update(requests, options))
    } catch (error) {
      if (!isTroubleOfTheDisk(error)) throw error
      this.#noteDoubt(error)
      return this.#keep(requests, options)
    }
  }

  async append(...args: Parameters<Store['append']>): Promise<readonly LiveEntry[]> {
    const entries = await this.#told(this.#store.append(...args))
    // There is room, it seems.
    if (this.#requests.length > 0) this.#tryIn(0)
    return entries
  }

  async appendOnce(group: readonly QueuedOperation[]): Promise<readonly Appended[]> {
    const appended = await this.#told(this.#store.appendOnce(group))
    if (this.#requests.length > 0 && appended.some(({ isNew }) => isNew)) this.#tryIn(0)
    return appended.map(({ entry, isNew }) => ({ entry: this.#kept.get(idOf(entry))?.after ?? entry, isNew }))
  }

  readSlot(name: string): ReturnType<Store['readSlot']> {
    return this.#store.readSlot(name)
  }

  async takeSlot(taking: SlotTaking): Promise<Coalesced | undefined> {
    // Judged by what the disk holds: what is known better here must get there first.
    if (this.#requests.length > 0) await this.#writeAll()
    return this.#told(this.#store.takeSlot(taking))
  }

  /** Ends a leadership: one last try, and what cannot be written is forgotten here. */
  async release(): Promise<void> {
    if (this.#requests.length > 0) await this.#writeAll().catch(nothing)
    this.#forget()
  }

  async readLog(
    priority: Priority,
    after: Position | undefined,
    limits: { readonly entriesMax: number; readonly bytesMax: number },
  ): Promise<LogPage> {
    const page = await this.#store.readLog(priority, after, limits)
    return this.#withoutKept(page)
  }

  async readLogs(
    after: ReadonlyMap<Priority, Position | undefined>,
    limits: { readonly entriesMax: number; readonly bytesMax: number },
  ): Promise<LogsView> {
    const { pages, leadership } = await this.#store.readLogs(after, limits)
    return { pages: new Map([...pages].map(([priority, page]) => [priority, this.#withoutKept(page)])), leadership }
  }

  readEnds(): Promise<ReadonlyMap<Priority, number>> {
    return this.#store.readEnds()
  }

  async readHeld(
    kind: HeldState['kind'],
    { after, limit }: { readonly after?: OperationId; readonly limit: number },
  ): Promise<readonly LiveEntry[]> {
    const held: LiveEntry[] = []
    for (let from = after; held.length < limit;) {
      const page = await this.#store.readHeld(kind, { limit, ...(from !== undefined && { after: from }) })
      held.push(...page.filter(({ operation }) => !this.#kept.has(operation.id)))
      from = page.at(-1)?.operation.id
      if (page.length < limit) break
    }
    if (this.#kept.size === 0) return held
    for (const { after: entry } of this.#kept.values()) {
      if (isLive(entry) && entry.state.kind === kind && (after === undefined || entry.operation.id > after))
        held.push(entry)
    }
    return held.toSorted((left, right) => (left.operation.id < right.operation.id ? -1 : 1)).slice(0, limit)
  }

  async readSettled({
    before,
    limit,
  }: {
    readonly before?: SettledEntry
    readonly limit: number
  }): Promise<readonly SettledEntry[]> {
    const kept = [...this.#kept.values()].flatMap(({ after }) => (isLive(after) ? [] : [after])).toReversed()
    const index = before === undefined ? -1 : kept.findIndex(({ id }) => id === before.id)
    // Behind one that is on the disk, only the disk has more: what is kept is the latest.
    if (before !== undefined && index < 0) return this.#store.readSettled({ before, limit })
    const page = kept.slice(index + 1, index + 1 + limit)
    if (page.length >= limit) return page
    const rest = await this.#store.readSettled({ limit })
    return [...page, ...rest.filter(({ id }) => !this.#kept.has(id))].slice(0, limit)
  }

  async find(id: OperationId): Promise<StoredEntry | undefined> {
    return this.#kept.get(id)?.after ?? this.#store.find(id)
  }

  async findMany(ids: ReadonlySet<OperationId>): Promise<ReadonlyMap<OperationId, StoredEntry>> {
    const found = new Map(await this.#store.findMany(ids))
    for (const id of ids) {
      const kept = this.#kept.get(id)
      if (kept !== undefined) found.set(id, kept.after)
    }
    return found
  }

  async counts(): Promise<StoreCounts> {
    let [counts, writes] = [{ queued: 0, waiting: 0, conflicted: 0, dead: 0 }, -1]
    let found: ReadonlyMap<OperationId, StoredEntry | undefined> = new Map()
    // While what is kept is being written, the disk may have it or not: it would be taken off twice.
    while (writes !== this.#writes) {
      while (this.#trying !== undefined) await this.#trying
      writes = this.#writes
      counts = { ...(await this.#store.counts()) }
      found = await this.#onDisk()
    }
    const add = (entry: StoredEntry | undefined, by: number): void => {
      if (entry === undefined) return
      const { kind } = entry.state
      if (kind !== 'applied' && kind !== 'discarded') counts[kind] = Math.max(0, counts[kind] + by)
    }
    for (const [id, { before, after }] of this.#kept) {
      add(found.has(id) ? found.get(id) : before, -1)
      add(after, 1)
    }
    return counts
  }

  /** What the disk holds of what is kept, where that is not certain. */
  async #onDisk(): Promise<ReadonlyMap<OperationId, StoredEntry | undefined>> {
    if (!this.#isUnsure) return new Map()
    const ids = new Set(this.#kept.keys())
    const found = await this.#store.findMany(ids)
    return new Map([...ids].map((id) => [id, found.get(id)]))
  }

  /**
   * Claims the leadership; without room for that, goes on under the epoch of the leader before, who is not fenced off
   * then: what was stored must be sent all the same. Where the disk merely failed, that one must have been silent: two
   * that lead under one epoch cannot tell that the other moves entries while they read.
   */
  async claim(holder: string, nowMs: number): Promise<number> {
    try {
      return await this.#told(this.#store.claim(holder, nowMs))
    } catch (error) {
      const before = isTroubleOfTheDisk(error) ? await this.#store.readLeadership() : undefined
      const silentMs = nowMs - (before?.beatAtMs ?? 0)
      const isBeating = silentMs >= 0 && silentMs < silentMinMs
      if (before === undefined || (isBeating && !isAboutRoom(error))) throw error
      return before.epoch
    }
  }

  beat(epoch: number, nowMs: number): Promise<boolean> {
    return this.#store.beat(epoch, nowMs)
  }

  readLeadership(): Promise<Leadership | undefined> {
    return this.#store.readLeadership()
  }

  readPause(): Promise<Pause> {
    return this.#store.readPause()
  }

  changePause(change: (pause: Pause) => Pause): Promise<Pause> {
    return this.#store.changePause(change)
  }

  cleanup(beforeMs: number): Promise<number> {
    return this.#store.cleanup(beforeMs)
  }

  close(): Promise<void> {
    this.#forget()
    return this.#store.close()
  }

  #withoutKept(page: LogPage): LogPage {
    if (this.#kept.size === 0) return page
    return { ...page, entries: page.entries.filter(({ operation }) => !this.#kept.has(operation.id)) }
  }

  /** Says how a write has ended. */
  async #told<Result>(writing: Promise<Result>): Promise<Result> {
    try {
      const result = await writing
      this.#listener.onWrite()
      return result
    } catch (error) {
      this.#listener.onWrite(error)
      throw error
    }
  }

  /** Judges changes by what is known here, and keeps them. */
  #keep(requests: readonly UpdateRequest[], { epoch, nowMs }: UpdateOptions): readonly UpdateReport[] {
    // One by one: an entry may be asked for twice.
    const reports = requests.flatMap((request) => {
      const id = idOf(request.entry)
      const known = this.#kept.get(id)
      const current = known?.after ?? request.entry
      const held = new Map(isLive(current) ? [[id, current]] : [])
      const settled = new Map(isLive(current) ? [] : [[id, current]])
      const plan = planUpdate([request], { sections: noSections, held, settled }, nowMs)
      for (const { entry, isChanged } of plan.reports) {
        if (isChanged) this.#kept.set(id, { before: known?.before ?? request.entry, after: entry })
      }
      return plan.reports
    })
    this.#epoch = epoch
    this.#setRequests([...this.#requests, ...requests])
    if (this.#cancelTry === undefined) this.#tryIn(Math.min(pauseFirstMs * 2 ** this.#failures, pauseMaxMs))
    return reports
  }

  #tryIn(delayMs: number): void {
    this.#cancelTry?.()
    this.#cancelTry = this.#clock.timer(delayMs, () => {
      this.#cancelTry = undefined
      void this.#writeAll().catch(nothing)
    })
  }

  /** Writes everything that is kept, one try at a time; rejects when some of it has to stay for want of room. */
  async #writeAll(): Promise<void> {
    while (this.#trying !== undefined) await this.#trying
    const trying = this.#try()
    this.#trying = trying.then(nothing, nothing)
    try {
      await trying
    } finally {
      this.#trying = undefined
    }
  }

  async #try(): Promise<void> {
    this.#cancelTry?.()
    this.#cancelTry = undefined
    try {
      await this.#write(this.#requests.length)
    } catch (error) {
      this.#noteDoubt(error)
      if (isTroubleOfTheDisk(error)) return this.#writeSome(error)
      // Somebody else leads, or the store is closed: what is known here is not ours to write any more.
      this.#forget()
      this.#listener.onWritten([])
    }
  }

  async #writeSome(error: unknown): Promise<void> {
    try {
      while (this.#requests.length > 0) await this.#write(fewRequests)
    } catch (failure) {
      this.#noteDoubt(failure)
      this.#failures += 1
      this.#tryIn(Math.min(pauseFirstMs * 2 ** this.#failures, pauseMaxMs))
      throw error
    }
  }

  /** Writes the first of what is kept in one transaction. */
  async #write(count: number): Promise<void> {
    const requests = this.#requests.slice(0, count)
    if (requests.length === 0) return
    this.#writes += 1
    const epoch = this.#epoch === undefined ? {} : { epoch: this.#epoch }
    const writing = this.#store.update(requests, { ...epoch, durability: 'relaxed', nowMs: this.#clock.now() })
    const reports = await this.#told(writing)
    const left = this.#requests.slice(requests.length)
    const changing = new Set(left.map(({ entry }) => idOf(entry)))
    for (const { entry } of reports) {
      const after = this.#kept.get(idOf(entry))?.after
      if (after !== undefined && changing.has(idOf(entry))) this.#kept.set(idOf(entry), { before: entry, after })
      else this.#kept.delete(idOf(entry))
    }
    this.#failures = 0
    this.#setRequests(left)
    this.#listener.onWritten(reports)
  }

  /** An error that is not about room may come after the commit. */
  #noteDoubt(error: unknown): void {
    if (!isAboutRoom(error)) this.#isUnsure = true
  }

  #forget(): void {
    this.#cancelTry?.()
    this.#cancelTry = undefined
    this.#failures = 0
    this.#kept.clear()
    this.#setRequests([])
  }

  #setRequests(requests: readonly UpdateRequest[]): void {
    this.#requests = requests
    this.#size = requests.reduce((sum, { entry }) => sum + (isLive(entry) ? entry.size : 0), 0)
    if (this.#kept.size === 0) this.#isUnsure = false
    this.#listener.onKept(this.#kept.size)
  }
}

/** Nothing is judged by the log: what the caller knows is all that is known. */
const noSections: ReadonlyMap<Priority, LogSection> = new Map()

function nothing(): void {}

function isAboutRoom(error: unknown): boolean {
  return error instanceof SyncError && error.code === 'quota'
}

function isTroubleOfTheDisk(error: unknown): boolean {
  return error instanceof SyncError && (error.code === 'quota' || error.code === 'storage')
}
