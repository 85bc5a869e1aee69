/**
 * The mutants: deliberate bugs, each of the kind that a queue is really written with. The simulation is only worth
 * something if it catches them; those that survive say why nothing is lost by them.
 */
import { answerMediaType, isRecord, type BatchRequest, type OperationOutcome, type RawAnswer } from '@holdfast/core'
import type { Store, Transport } from '@holdfast/client'
import type { Mutant } from './mutant.ts'

/** A mutant with its name. */
export interface NamedMutant {
  readonly name: string
  /** The promises that it breaks, or would. */
  readonly keeps: string
  readonly mutant: Mutant
  /** Why it survives; absent where it must be caught. */
  readonly survivesBecause?: string
}

const allApplied = (batch: BatchRequest): OperationOutcome[] =>
  batch.operations.map(({ id }) => ({ id, outcome: 'applied', version: 1 }))

function ours(outcomes: readonly OperationOutcome[]): RawAnswer {
  const none = { retryAfter: undefined, date: undefined } as const
  return { kind: 'http', status: 200, redirected: false, mediaType: answerMediaType, ...none, body: { outcomes } }
}

/** A transport that changes answers before the engine sees them. */
function answering(change: (answer: RawAnswer, batch: BatchRequest) => RawAnswer): Mutant {
  return {
    transport: (transport) => ({
      ...transport,
      send: async (batch, signal) => change(await transport.send(batch, signal), batch),
    }),
  }
}

/** A transport that changes requests before they leave. */
function asking(change: (batch: BatchRequest) => BatchRequest): Mutant {
  return {
    transport: (transport) => ({ ...transport, send: (batch, signal) => transport.send(change(batch), signal) }),
  }
}

function outcomesOf(answer: RawAnswer): readonly OperationOutcome[] | undefined {
  if (answer.kind !== 'http' || answer.mediaType !== answerMediaType || !isRecord(answer.body)) return undefined
  const { outcomes } = answer.body
  const isList = (value: unknown): value is readonly OperationOutcome[] => Array.isArray(value)
  return isList(outcomes) ? outcomes : undefined
}

/** Marks a batch as applied on the disk before it is sent. */
function deletingFirst(transport: Transport, store: () => Store | undefined): Transport {
  return {
    ...transport,
    send: async (batch, signal) => {
      for (const { id } of batch.operations) {
        const entry = await store()?.find(id)
        if (entry === undefined) continue
        const change = (): { state: { kind: 'applied'; applied: { outcome: 'applied' } } } => ({
          state: { kind: 'applied', applied: { outcome: 'applied' } },
        })
        await store()?.update([{ entry, change }], { durability: 'relaxed', nowMs: 0 })
      }
      return transport.send(batch, signal)
    },
  }
}

function deleteBeforeSend(): Mutant {
  const stores = new Map<unknown, Store>()
  return {
    store: (store, queue) => {
      stores.set(queue, store)
      return store
    },
    transport: (transport, queue) => deletingFirst(transport, () => stores.get(queue)),
  }
}

