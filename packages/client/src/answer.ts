/**
 * What an answer changes: from the outcomes of a request to the events of its entries, and of the entries that those
 * replace. Pure; the drain writes what comes out.
 */
import {
  deliver,
  exponential,
  settledWith,
  problemCodeOf,
  type DeliveryEvent,
  type Failure,
  type OperationId,
  type OperationOutcome,
  type Policy,
} from '@holdfast/core'
import type { AttemptRecord, EntryChange, Store, StoredEntry, UpdateRequest } from './store/store.ts'
import type { WindowEntry } from './window-entry.ts'

/** How long an operation waits that the server cannot take yet and names no time for, ms. */
const postponedDelayMs = 60_000

/** What a change of an entry needs from outside. */
export interface ChangeContext {
  readonly nowMs: number
  /** In [0, 1). */
  readonly random: number
  readonly policyOf: (entry: WindowEntry) => Policy | undefined
}

/** The event that an outcome is for its own operation; `undefined` when it says nothing new (deferred behind its lane). */
function eventOf(outcome: OperationOutcome): DeliveryEvent | undefined {
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
function eventOfConcern(outcome: OperationOutcome, concern: OperationId): DeliveryEvent | undefined {
  if (outcome.outcome === 'deferred') return undefined
  if (outcome.outcome !== 'duplicate' || outcome.of !== concern) return { kind: 'replaced' }
  return outcome.first.outcome === 'applied' ? { kind: 'overtaken', applied: outcome.first } : { kind: 'replaced' }
}

/** What an answer means for one entry: its event, and the outcome that also speaks of what the entry replaces. */
export interface EntryVerdict {
  readonly event: DeliveryEvent | undefined
  readonly outcome: OperationOutcome | undefined
}

/** An answer that acknowledges nothing. */
export const nothing: ReadonlyMap<OperationId, EntryVerdict> = new Map()

/** The same event for every entry of a batch. */
export function everyOne(batch: readonly WindowEntry[], event: DeliveryEvent): ReadonlyMap<OperationId, EntryVerdict> {
  return new Map(batch.map(({ id }) => [id, { event, outcome: undefined }]))
}

/** What a set of outcomes means for each entry of the batch that asked for it. */
export function verdictsOf(
  outcomes: readonly OperationOutcome[],
  batch: readonly WindowEntry[],
): ReadonlyMap<OperationId, EntryVerdict> {
  const said = new Map(outcomes.map((outcome) => [outcome.id, outcome]))
  const unknownLanes = new Set<string>()
  const verdicts = new Map<OperationId, EntryVerdict>()
  for (const { id, lane } of batch) {
    const outcome = said.get(id)
    // What stands behind an unknown one is taken for unknown too: held, it would block its lane from behind.
    if (outcome === undefined) unknownLanes.add(lane)
    else if (!unknownLanes.has(lane)) verdicts.set(id, { event: eventOf(outcome), outcome })
  }
  return verdicts
}

/** All changes that an answer asks for: of the entries themselves, and of those which they replace. */
export async function requestsOf(
  store: Store,
  batch: readonly WindowEntry[],
  verdicts: ReadonlyMap<OperationId, EntryVerdict>,
  context: ChangeContext,
): Promise<readonly UpdateRequest[]> {
  const requests: UpdateRequest[] = []
  for (const entry of batch) {
    const found = verdicts.get(entry.id)
    const policy = context.policyOf(entry)
    if (found?.event !== undefined) requests.push(updateOf(entry.stored, found.event, policy, context))
    if (found?.outcome === undefined) continue
    for (const concern of settledWith(entry.stored.operation)) {
      const event = eventOfConcern(found.outcome, concern)
      const stored = event === undefined ? undefined : await store.find(concern)
      if (event !== undefined && stored !== undefined) requests.push(updateOf(stored, event, policy, context))
    }
  }
  return requests
}

/** A request to the store: run the machine on the entry as it is then. */
function updateOf(
  entry: StoredEntry,
  event: DeliveryEvent,
  policy: Policy | undefined,
  { nowMs, random }: ChangeContext,
): UpdateRequest {
  const schedule = policy?.retry ?? exponential()
  const attempt = attemptOf(event, nowMs)
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

/** What the record of attempts says of an event. */
function attemptOf(event: DeliveryEvent, atMs: number): AttemptRecord {
  switch (event.kind) {
    case 'failed':
    case 'postponed':
      return { atMs, failure: event.failure }
    case 'rejected':
      return { atMs, problem: event.problem }
    case 'conflict': {
      const { problem } = event.conflict
      return { atMs, ...(problem !== undefined && { problem }) }
    }
    case 'refused': {
      const { reason } = event
      if (reason.kind === 'too-large') return { atMs, failure: { cause: 'problem', status: 413 } }
      return { atMs, ...('problem' in reason && { problem: reason.problem }) }
    }
    default:
      return { atMs }
  }
}

function withoutId<Outcome extends { readonly id: OperationId }>({ id: _, ...rest }: Outcome): Omit<Outcome, 'id'> {
  return rest
}
