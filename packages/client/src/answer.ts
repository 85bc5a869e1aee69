/**
 * What an answer changes: from the outcomes of a request to the events of its entries, and of the entries that those
 * replace. Pure; the drain writes what comes out.
 */
import {
  deliver,
  exponential,
  problemCodeOf,
  type DeliveryEvent,
  type Failure,
  type OperationId,
  type OperationOutcome,
  type Policy,
} from '@holdfast/core'
import type { AttemptRecord, EntryChange, StoredEntry, UpdateRequest } from './store/store.ts'
import type { WindowEntry } from './queue-window.ts'

/** How long an operation waits that the server cannot take yet and names no time for, ms. */
const postponedDelayMs = 60_000

/** What a change of an entry needs from outside. */
export interface ChangeContext {
  readonly nowMs: number
  /** In [0, 1). */
  readonly random: number
  readonly policyOf: (entry: WindowEntry) => Policy | undefined
}

/** The operations that an operation stands for: settled by the same answer. */
export function concernsOf(entry: WindowEntry): readonly OperationId[] {
  const { cancel, supersedes, resolves } = entry.stored.operation
  return [cancel, supersedes, resolves].filter((id) => id !== undefined)
}

/** The event that an outcome is for its own operation; `undefined` when it says nothing new (deferred behind its lane). */
export function eventOf(outcome: OperationOutcome): DeliveryEvent | undefined {
  switch (outcome.outcome) {
    case 'applied':
      return { kind: 'applied', applied: withoutId(outcome) }
    case 'conflict':
      return { kind: 'conflict', conflict: withoutId(outcome) }
    case 'rejected':
      return { kind: 'rejected', problem: outcome.problem }
    case 'duplicate':
      // The outcome of the operation that this one was to replace: this one has no effect of its own.
      if (outcome.of !== undefined) return { kind: 'supersede', by: outcome.of }
      return eventOf({ id: outcome.id, ...outcome.first })
    case 'deferred': {
      const { problem, retryAfterMs } = outcome
      if (problem === undefined && retryAfterMs === undefined) return undefined
      // The server met a fault of its own at this operation alone: that counts, or a poison operation would come for ever.
      if (problemCodeOf(problem) === 'internal') {
        const failure: Failure = { cause: 'server-error', ...(problem !== undefined && { problem }) }
        return { kind: 'failed', failure, ...(retryAfterMs !== undefined && { retryAfterMs }) }
      }
      const failure: Failure = { cause: 'busy', ...(problem !== undefined && { problem }) }
      return { kind: 'postponed', failure, delayMs: retryAfterMs ?? postponedDelayMs }
    }
  }
}

/** The event that an outcome is for an operation that its own operation replaces; `undefined` while nothing is certain. */
export function eventOfConcern(outcome: OperationOutcome, concern: OperationId): DeliveryEvent | undefined {
  if (outcome.outcome === 'deferred') return undefined
  if (outcome.outcome !== 'duplicate' || outcome.of !== concern) return { kind: 'replaced' }
  return outcome.first.outcome === 'applied' ? { kind: 'overtaken', applied: outcome.first } : { kind: 'replaced' }
}

/** A request to the store: run the machine on the entry as it is then. */
export function updateOf(
  entry: StoredEntry,
  event: DeliveryEvent,
  policy: Policy | undefined,
  { nowMs, random }: ChangeContext,
): UpdateRequest {
  const schedule = policy?.retry ?? exponential()
  const attempt: AttemptRecord = {
    atMs: nowMs,
    ...((event.kind === 'failed' || event.kind === 'postponed') && { failure: event.failure }),
  }
  return {
    entry,
    change: (current): EntryChange | undefined => {
      const next = deliver(current.state, event, { nowMs, random, schedule })
      if (next.kind !== 'changed') return undefined
      // The server has answered in the same breath: what took this one's place is certain.
      const isOvertaken = event.kind === 'supersede' && next.state.kind === 'discarded'
      return { state: isOvertaken ? { ...next.state, isCertain: true } : next.state, attempt }
    },
  }
}

function withoutId<Outcome extends { readonly id: OperationId }>({ id: _, ...rest }: Outcome): Omit<Outcome, 'id'> {
  return rest
}
