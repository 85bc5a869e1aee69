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
  type HttpAnswer,
  type OperationId,
  type OperationOutcome,
  type RawAnswer,
  type WireOperation,
} from '@holdfast/core'
import type { Session } from '../store/registry.ts'
import { answerOf, within } from '../transport/fetching.ts'
import type { ProbeAnswer, Transport } from '../transport/transport.ts'
import { isPlainRequest, plainRequest, type PlainRequest } from './plain-request.ts'
import { isWellAnswered, outcomeOf, refusal, unsendable } from './request-outcome.ts'

/** Where and how plain requests are sent. */
export interface RequestTransportOptions {
  /** What takes everything that is no plain request, and whose probe is asked. */
  readonly batch?: Transport
  /** Without `batch`: who the other server is taken to see; that of `openOutbox`. */
  readonly session?: Session
  /** Without `batch`: an address that answers when the server is there. Default `/`. */
  readonly probeUrl?: string
  /** Origins besides the page's own that may be sent to, such as `https://api.example`. Default none. */
  readonly origins?: readonly string[]
  /** Headers stamped at send time, such as a bearer token. They are never stored, and go to the listed origins only. */
  readonly headers?: (
    request: PlainRequest,
  ) => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>
  /** Whether an answer means that the request took effect. Default: 2xx, not redirected, not a page. */
  readonly isSuccess?: (answer: HttpAnswer, request: PlainRequest) => boolean
  /** How long a request may take, answer included, ms. Default 30 s. */
  readonly timeoutMs?: number
  /** The page's origin. Default: that of the page or the worker. */
  readonly origin?: string
  /** Default: the global `fetch`. */
  readonly fetch?: typeof fetch
}

/** A transport for plain requests. */
export function requestTransport(options: RequestTransportOptions = {}): Transport {
  const { batch } = options
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
      return sendInTurn(plain, said, (operation) => sendOne(operation, options, signal))
    },
    probe: (signal) => batch?.probe(signal) ?? probeOther(options, signal),
  }
}

/** One answer to a plain request: what came of it, or why nobody can say. */
type Sent = { readonly outcome: OperationOutcome } | { readonly failure: RawAnswer }

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
  for (const operation of operations) {
    const waitsFor = operation.after?.find((parent) => inBatch.has(parent) && !isApplied(said.get(parent)))
    if (waitsFor !== undefined) {
      said.set(operation.id, { id: operation.id, outcome: 'deferred' })
      continue
    }
    const sent = await send(operation)
    if ('outcome' in sent) said.set(operation.id, sent.outcome)
    else if (said.size === 0) return sent.failure
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

async function sendOne(operation: WireOperation, options: RequestTransportOptions, signal: AbortSignal): Promise<Sent> {
  const { id } = operation
  // Nobody can be asked to undo it; what has not been sent by now never is.
  if (operation.cancel !== undefined) return { outcome: { id, outcome: 'applied' } }
  const read = await plainRequest['~standard'].validate(operation.payload)
  if (read.issues !== undefined) return { outcome: refusal(id, 'This request cannot be sent as it was stored.') }
  const request = read.value
  const address = addressOf(request.url, options)
  if (address === undefined) {
    return { outcome: refusal(id, `This app may not send to ${new URL(request.url).origin}.`) }
  }
  const isSuccess = options.isSuccess ?? isWellAnswered
  const answer = await within<RawAnswer>(
    options.timeoutMs ?? 30_000,
    signal,
    async (until) => {
      const send = options.fetch ?? ((input: string, init: RequestInit) => fetch(input, init))
      const init = await initOf(id, request, options)
      const response = await send(address, { ...init, signal: until })
      return answerOf(response, await response.text())
    },
    (cause) => ({ kind: 'none', cause }),
  )
  if (answer.kind === 'none') return { failure: answer }
  const outcome = outcomeOf(id, answer, isSuccess(answer, request))
  return outcome === undefined ? { failure: answer } : { outcome }
}

async function initOf(
  id: OperationId,
  request: PlainRequest,
  { headers }: RequestTransportOptions,
): Promise<RequestInit> {
  const { method, body } = request
  const all = new Headers({ accept: 'application/json, application/problem+json, */*', ...request.headers })
  for (const [name, value] of Object.entries((await headers?.(request)) ?? {})) all.set(name, value)
  all.set('idempotency-key', id)
  if (body !== undefined && !all.has('content-type')) all.set('content-type', 'application/json')
  const isJsonBody = all.get('content-type')?.includes('json') ?? false
  const text = typeof body === 'string' && !isJsonBody ? body : JSON.stringify(body)
  return {
    method,
    headers: all,
    ...(body !== undefined && { body: text }),
    credentials: 'same-origin',
    redirect: 'manual',
    cache: 'no-store',
  }
}

/** The address to send to, or `undefined` when this app may not. */
function addressOf(url: string, { origin = ownOrigin(), origins = [] }: RequestTransportOptions): string | undefined {
  if (url.startsWith('/')) return url
  const address = new URL(url)
  return address.origin === origin || origins.includes(address.origin) ? address.href : undefined
}

function ownOrigin(): string {
  return globalThis.location.origin
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