/** All mutants. */
export const mutants: readonly NamedMutant[] = [
  { name: 'delete before send', keeps: 'I1', mutant: deleteBeforeSend() },
  {
    name: 'trust any 200',
    keeps: 'I1 I12',
    mutant: answering((answer, batch) =>
      answer.kind === 'http' && answer.status === 200 ? ours(allApplied(batch)) : answer,
    ),
  },
  {
    name: 'take a missing outcome for applied',
    keeps: 'I1 I12',
    mutant: answering((answer, batch) => {
      const outcomes = outcomesOf(answer)
      if (outcomes === undefined) return answer
      const said = new Set(outcomes.map(({ id }) => id))
      return ours([...outcomes, ...allApplied(batch).filter(({ id }) => !said.has(id))])
    }),
  },
  {
    name: 'take a refusal by a proxy for one by the server',
    keeps: 'I12',
    mutant: answering((answer, batch) =>
      answer.kind === 'http' && answer.status === 403 && answer.mediaType?.startsWith('text/html') === true
        ? ours(
            batch.operations.map(({ id }) => ({
              id,
              outcome: 'rejected',
              problem: { type: 'urn:holdfast:problem:forbidden', title: 'Forbidden', status: 403 },
            })),
          )
        : answer,
    ),
  },
  {
    name: 'an edit names only the version before it',
    keeps: 'I2',
    mutant: asking((batch) => ({
      ...batch,
      operations: batch.operations.map(({ earlier: _, ...operation }) => operation),
    })),
  },
  { name: 'no ledger', keeps: 'I2', mutant: { server: { forgetsLedger: true } } },
  { name: 'the server does not compare identities', keeps: 'I5', mutant: { server: { skipsIdentityCheck: true } } },
  { name: 'the server believes the body', keeps: 'I4 I5', mutant: { server: { believesBody: true } } },
  {
    name: 'the client sends as whoever is signed in',
    keeps: 'I5',
    mutant: {
      transport: (transport, _queue, cookie) => ({
        ...transport,
        send: (batch, signal) => {
          const { tenant, user } = cookie() ?? batch
          return transport.send({ ...batch, tenant, user }, signal)
        },
      }),
    },
  },
  {
    name: 'no lane order in a batch',
    keeps: 'I3',
    mutant: asking((batch) => ({ ...batch, operations: batch.operations.toReversed() })),
  },
  { name: 'the server goes on in a stopped lane', keeps: 'I3', mutant: { server: { ignoresStoppedLanes: true } } },
  { name: 'the server keeps no tombstones', keeps: 'I2 I12', mutant: { server: { forgetsTombstones: true } } },
  {
    name: 'acknowledge before complete',
    keeps: 'I1',
    mutant: {
      store: (store) => ({
        ...store,
        append: (group) => {
          void store.append(group).catch(() => [])
          return Promise.resolve(
            group.map((queued) => ({
              ...queued,
              position: { priority: queued.priority, segment: 0, index: 0 },
              size: 1,
              state: { kind: 'queued' },
              attempts: [],
            })),
          )
        },
      }),
    },
  },
  {
    name: 'an edit of a queued entry goes before what is queued before it',
    keeps: 'I3',
    mutant: {
      store: (store) => ({
        ...store,
        readHeld: async (kind, options) => {
          const page = await store.readHeld(kind, options)
          return page.map((entry) =>
            entry.state.kind === 'waiting' ? { ...entry, state: { ...entry.state, isInLine: false } } : entry,
          )
        },
      }),
    },
  },
  {
    name: 'forget what is held',
    keeps: 'I11',
    mutant: { store: (store) => ({ ...store, readHeld: () => Promise.resolve([]) }) },
  },
  {
    name: 'entries that wait for their retry are not counted',
    keeps: 'I12',
    mutant: {
      store: (store) => ({ ...store, counts: async () => ({ ...(await store.counts()), waiting: 0 }) }),
    },
  },
  {
    name: 'drop dead letters',
    keeps: 'I8',
    mutant: {
      store: (store) => ({
        ...store,
        update: (requests, options) =>
          store.update(
            requests.map(({ entry, change }) => ({
              entry,
              change: (current) => {
                const next = change(current)
                if (next?.state.kind !== 'dead' || !('operation' in current)) return next
                return {
                  ...next,
                  state: { kind: 'discarded', cause: 'person', by: current.operation.id, isCertain: true },
                }
              },
            })),
            options,
          ),
      }),
    },
  },
  {
    name: 'ignore Retry-After',
    keeps: 'I10',
    mutant: answering((answer) => (answer.kind === 'http' ? { ...answer, retryAfter: undefined } : answer)),
  },
  {
    name: 'no backoff',
    keeps: 'I10',
    mutant: {
      environment: (environment) => {
        let aheadMs = 0
        // A clock that leaps with every timer: every wait is over at once.
        return {
          ...environment,
          clock: {
            now: () => environment.clock.now() + aheadMs,
            timer: (delayMs, callback) => {
              if (delayMs > 500 && delayMs < 90_000) aheadMs += delayMs
              return environment.clock.timer(delayMs < 90_000 ? Math.min(delayMs, 100) : delayMs, callback)
            },
          },
        }
      },
    },
  },
  {
    name: 'changes lose the version they were made on',
    keeps: 'I9',
    mutant: asking((batch) => ({
      ...batch,
      operations: batch.operations.map(({ base: _, ...operation }) => operation),
    })),
  },
  {
    name: 'no fencing',
    keeps: 'I2',
    mutant: {
      store: (store) => ({
        ...store,
        update: (requests, { epoch: _, ...options }) => store.update(requests, options),
      }),
    },
    survivesBecause:
      'every change is judged by the state that the entry has inside the transaction, and what is settled stays settled: the epoch only saves a late leader its work',
  },
]
