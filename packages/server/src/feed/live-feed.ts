/**
 * The live feed of one process: who has changed something says so here, and who listens hears of it, in this process
 * at once and in all others by NOTIFY or their next poll.
 */
import type { Database } from '../database/database.ts'
import type { Log } from '../log.ts'
import { createEventStreams, type EventStreams, type StreamLimits } from './event-streams.ts'
import { createFeedNotifier } from './feed-notifier.ts'
import { createFeedWatch } from './feed-watch.ts'

/** Settings of the live feed; each has a default. */
export interface LiveFeedOptions extends StreamLimits {
  /** How often the heads of watched feeds are read without being told, ms. Default 10 s. */
  readonly pollMs?: number
  /** How long changes gather before other processes are told, ms. Default 20 ms. */
  readonly gatherMs?: number
}

/** A live feed. */
export interface LiveFeed {
  readonly streams: EventStreams
  /** To be called after each commit that fed a tenant's feed. Returns at once. */
  readonly changed: (tenant: string) => void
  /** Ends all streams and stops listening. */
  readonly close: () => Promise<void>
}

const pollDefaultMs = 10_000

/** Makes the live feed of a database. Nothing runs while nobody listens. */
export function createLiveFeed(database: Database, log: Log, options: LiveFeedOptions = {}): LiveFeed {
  const { pollMs = pollDefaultMs, gatherMs, ...limits } = options
  const notifier = createFeedNotifier(database, log, gatherMs)
  const watch = createFeedWatch(database, log, pollMs)
  const streams = createEventStreams(watch, limits)
  return {
    streams,
    changed: (tenant) => {
      watch.changed(tenant)
      notifier.changed(tenant)
    },
    close: async () => {
      streams.close()
      await Promise.all([notifier.close(), watch.close()])
    },
  }
}
