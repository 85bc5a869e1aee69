/**
 * Watches the feeds of those tenants that somebody here listens to, and says where each stands when it has moved.
 *
 *   NOTIFY ──┐
 *   changed ─┼─▶ stale tenants ─▶ read head ─▶ moved? ─▶ all who watch that tenant
 *   poll ────┘
 *
 * What was noted while a head is being read is read once more: no change that was committed before its note is missed.
 */
import type { FeedHead } from '@holdfast/core'
import type { Database } from '../database/database.ts'
import { describeError, type Log } from '../log.ts'
import { feedChannel } from './feed-notifier.ts'
import { readHead } from './read-feed.ts'

/** Called with where the feed stands: once at the beginning, then whenever it has moved. */
export type HeadMoved = (head: FeedHead) => void

/** Watches the feeds of one database. */
export interface FeedWatch {
  /** Watches a tenant until the returned function is called. */
  readonly watch: (tenant: string, moved: HeadMoved) => () => void
  /** Looks at a tenant's feed soon: something here has changed it. */
  readonly changed: (tenant: string) => void
  readonly close: () => Promise<void>
}

interface Watched {
  readonly watchers: Set<HeadMoved>
  head: FeedHead | undefined
  /** Somebody has noted a change that has not been looked at. */
  isStale: boolean
  isReading: boolean
}

/** Makes a watch. Nothing is listened to and nothing polled while nobody watches. */
export function createFeedWatch(database: Database, log: Log, pollMs: number): FeedWatch {
  const tenants = new Map<string, Watched>()
  let stopListening: Promise<(() => Promise<void>) | undefined> | undefined
  let poll: NodeJS.Timeout | undefined
  let isClosed = false

  const warn = (event: string, message: string, error: unknown): void => {
    log({ level: 'warn', event, message, error: describeError(error) })
  }
  const look = async (tenant: string, watched: Watched): Promise<void> => {
    if (watched.isReading) return
    watched.isReading = true
    try {
      while (watched.isStale && !isClosed) {
        watched.isStale = false
        const head = await readHead(database, tenant)
        if (head.epoch === watched.head?.epoch && head.head === watched.head.head) continue
        watched.head = head
        for (const moved of watched.watchers) moved(head)
      }
    } catch (error) {
      warn('feed-read-failed', 'The head of a feed could not be read; it is read again at the next poll.', error)
    } finally {
      watched.isReading = false
    }
  }
  const changed = (tenant: string): void => {
    const watched = tenants.get(tenant)
    if (watched === undefined || isClosed) return
    watched.isStale = true
    void look(tenant, watched)
  }
  const startListening = async (): Promise<(() => Promise<void>) | undefined> => {
    try {
      const stop = await database.listen(feedChannel, changed)
      // What was committed before anybody listened was told to nobody.
      for (const tenant of tenants.keys()) changed(tenant)
      return stop
    } catch (error) {
      warn('listen-failed', 'Changes by other processes cannot be listened to; they are polled for.', error)
      stopListening = undefined
      return undefined
    }
  }
  const start = (): void => {
    // One after another: a poll must not take all connections of the pool.
    const pollAll = async (): Promise<void> => {
      stopListening ??= startListening()
      for (const [tenant, watched] of tenants) {
        watched.isStale = true
        await look(tenant, watched)
      }
      if (!isClosed && tenants.size > 0) poll = setTimeout(() => void pollAll(), pollMs)
      else poll = undefined
    }
    stopListening ??= startListening()
    poll ??= setTimeout(() => void pollAll(), pollMs)
  }

  return {
    watch: (tenant, moved) => {
      const watched = tenants.get(tenant) ?? { watchers: new Set(), head: undefined, isStale: true, isReading: false }
      tenants.set(tenant, watched)
      watched.watchers.add(moved)
      if (watched.head !== undefined) moved(watched.head)
      start()
      changed(tenant)
      return () => {
        watched.watchers.delete(moved)
        if (watched.watchers.size === 0 && tenants.get(tenant) === watched) tenants.delete(tenant)
      }
    },
    changed,
    close: async () => {
      isClosed = true
      clearTimeout(poll)
      tenants.clear()
      await (
        await stopListening
      )?.()
    },
  }
}
