/** The status of the outbox in a component, whole or a part of it. */
import type { Outbox, SyncStatus } from '@holdfast/client'
import { useMemo, useSyncExternalStore } from 'react'
import { useOutbox } from './provider.tsx'
import type { Source } from './source.ts'

/**
 * The status, or a part of it. `undefined` while the outbox is being opened and on the server: "nothing is pending" is
 * never shown before the store itself has said so.
 *
 * A component renders again only when what it selected changes; two objects with the same members count as the same.
 *
 * @param select takes the part out of the status; define it outside of the component
 * @example const waiting = useSyncStatus((status) => status.pending)
 */
export function useSyncStatus(): SyncStatus | undefined
export function useSyncStatus<Part>(select: (status: SyncStatus) => Part): Part | undefined
export function useSyncStatus<Part>(select?: (status: SyncStatus) => Part): Part | SyncStatus | undefined {
  const outbox = useOutbox()
  const source = useMemo(() => createSelection<Part | SyncStatus>(outbox, select ?? whole), [outbox, select])
  return useSyncExternalStore(source.subscribe, source.snapshot, unknownYet)
}

/** A part of an outbox's status as a source. */
export function createSelection<Part>(
  outbox: Pick<Outbox, 'status' | 'subscribe'> | undefined,
  select: (status: SyncStatus) => Part,
): Source<Part | undefined> {
  if (outbox === undefined) return { subscribe: () => () => undefined, snapshot: unknownYet }
  let status = outbox.status()
  let part = select(status)
  return {
    subscribe: (listener) => outbox.subscribe(listener),
    snapshot: () => {
      const now = outbox.status()
      if (now === status) return part
      status = now
      const next = select(now)
      if (!isShallowEqual(part, next)) part = next
      return part
    },
  }
}

function whole(status: SyncStatus): SyncStatus {
  return status
}

function unknownYet(): undefined {
  return undefined
}

function isShallowEqual(left: unknown, right: unknown): boolean {
  if (Object.is(left, right)) return true
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false
  const members = Object.entries(left)
  const others = new Map<string, unknown>(Object.entries(right))
  return members.length === others.size && members.every(([key, value]) => Object.is(value, others.get(key)))
}
