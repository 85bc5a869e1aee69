/** The request for a batch: its operations as they travel, and what the device says of itself. */
import { protocolVersion, type BatchRequest } from '@holdfast/core'
import type { QueueWindow } from './queue-window.ts'
import type { Session } from './store/registry.ts'
import type { WindowEntry } from './window-entry.ts'

/** What a request says besides its operations. */
export interface BatchSender {
  readonly session: Session
  readonly device: string
  /** Counts the device's batches. */
  readonly sequence: number
  /** Entries that the device holds. */
  readonly pending: number
  readonly nowMs: number
}

/** Makes the request for a batch. */
export function batchRequest(
  batch: readonly WindowEntry[],
  window: QueueWindow,
  { session, device, sequence, pending, nowMs }: BatchSender,
): BatchRequest {
  return {
    protocol: protocolVersion,
    tenant: session.tenant,
    user: session.user,
    device,
    sequence,
    pending: Math.max(pending, batch.length),
    oldestAgeMs: Math.max(0, ...window.oldest.map((entry) => ageOf(entry, nowMs))),
    operations: batch.map((entry) => {
      const { createdAtMs: _, ...operation } = entry.stored.operation
      return { ...operation, ageMs: ageOf(entry, nowMs) }
    }),
  }
}

function ageOf(entry: WindowEntry, nowMs: number): number {
  return Math.max(0, Math.floor(nowMs - entry.createdAtMs))
}
