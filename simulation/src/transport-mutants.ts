/** Mutants of the way: answers that are misread, requests that leave as something else. */
import {
  answerMediaType,
  isRecord,
  parseOperationId,
  type BatchRequest,
  type OperationId,
  type OperationOutcome,
  type Problem,
  type RawAnswer,
} from '@holdfast/core'
import type { Mutant, NamedMutant } from './mutant.ts'

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

/** A transport that changes single outcomes before the engine sees them. */
function outcomesChanged(change: (outcome: OperationOutcome) => OperationOutcome): Mutant {
  return answering((answer) => {
    const outcomes = outcomesOf(answer)
    return outcomes === undefined ? answer : ours(outcomes.map(change))
  })
}

const refusal: Problem = { type: 'urn:holdfast:problem:refused', title: 'Refused', status: 422 }

function isWrongIdentity({ body }: { readonly body: unknown }): boolean {
  return isRecord(body) && body['type'] === 'urn:holdfast:problem:wrong-identity'
}

/** Another id of the same time. */
function renamed(id: OperationId, nth: number): OperationId {
  return parseOperationId(`${id.slice(0, 24)}${nth.toString(16).padStart(4, '0')}${id.slice(28)}`) ?? id
}

/** Mutants of the way. */
export const transportMutants: readonly NamedMutant[] = [
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
  {
    name: 'ignore Retry-After',
    keeps: 'I10',
    mutant: answering((answer) => (answer.kind === 'http' ? { ...answer, retryAfter: undefined } : answer)),
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
    name: 'take the outcomes in their order, not by their ids',
    keeps: 'I12',
    mutant: answering((answer, batch) => {
      const outcomes = outcomesOf(answer)
      if (outcomes === undefined) return answer
      return ours(
        outcomes.flatMap((outcome, index) => {
          const asked = batch.operations[index]
          return asked === undefined ? [] : [{ ...outcome, id: asked.id }]
        }),
      )
    }),
  },
  {
    name: 'take the first outcome for all of the batch',
    keeps: 'I12',
    mutant: answering((answer, batch) => {
      const [first] = outcomesOf(answer) ?? []
      return first === undefined ? answer : ours(batch.operations.map(({ id }) => ({ ...first, id })))
    }),
  },
  {
    name: 'take deferred for applied',
    keeps: 'I1 I12',
    mutant: outcomesChanged((outcome) =>
      outcome.outcome === 'deferred' ? { id: outcome.id, outcome: 'applied' } : outcome,
    ),
  },
  {
    name: 'take a duplicate for a refusal',
    keeps: 'I12',
    mutant: outcomesChanged((outcome) =>
      outcome.outcome === 'duplicate' && outcome.of === undefined
        ? { id: outcome.id, outcome: 'rejected', problem: refusal }
        : outcome,
    ),
  },
  {
    name: 'take a duplicate of a refusal for applied',
    keeps: 'I1 I12',
    mutant: outcomesChanged((outcome) =>
      outcome.outcome === 'duplicate' ? { id: outcome.id, outcome: 'applied' } : outcome,
    ),
  },
  {
    name: 'take a conflict for applied',
    keeps: 'I1 I9 I12',
    mutant: outcomesChanged((outcome) =>
      outcome.outcome === 'conflict' ? { id: outcome.id, outcome: 'applied' } : outcome,
    ),
  },
  {
    name: 'take silence for a refusal',
    keeps: 'I8 I12',
    mutant: answering((answer, batch) =>
      answer.kind === 'none' && answer.cause === 'timeout'
        ? ours(batch.operations.map(({ id }) => ({ id, outcome: 'rejected', problem: refusal })))
        : answer,
    ),
  },
  {
    name: 'take a refused session for an acknowledgement',
    keeps: 'I1 I12',
    mutant: answering((answer, batch) =>
      answer.kind === 'http' && (answer.status === 401 || isWrongIdentity(answer)) ? ours(allApplied(batch)) : answer,
    ),
  },
  {
    name: 'take the network for there when it is not',
    keeps: 'I8',
    mutant: {
      transport: (transport, { session }) => ({
        ...transport,
        probe: () => Promise.resolve({ kind: 'green', session }),
      }),
    },
  },
  {
    name: 'never ask for the network again',
    keeps: 'I11',
    mutant: {
      transport: (transport) => {
        let isDown = false
        return {
          ...transport,
          probe: async (signal) => {
            const answer = isDown ? ({ kind: 'red' } as const) : await transport.probe(signal)
            isDown = answer.kind === 'red'
            return answer
          },
        }
      },
    },
  },
  {
    name: 'read Retry-After as milliseconds',
    keeps: 'I10',
    mutant: answering((answer) => {
      const seconds = answer.kind === 'http' ? Number(answer.retryAfter) : Number.NaN
      return answer.kind === 'http' && seconds > 0 ? { ...answer, retryAfter: `${Math.ceil(seconds / 1000)}` } : answer
    }),
  },
  {
    name: 'a new id at every send',
    keeps: 'I1 I2 I12',
    mutant: {
      transport: (transport) => {
        let sends = 0
        return {
          ...transport,
          send: async (batch, signal) => {
            sends += 1
            const fresh = new Map(batch.operations.map(({ id }) => [renamed(id, sends), id]))
            const operations = [...fresh].flatMap(([id, old]) =>
              batch.operations.filter((operation) => operation.id === old).map((operation) => ({ ...operation, id })),
            )
            const answer = await transport.send({ ...batch, operations }, signal)
            const outcomes = outcomesOf(answer)
            return outcomes === undefined
              ? answer
              : ours(outcomes.map((outcome) => ({ ...outcome, id: fresh.get(outcome.id) ?? outcome.id })))
          },
        }
      },
    },
  },
  {
    name: 'send without what an operation comes after',
    keeps: 'I3',
    mutant: asking((batch) => ({
      ...batch,
      operations: batch.operations.map(({ after: _, ...operation }) => operation),
    })),
  },
  {
    name: 'keep discards from the server',
    keeps: 'I12',
    mutant: {
      transport: (transport) => ({
        ...transport,
        send: async (batch, signal) => {
          const isCancel = ({ cancel }: BatchRequest['operations'][number]): boolean => cancel !== undefined
          const cancels = allApplied({ ...batch, operations: batch.operations.filter(isCancel) })
          const operations = batch.operations.filter((operation) => !isCancel(operation))
          if (operations.length === 0) return ours(cancels)
          const answer = await transport.send({ ...batch, operations }, signal)
          const outcomes = outcomesOf(answer)
          return outcomes === undefined ? answer : ours([...cancels, ...outcomes])
        },
      }),
    },
  },
  {
    name: 'send everything as new',
    keeps: 'I6',
    mutant: asking((batch) => ({
      ...batch,
      operations: batch.operations.map((operation) => ({ ...operation, ageMs: 0 })),
    })),
  },
  {
    name: 'send every second operation alone and last',
    keeps: 'I3',
    mutant: asking((batch) => ({
      ...batch,
      operations: [
        ...batch.operations.filter((_, index) => index % 2 === 1),
        ...batch.operations.filter((_, index) => index % 2 === 0),
      ],
    })),
  },
  {
    name: 'name only the version before in an edit',
    keeps: 'I2',
    mutant: asking((batch) => ({
      ...batch,
      operations: batch.operations.map(({ earlier: _, ...operation }) => operation),
    })),
  },
  {
    name: 'replace what should be absorbed',
    keeps: 'I1',
    mutant: asking((batch) => ({
      ...batch,
      operations: batch.operations.map(({ absorbs = [], ...operation }) => {
        const [supersedes, ...earlier] = absorbs
        return supersedes === undefined ? operation : { ...operation, supersedes, earlier }
      }),
    })),
  },
]
