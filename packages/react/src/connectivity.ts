/** The way to the server in a component. */
import type { SyncStatus } from '@holdfast/client'
import { useSyncStatus } from './sync-status.ts'

/** What is known of the way to the server. */
export interface Connection {
  readonly kind: SyncStatus['connectivity']
  /** When the next try is due by time alone, ms since 1970. */
  readonly nextAttemptAtMs: number | undefined
}

const unknownYet: Connection = Object.freeze({ kind: 'unknown', nextAttemptAtMs: undefined })

/** The way to the server; `unknown` until something was tried, while the outbox is being opened, and on a server. */
export function useConnectivity(): Connection {
  return useSyncStatus(connectionOf) ?? unknownYet
}

function connectionOf({ connectivity, nextAttemptAtMs }: SyncStatus): Connection {
  return { kind: connectivity, nextAttemptAtMs }
}
