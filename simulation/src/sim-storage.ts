/**
 * A store that takes time and fails: the real memory store behind the faults of a real disk. A call works in two steps,
 * the commit and, later, the answer, so that a kill can fall in between.
 */
import { SyncError } from '@holdfast/core'
import { openMemoryStore } from '../../packages/client/src/store/memory-store.ts'
import {
  isLive,
  type LiveEntry,
  type Store,
  type UpdateOptions,
  type UpdateReport,
  type UpdateRequest,
} from '../../packages/client/src/store/store.ts'
import type { Journal } from './journal.ts'
import type { SimContext } from './sim-context.ts'
import type { SimDisk } from './sim-disk.ts'
import type { SimRandom } from './random.ts'

/** How a device's disk behaves now: probabilities per call. */
export interface DiskWeather {
  /** No room: appends and updates fail and change nothing. */
  quota: number
  /** Any call fails and changes nothing. */
  failure: number
  /** A write is committed, and an error is told all the same. */
  ambiguity: number
  /** A call takes seconds. */
  slowness: number
  /** The connection is gone: every call fails, as long as this lasts. */
  isLost: boolean
  /** The context dies between a commit and its answer. */
  deadliness: number
}

/** A disk that does as it should. */
export const fineDisk: DiskWeather = {
  quota: 0,
  failure: 0,
  ambiguity: 0,
  slowness: 0,
  isLost: false,
  deadliness: 0,
}

/** Hears of every commit, in the instant in which it happens. */
export interface DiskWatch {
  readonly onAppended: (entries: readonly LiveEntry[]) => void
  readonly onUpdated: (
    requests: readonly UpdateRequest[],
    reports: readonly UpdateReport[],
    options: UpdateOptions,
  ) => void
  /** The context asks for an epoch; {@link onClaimed} when it has got it: whoever led before has no say any more. */
  readonly onClaiming: () => void
  readonly onClaimed: () => void
  readonly onLeadershipRead: (epoch: number) => void
}

/** What a simulated store stands on. */
export interface SimStorageHost {
  readonly context: SimContext
  readonly disk: SimDisk
  readonly weather: () => DiskWeather
  readonly random: SimRandom
  readonly journal: Journal
  readonly watch: DiskWatch
  /** The context dies. */
  readonly kill: (context: SimContext) => void
  /** How durable an append really is: a mutant's lie. */
  readonly appends?: 'relaxed' | undefined
}

/** Opens a store of one context on a disk. */
export function openSimStore(host: SimStorageHost): Store {
  const { context, disk, weather, random, journal, watch, kill } = host
  const store = openMemoryStore(disk.live)

  const call = async <Result>(
    kind: 'read' | 'meta' | 'append' | 'update',
    durability: 'strict' | 'relaxed' | undefined,
    work: () => Promise<Result>,
    onCommit?: (result: Result) => void,
  ): Promise<Result> => {
    const now = weather()
    const isSlow = random.chance(now.slowness)
    if (isSlow) journal.fault('disk-slow')
    await context.wait(isSlow ? random.between(500, 8000) : random.between(0.1, kind === 'read' ? 1 : 5))
    const isWrite = kind === 'append' || kind === 'update'
    if (weather().isLost) {
      journal.fault('disk-connection-lost')
      throw new SyncError('storage', 'The connection was lost.')
    }
    if (isWrite && random.chance(now.quota)) {
      journal.fault(kind === 'append' ? 'disk-quota-append' : 'disk-quota-update')
      throw new SyncError('quota', 'No room.')
    }
    if (random.chance(now.failure)) {
      journal.fault(isWrite ? 'disk-write-failed' : `disk-${kind}-failed`)
      throw new SyncError('storage', 'The disk failed.')
    }
    if (durability !== undefined) disk.noteWrite(durability)
    const result = await work()
    if (durability === undefined) return result
    onCommit?.(result)
    if (isWrite && random.chance(now.deadliness)) {
      journal.fault('killed-after-commit')
      kill(context)
    }
    await context.wait(random.between(0.1, 3))
    if (isWrite && random.chance(now.ambiguity)) {
      journal.fault('disk-committed-but-failed')
      throw new SyncError('storage', 'The connection was lost.')
    }
    return result
  }
  const read = <Result>(work: () => Promise<Result>): Promise<Result> => call('read', undefined, work)

  return {
    durable: true,
    append: (group) => call('append', host.appends ?? 'strict', () => store.append(group), watch.onAppended),
    appendOnce: (group) =>
      call(
        'append',
        host.appends ?? 'strict',
        () => store.appendOnce(group),
        (appended) => {
          watch.onAppended(appended.flatMap(({ entry, isNew }) => (isNew && isLive(entry) ? [entry] : [])))
        },
      ),
    readSlot: (name) => read(() => store.readSlot(name)),
    takeSlot: (taking) =>
      call(
        'append',
        'strict',
        () => store.takeSlot(taking),
        (stored) => {
          if (stored !== undefined) watch.onAppended([stored.entry])
        },
      ),
    update: (requests, options) =>
      call(
        'update',
        options.durability,
        () => store.update(requests, options),
        (reports) => {
          watch.onUpdated(requests, reports, options)
        },
      ),
    claim: (holder, nowMs) => {
      watch.onClaiming()
      return call('meta', 'strict', () => store.claim(holder, nowMs), watch.onClaimed)
    },
    beat: (epoch, nowMs) => call('meta', 'relaxed', () => store.beat(epoch, nowMs)),
    cleanup: (beforeMs) => call('meta', 'relaxed', () => store.cleanup(beforeMs)),
    readLog: (priority, after, limits) => read(() => store.readLog(priority, after, limits)),
    readLogs: (after, limits) => read(() => store.readLogs(after, limits)),
    readEnds: () => read(() => store.readEnds()),
    readHeld: (kind, options) => read(() => store.readHeld(kind, options)),
    readSettled: (options) => read(() => store.readSettled(options)),
    find: (id) => read(() => store.find(id)),
    findMany: (ids) => read(() => store.findMany(ids)),
    counts: () => read(() => store.counts()),
    readLeadership: async () => {
      const leadership = await read(() => store.readLeadership())
      if (leadership !== undefined) watch.onLeadershipRead(leadership.epoch)
      return leadership
    },
    readPause: () => read(() => store.readPause()),
    changePause: (change) => call('update', 'strict', () => store.changePause(change)),
    close: () => store.close(),
  }
}
