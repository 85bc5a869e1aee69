/**
 * A store in memory: for tests, for simulation, and for browsers without IndexedDB, where the app asked for it.
 *
 * The data lives in a `MemoryDisk`, which handles share as tabs share a database, and which a simulation keeps over a
 * kill. Every call resolves in a later microtask and changes the disk in one step, as a transaction would.
 */
import { isHeld, isSettled, SyncError, type OperationId, type Priority } from '@holdfast/core'
import { textOf } from './operation-text.ts'
import {
  attemptRecordsMax,
  idOf,
  isLive,
  type Leadership,
  type LiveEntry,
  type LogPage,
  type Position,
  type SettledEntry,
  type Store,
  type StoredEntry,
  type UpdateReport,
  type UpdateRequest,
} from './store.ts'

/** The data of one identity. */
export interface MemoryDisk {
  /** Queued entries by priority, in log order. */
  readonly log: { [P in Priority]: LiveEntry[] }
  /** The last segment of each log; never falls, so that no position is used twice. */
  readonly sequence: { [P in Priority]: number }
  readonly held: Map<OperationId, LiveEntry>
  /** In the order of settling. */
  readonly settled: Map<OperationId, SettledEntry>
  leadership: Leadership | undefined
}

/** An empty disk. */
export function memoryDisk(): MemoryDisk {
  return {
    log: { high: [], medium: [], low: [] },
    sequence: { high: 0, medium: 0, low: 0 },
    held: new Map(),
    settled: new Map(),
    leadership: undefined,
  }
}

/** A copy of a disk, for what a power cut would leave. Entries are immutable and shared. */
export function cloneDisk(disk: MemoryDisk): MemoryDisk {
  return {
    log: { high: [...disk.log.high], medium: [...disk.log.medium], low: [...disk.log.low] },
    sequence: { ...disk.sequence },
    held: new Map(disk.held),
    settled: new Map(disk.settled),
    leadership: disk.leadership,
  }
}

/** Opens a store on a disk; without one, on a disk of its own. */
export function openMemoryStore(disk: MemoryDisk = memoryDisk()): Store {
  const later = async <Value>(work: () => Value): Promise<Value> => {
    await Promise.resolve()
    return work()
  }
  return {
    durable: false,
    append: (group) =>
      later(() => {
        const segments = new Map<Priority, LiveEntry[]>()
        return group.map((queued) => {
          let entries = segments.get(queued.priority)
          if (entries === undefined) {
            entries = []
            segments.set(queued.priority, entries)
            disk.sequence[queued.priority] += 1
          }
          const position: Position = {
            priority: queued.priority,
            segment: disk.sequence[queued.priority],
            index: entries.length,
          }
          const size = textOf(queued.operation).length
          const entry: LiveEntry = { ...queued, position, size, state: { kind: 'queued' }, attempts: [] }
          entries.push(entry)
          disk.log[queued.priority].push(entry)
          return entry
        })
      }),
    readLog: (priority, after, limits) => later(() => readLog(disk.log[priority], after, limits)),
    readHeld: (kind, { after, limit }) =>
      later(() =>
        [...disk.held.values()]
          .filter((entry) => entry.state.kind === kind && (after === undefined || entry.operation.id > after))
          .toSorted((left, right) => (left.operation.id < right.operation.id ? -1 : 1))
          .slice(0, limit),
      ),
    readSettled: ({ before, limit }) =>
      later(() => {
        const all = [...disk.settled.values()].toReversed()
        const start = before === undefined ? 0 : all.findIndex(({ id }) => id === before.id) + 1
        return all.slice(start, start + limit)
      }),
    find: (id) => later(() => find(disk, id)),
    update: (requests, { epoch, nowMs }) =>
      later(() => {
        if (epoch !== undefined && disk.leadership?.epoch !== epoch) {
          throw new SyncError('fenced', 'Another context leads now; nothing was changed.')
        }
        const staged = new Map<OperationId, StoredEntry>()
        const reports = requests.map((request) => stage(disk, staged, request, nowMs))
        // Only now, when no change has thrown: all of them or none.
        for (const next of staged.values()) write(disk, next)
        return reports
      }),
    counts: () =>
      later(() => {
        const counts = { queued: 0, waiting: 0, conflicted: 0, dead: 0 }
        for (const entries of Object.values(disk.log)) counts.queued += entries.length
        for (const { state } of disk.held.values()) if (isHeld(state)) counts[state.kind] += 1
        return counts
      }),
    claim: (holder, nowMs) =>
      later(() => {
        disk.leadership = { epoch: (disk.leadership?.epoch ?? 0) + 1, holder, beatAtMs: nowMs }
        return disk.leadership.epoch
      }),
    beat: (epoch, nowMs) =>
      later(() => {
        if (disk.leadership?.epoch !== epoch) return false
        disk.leadership = { ...disk.leadership, beatAtMs: nowMs }
        return true
      }),
    readLeadership: () => later(() => disk.leadership),
    cleanup: (beforeMs) =>
      later(() => {
        const old = [...disk.settled.values()].filter(({ settledAtMs }) => settledAtMs < beforeMs)
        for (const { id } of old) disk.settled.delete(id)
        return old.length
      }),
    close: () => Promise.resolve(),
  }
}

