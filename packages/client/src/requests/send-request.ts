/**
 * Sending one plain request, and telling what its failure is about. Another server that is down, or that asks for
 * another sign-in, must not stop what goes to ours: so when a request fails, our own server is asked whether the way is
 * there. If it is, the failure is the request's own, and only its own queue waits.
 */
import type { HttpAnswer, OperationOutcome, RawAnswer, WireOperation } from '@holdfast/core'
import { answerOf, within } from '../transport/fetching.ts'
import type { ProbeAnswer } from '../transport/transport.ts'
import { plainRequest, type PlainRequest } from './plain-request.ts'
import { isWellAnswered, outcomeOf, postponementOf, refusal } from './request-outcome.ts'

/** How requests are sent. */
export interface SendOptions {
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

/** What came of sending a request: an outcome of its own, or a failure of the way that it shares with all others. */
export type Sent = { readonly outcome: OperationOutcome } | { readonly failure: RawAnswer }

/** Sends a request; `probe` asks whether our own server is there. */
export async function sendRequest(
  operation: WireOperation,
  options: SendOptions & { readonly probe: (signal: AbortSignal) => Promise<ProbeAnswer> },
  signal: AbortSignal,
): Promise<Sent> {
  const { id } = operation
  // Nobody can be asked to undo it; what has not been sent by now never is.
  if (operation.cancel !== undefined) return { outcome: { id, outcome: 'applied' } }
  const read = await plainRequest['~standard'].validate(operation.payload)
  if (read.issues !== undefined) return { outcome: refusal(id, 'This request cannot be sent as it was stored.') }
  const request = read.value
  const isOwn = isOwnOrigin(request.url, options)
  if (!isOwn && options.origins?.includes(new URL(request.url).origin) !== true) {
    return { outcome: refusal(id, `This app may not send to ${new URL(request.url).origin}.`) }
  }
  const answer = await ask(operation, request, options, signal)
  const isSuccess = options.isSuccess ?? isWellAnswered
  const outcome = answer.kind === 'none' ? undefined : outcomeOf(id, answer, isSuccess(answer, request))
  if (outcome !== undefined) return { outcome }
  const isAboutOurSession = isOwn && answer.kind === 'http' && answer.status === 401
  if (isAboutOurSession || signal.aborted || (await options.probe(signal)).kind !== 'green') return { failure: answer }
  return { outcome: postponementOf(id, answer) }
}

async function ask(
  { id }: WireOperation,
  request: PlainRequest,
  options: SendOptions,
  signal: AbortSignal,
): Promise<RawAnswer> {
  return within<RawAnswer>(
    options.timeoutMs ?? 30_000,
    signal,
    async (until) => {
      const send = options.fetch ?? ((input: string, init: RequestInit) => fetch(input, init))
      const init = await initOf(id, request, options)
      const response = await send(request.url, { ...init, signal: until })
      return answerOf(response, await response.text())
    },
    (cause) => ({ kind: 'none', cause }),
  )
}

async function initOf(id: string, request: PlainRequest, { headers }: SendOptions): Promise<RequestInit> {
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

function isOwnOrigin(url: string, { origin }: SendOptions): boolean {
  return url.startsWith('/') || new URL(url).origin === (origin ?? globalThis.location.origin)
}
