/**
 * A store in memory: for tests, for simulation, and for browsers without IndexedDB, where the app asked for it.
 *
 * The data lives in a `MemoryDisk`, which handles share as tabs share a database, and which a simulation keeps over a
 * kill. Every call resolves in a later microtask and changes the disk in one step, as a transaction would. Segments,
 * marks and the judging of updates are the same as on IndexedDB; only bodies are objects instead of text.
 */
import { isHeld, priorities, SyncError, type OperationId, type Priority, type QueuedOperation } from '@holdfast/core'
import { noPause, type Pause } from '../pause.ts'
import { candidateOf, giveWay, slotOf, type Slot } from './coalescing.ts'
import { LogPageBuilder, type PageLimits } from './log-page.ts'
import { LogSection } from './log-section.ts'
import { countMarked, isMarked, type Marks } from './marks.ts'
import { isOpenDiscard } from './results.ts'
import { countOf, cutIntoSegments, queuedEntry, segmentKey, parseStoredOperation } from './segment.ts'
import {
  idOf,
  type Coalesced,
  type Leadership,
  type LiveEntry,
  type LogPage,
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
import { extentOf, planUpdate } from './update-plan.ts'

/** The log of one priority. */
export interface MemoryLog {
  /** The keys of its segments, ascending. */
  readonly keys: number[]
  readonly segments: Map<number, readonly LiveEntry[]>
  readonly marks: Map<number, Marks>
  /** The sequence of the last segment; never falls, so that no position is used twice. */
  sequence: number
}

/** The data of one identity. Entries and marks in it are immutable. */
export interface MemoryDisk {
  readonly log: { readonly [P in Priority]: MemoryLog }
  readonly held: Map<OperationId, LiveEntry>
  /** In the order of settling. */
  readonly settled: Map<OperationId, SettledEntry>
  leadership: Leadership | undefined
  pause: Pause
  /** Which entry came last under each key, by the name of the slot. */
  readonly slots: Map<string, Slot>
  /** What a power cut would leave, where that is kept track of and differs from what is there. */
  flushed: MemoryDisk | undefined
  readonly isPowerCutTracked: boolean
}

/**
 * An empty disk.
 *
 * @param options.trackPowerCut keeps what {@link afterPowerCut} gives; costs a copy of the disk now and then
 */
export function memoryDisk(options: { readonly trackPowerCut?: boolean } = {}): MemoryDisk {
  return {
    log: { high: emptyLog(), medium: emptyLog(), low: emptyLog() },
    held: new Map(),
    settled: new Map(),
    leadership: undefined,
    pause: noPause,
    slots: new Map(),
    flushed: undefined,
    isPowerCutTracked: options.trackPowerCut === true,
  }
}

/** A copy of a disk as it is: what a kill of the browser leaves. */
export function cloneDisk(disk: MemoryDisk): MemoryDisk {
  const { high, medium, low } = disk.log
  return {
    log: { high: cloneLog(high), medium: cloneLog(medium), low: cloneLog(low) },
    held: new Map(disk.held),
    settled: new Map(disk.settled),
    leadership: disk.leadership,
    pause: disk.pause,
    slots: new Map(disk.slots),
    flushed: undefined,
    isPowerCutTracked: disk.isPowerCutTracked,
  }
}

/** A copy of a disk as a power cut may leave it: without the relaxed writes since the last strict one. */
export function afterPowerCut(disk: MemoryDisk): MemoryDisk {
  return cloneDisk(disk.flushed ?? disk)
}

/** Opens a store on a disk; without one, on a disk of its own. */
export function openMemoryStore(disk: MemoryDisk = memoryDisk()): Store {
  let isClosed = false
  const later = async <Value>(work: () => Value): Promise<Value> => {
    await Promise.resolve()
    if (isClosed) throw new SyncError('closed', 'The store was closed.')
    return work()
  }
  return {
    durable: false,
    append: (group) =>
      later(() => {
        flush(disk, 'strict')
        return append(disk, group)
      }),
    appendOnce: (group) =>
      later(() => {
        flush(disk, 'strict')
        return group.map((queued) => {
          const known = find(disk, queued.operation.id)
          const [stored] = known === undefined ? append(disk, [queued]) : []
          const entry = known ?? stored
          if (entry === undefined) throw new RangeError('an entry that was appended has a place')
          return { entry, isNew: known === undefined }
        })
      }),
    readSlot: (name) => later(() => disk.slots.get(name)),
    takeSlot: (taking) =>
      later(() => {
        flush(disk, 'strict')
        return takeSlot(disk, taking)
      }),
    readLog: (priority, after, limits) => later(() => readLog(disk.log[priority], priority, after, limits)),
    readLogs: (after, limits) =>
      later(() => ({
        pages: new Map([...after].map(([name, from]) => [name, readLog(disk.log[name], name, from, limits)])),
        leadership: disk.leadership,
      })),
    readEnds: () => later(() => new Map(priorities.map((name) => [name, disk.log[name].keys.at(-1) ?? 0]))),
    readHeld: (kind, { after, limit }) =>
      later(() =>
        [...disk.held.values()]
          .filter((entry) => entry.state.kind === kind && (after === undefined || entry.operation.id > after))
          .toSorted((left, right) => (left.operation.id < right.operation.id ? -1 : 1))
          .slice(0, limit),
      ),
    readSettled: ({ before, limit }) => later(() => readSettled(disk, before, limit)),
    find: (id) => later(() => find(disk, id)),
    findMany: (ids) => later(() => findMany(disk, ids)),
    update: (requests, options) => later(() => update(disk, requests, options)),
    counts: () => later(() => countsOf(disk)),
    claim: (holder, nowMs) =>
      later(() => {
        flush(disk, 'strict')
        disk.leadership = { epoch: (disk.leadership?.epoch ?? 0) + 1, holder, beatAtMs: nowMs }
        return disk.leadership.epoch
      }),
    beat: (epoch, nowMs) =>
      later(() => {
        if (disk.leadership?.epoch !== epoch) return false
        flush(disk, 'relaxed')
        disk.leadership = { ...disk.leadership, beatAtMs: nowMs }
        return true
      }),
    readLeadership: () => later(() => disk.leadership),
    readPause: () => later(() => disk.pause),
    changePause: (change) =>
      later(() => {
        flush(disk, 'strict')
        disk.pause = change(disk.pause)
        countAct(disk)
        return disk.pause
      }),
    cleanup: (beforeMs) =>
      later(() => {
        flush(disk, 'relaxed')
        const old = [...disk.settled.values()].filter(
          (entry) => entry.settledAtMs < beforeMs && !isOpenDiscard(entry.state),
        )
        for (const { id } of old) disk.settled.delete(id)
        for (const [name, { atMs }] of disk.slots) if (atMs < beforeMs) disk.slots.delete(name)
        return old.length
      }),
    close: () => {
      isClosed = true
      return Promise.resolve()
    },
  }
}

/** Before a write: a strict one takes everything before it along, a relaxed one leaves the flushed state behind. */
function flush(disk: MemoryDisk, durability: 'strict' | 'relaxed'): void {
  if (durability === 'strict') disk.flushed = undefined
  else if (disk.isPowerCutTracked) disk.flushed ??= cloneDisk(disk)
}

function append(disk: MemoryDisk, group: readonly QueuedOperation[]): readonly LiveEntry[] {
  // Numbered, because the same operation may stand in a group twice.
  const stored: LiveEntry[] = []
  for (const priority of priorities) {
    const log = disk.log[priority]
    for (const items of cutIntoSegments(group, priority)) {
      log.sequence += 1
      const segment = segmentKey(log.sequence, items.length)
      const entries = items.map(({ queued, nth, text }, index) => {
        // From its text, as a disk gives it back: what the caller does to its own object later changes nothing here.
        const operation = parseStoredOperation(text) ?? queued.operation
        const entry = queuedEntry({ ...queued, operation }, text.length, { priority, segment, index })
        stored[nth] = entry
        return entry
      })
      log.keys.push(segment)
      log.segments.set(segment, entries)
    }
  }
  return stored
}

function takeSlot(disk: MemoryDisk, taking: SlotTaking): Coalesced | undefined {
  const { name, expected, queued, newer, nowMs } = taking
  const slot = disk.slots.get(name)
  if (slot?.id !== expected) return undefined
  const [report] =
    slot === undefined || newer === undefined
      ? []
      : update(disk, [giveWay(candidateOf(slot, queued), newer, nowMs)], { durability: 'strict', nowMs })
  const [appended] = report?.replacement === undefined ? append(disk, [queued]) : []
  const entry = report?.replacement ?? appended
  if (entry === undefined) throw new RangeError('an entry was to be stored')
  const hasAbsorbed = appended === undefined
  disk.slots.set(name, slotOf(entry, taking, hasAbsorbed))
  return { entry, hasAbsorbed }
}

function readLog(log: MemoryLog, priority: Priority, after: Position | undefined, limits: PageLimits): LogPage {
  const builder = new LogPageBuilder(after, limits)
  for (let nth = lowerBound(log.keys, after?.segment ?? 0); nth < log.keys.length; nth += 1) {
    const key = log.keys[nth] ?? 0
    const entries = log.segments.get(key) ?? []
    const isAll = builder.take(
      { priority, key },
      log.marks.get(key),
      (index) => entries[index]?.size ?? 0,
      (index) => entries[index],
    )
    if (!isAll) return builder.page(false)
  }
  return builder.page(true)
}

/** The index of the first key that is not below `from`. */
function lowerBound(keys: readonly number[], from: number): number {
  let [low, high] = [0, keys.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((keys[middle] ?? 0) < from) low = middle + 1
    else high = middle
  }
  return low
}

function readSettled(disk: MemoryDisk, before: SettledEntry | undefined, limit: number): readonly SettledEntry[] {
  const latestFirst = [...disk.settled.values()].toReversed().toSorted((one, two) => two.settledAtMs - one.settledAtMs)
  if (before === undefined) return latestFirst.slice(0, limit)
  const index = latestFirst.findIndex(({ id, settledAtMs }) => id === before.id && settledAtMs === before.settledAtMs)
  const start = index >= 0 ? index + 1 : latestFirst.findIndex(({ settledAtMs }) => settledAtMs <= before.settledAtMs)
  return start < 0 ? [] : latestFirst.slice(start, start + limit)
}

function find(disk: MemoryDisk, id: OperationId): StoredEntry | undefined {
  const found = disk.held.get(id) ?? disk.settled.get(id)
  if (found !== undefined) return found
  for (const { segments, marks } of Object.values(disk.log)) {
    for (const [key, entries] of segments) {
      const index = entries.findIndex(({ operation }, nth) => operation.id === id && !isMarked(marks.get(key), nth))
      if (index >= 0) return entries[index]
    }
  }
  return undefined
}

function findMany(disk: MemoryDisk, ids: ReadonlySet<OperationId>): ReadonlyMap<OperationId, StoredEntry> {
  const found = new Map<OperationId, StoredEntry>()
  for (const id of ids) {
    const entry = find(disk, id)
    if (entry !== undefined) found.set(id, entry)
  }
  return found
}

function update(
  disk: MemoryDisk,
  requests: readonly UpdateRequest[],
  { epoch, durability, nowMs }: UpdateOptions,
): readonly UpdateReport[] {
  if (epoch !== undefined && disk.leadership?.epoch !== epoch) {
    throw new SyncError('fenced', 'Another context leads now; nothing was changed.')
  }
  const sections = new Map(
    extentOf(requests).map(({ priority, first, last }) => {
      const { keys, marks } = disk.log[priority]
      const inExtent = keys.slice(lowerBound(keys, first), lowerBound(keys, last + 1))
      const ownMarks = new Map(
        inExtent.flatMap((key) => {
          const bits = marks.get(key)
          return bits === undefined ? [] : [[key, bits] as const]
        }),
      )
      return [priority, new LogSection(inExtent, ownMarks)] as const
    }),
  )
  const plan = planUpdate(requests, { sections, held: disk.held, settled: disk.settled }, nowMs)
  flush(disk, durability)
  if (epoch === undefined) countAct(disk)
  for (const [id, entry] of plan.held) {
    if (entry === undefined) disk.held.delete(id)
    else disk.held.set(id, entry)
  }
  for (const entry of plan.settled) {
    // Deleted first, so that it stands last.
    disk.settled.delete(idOf(entry))
    disk.settled.set(idOf(entry), entry)
  }
  for (const [priority, section] of sections) writeSection(disk.log[priority], section)
  return plan.reports
}

function countAct(disk: MemoryDisk): void {
  if (disk.leadership === undefined) return
  disk.leadership = { ...disk.leadership, acts: (disk.leadership.acts ?? 0) + 1 }
}

function writeSection(log: MemoryLog, section: LogSection): void {
  const { marks, deletions } = section.writes()
  for (const { segment, bits } of marks) log.marks.set(segment, bits)
  for (const { first, last } of deletions) {
    const [from, to] = [lowerBound(log.keys, first), lowerBound(log.keys, last + 1)]
    for (const key of log.keys.splice(from, to - from)) {
      log.segments.delete(key)
      log.marks.delete(key)
    }
  }
}

function countsOf(disk: MemoryDisk): StoreCounts {
  const counts = { queued: 0, waiting: 0, conflicted: 0, dead: 0 }
  for (const { keys, marks } of Object.values(disk.log)) {
    for (const key of keys) counts.queued += countOf(key)
    for (const bits of marks.values()) counts.queued -= countMarked(bits)
  }
  for (const { state } of disk.held.values()) if (isHeld(state)) counts[state.kind] += 1
  return counts
}

function emptyLog(): MemoryLog {
  return { keys: [], segments: new Map(), marks: new Map(), sequence: 0 }
}

function cloneLog({ keys, segments, marks, sequence }: MemoryLog): MemoryLog {
  return { keys: [...keys], segments: new Map(segments), marks: new Map(marks), sequence }
}