function readLog(
  entries: readonly LiveEntry[],
  after: Position | undefined,
  { entriesMax, bytesMax }: { readonly entriesMax: number; readonly bytesMax: number },
): LogPage {
  const start = after === undefined ? 0 : entries.findIndex(({ position }) => isAfter(position, after))
  if (start < 0) return { entries: [], last: undefined, isEnd: true }
  const page: LiveEntry[] = []
  let size = 0
  for (const entry of entries.slice(start, start + entriesMax)) {
    size += entry.size
    if (page.length > 0 && size > bytesMax) break
    page.push(entry)
  }
  return { entries: page, last: page.at(-1)?.position, isEnd: start + page.length >= entries.length }
}

function isAfter(left: Position, right: Position): boolean {
  return left.segment !== right.segment ? left.segment > right.segment : left.index > right.index
}

function find(disk: MemoryDisk, id: OperationId): StoredEntry | undefined {
  const held = disk.held.get(id) ?? disk.settled.get(id)
  if (held !== undefined) return held
  for (const entries of Object.values(disk.log)) {
    const queued = entries.find(({ operation }) => operation.id === id)
    if (queued !== undefined) return queued
  }
  return undefined
}

/** Works out a change without writing it. */
function stage(
  disk: MemoryDisk,
  staged: Map<OperationId, StoredEntry>,
  { entry, change }: UpdateRequest,
  nowMs: number,
): UpdateReport {
  const id = idOf(entry)
  const current = staged.get(id) ?? find(disk, id) ?? entry
  const wanted = change(current)
  if (wanted === undefined) return { entry: current, isChanged: false }
  const next = changed(current, wanted, nowMs)
  staged.set(id, next)
  if (wanted.replacement === undefined || !isLive(current)) return { entry: next, isChanged: true }
  const { queued, state } = wanted.replacement
  const { length: size } = textOf(queued.operation)
  const replacement: LiveEntry = { ...queued, position: current.position, size, state, attempts: [] }
  staged.set(queued.operation.id, replacement)
  return { entry: next, isChanged: true, replacement }
}

function changed(
  current: StoredEntry,
  { state, attempt }: NonNullable<ReturnType<UpdateRequest['change']>>,
  nowMs: number,
): StoredEntry {
  if (isSettled(state)) {
    if (!isLive(current)) return { ...current, state }
    const { id, type, lane, createdAtMs } = current.operation
    return { id, type, lane, createdAtMs, settledAtMs: nowMs, state }
  }
  if (!isLive(current))
    throw new SyncError('illegal-act', `"${current.id}" is settled and cannot become ${state.kind}.`)
  const attempts = attempt === undefined ? current.attempts : [...current.attempts, attempt].slice(-attemptRecordsMax)
  return { ...current, state, attempts }
}

function write(disk: MemoryDisk, next: StoredEntry): void {
  const id = idOf(next)
  const current = find(disk, id)
  disk.held.delete(id)
  if (current !== undefined && isLive(current) && current.state.kind === 'queued') {
    const entries = disk.log[current.position.priority]
    const index = entries.indexOf(current)
    if (index >= 0) entries.splice(index, 1)
  }
  if (isLive(next)) disk.held.set(id, next)
  // A settled entry that changes keeps its place in the order of settling.
  else disk.settled.set(id, next)
}
