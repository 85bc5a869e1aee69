/**
 * The transport of plain requests. It stands before the batch transport: what is a plain request it sends by itself, one
 * after the other, and says of each what a Holdfast server would have said; everything else goes on to the batch door.
 *
 * A server that knows nothing of Holdfast cannot tell a second send from a first, unless it heeds `Idempotency-Key`:
 * each send of a request carries the same one. Nor can it be asked whether it has done what a person takes back.
 */
import {
  answerMediaType,
  classify,
  type BatchRequest,
  type OperationId,
  type OperationOutcome,
  type RawAnswer,
  type WireOperation,
} from '@holdfast/core'
import type { Session } from '../store/registry.ts'
import { within } from '../transport/fetching.ts'
import type { ProbeAnswer, Transport } from '../transport/transport.ts'
import { isPlainRequest } from './plain-request.ts'
import { unsendable } from './request-outcome.ts'
import { sendRequest, type SendOptions, type Sent } from './send-request.ts'

/** Where and how plain requests are sent. */
export interface RequestTransportOptions extends SendOptions {
  /** What takes everything that is no plain request, and whose probe is asked. */
  readonly batch?: Transport
  /** Without `batch`: who the other server is taken to see; that of `openOutbox`. */
  readonly session?: Session
  /** Without `batch`: an address that answers when the server is there. Default `/`. */
  readonly probeUrl?: string
}

/** A transport for plain requests. */
export function requestTransport(options: RequestTransportOptions = {}): Transport {
  const { batch } = options
  const probe = (signal: AbortSignal): Promise<ProbeAnswer> => batch?.probe(signal) ?? probeOther(options, signal)
  return {
    send: async (request, signal) => {
      const plain = request.operations.filter(({ type }) => isPlainRequest(type))
      if (plain.length === 0 && batch !== undefined) return batch.send(request, signal)
      const rest = request.operations.filter(({ type }) => !isPlainRequest(type))
      const said = new Map<OperationId, OperationOutcome>()
      if (rest.length > 0) {
        const failure = await askBatchDoor({ ...request, operations: rest }, batch, said, signal)
        if (failure !== undefined) return failure
      }
      return sendInTurn(plain, said, (operation) => sendRequest(operation, { ...options, probe }, signal))
    },
    probe,
  }
}

/** Sends the rest of a batch where it belongs; what is returned is a failure of the whole way. */
async function askBatchDoor(
  request: BatchRequest,
  batch: Transport | undefined,
  said: Map<OperationId, OperationOutcome>,
  signal: AbortSignal,
): Promise<RawAnswer | undefined> {
  if (batch === undefined) {
    for (const { id } of request.operations) said.set(id, unsendable(id))
    return undefined
  }
  const answer = await batch.send(request, signal)
  const verdict = classify(answer, 0)
  if (verdict.kind !== 'answered') return answer
  for (const outcome of verdict.outcomes) said.set(outcome.id, outcome)
  return undefined
}

/** Sends one after the other until the way fails; what was not sent is missing in the answer, and is sent again. */
async function sendInTurn(
  operations: readonly WireOperation[],
  said: Map<OperationId, OperationOutcome>,
  send: (operation: WireOperation) => Promise<Sent>,
): Promise<RawAnswer> {
  const inBatch = new Set([...said.keys(), ...operations.map(({ id }) => id)])
  const stopped = new Set<string>()
  for (const operation of operations) {
    const { id, lane, after = [] } = operation
    const isBehind = stopped.has(lane) || after.some((parent) => inBatch.has(parent) && !isApplied(said.get(parent)))
    const sent: Sent = isBehind ? { outcome: { id, outcome: 'deferred' } } : await send(operation)
    if ('outcome' in sent) {
      said.set(id, sent.outcome)
      // A refusal lets the next ones of its lane go on; what comes again later does not.
      if (sent.outcome.outcome === 'deferred') stopped.add(lane)
    } else if (said.size === 0) return sent.failure
    else break
  }
  return answered([...said.values()])
}

function isApplied(outcome: OperationOutcome | undefined): boolean {
  return (outcome?.outcome === 'duplicate' ? outcome.first.outcome : outcome?.outcome) === 'applied'
}

function answered(outcomes: readonly OperationOutcome[]): RawAnswer {
  return {
    kind: 'http',
    status: 200,
    redirected: false,
    mediaType: answerMediaType,
    retryAfter: undefined,
    date: undefined,
    body: { outcomes },
  }
}

async function probeOther(options: RequestTransportOptions, signal: AbortSignal): Promise<ProbeAnswer> {
  const { session, probeUrl = '/' } = options
  return within<ProbeAnswer>(
    8000,
    signal,
    async (until) => {
      const send = options.fetch ?? ((input: string, init: RequestInit) => fetch(input, init))
      const response = await send(probeUrl, { method: 'HEAD', cache: 'no-store', redirect: 'manual', signal: until })
      if (response.status >= 500) return { kind: 'red' }
      if (response.redirected || response.type === 'opaqueredirect' || response.status === 511)
        return { kind: 'captive' }
      return { kind: 'green', session: session ?? null }
    },
    () => ({ kind: 'red' }),
  )
}
