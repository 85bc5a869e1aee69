/** The transport to a Holdfast server: one POST per batch, and a probe. It reports what it saw and judges nothing. */
import {
  answerMediaType,
  batchPath,
  healthPath,
  parseHealthAnswer,
  problemMediaType,
  type BatchRequest,
  type RawAnswer,
} from '@holdfast/core'
import { answerOf, bodyOf, within } from './fetching.ts'
import type { ProbeAnswer, Transport } from './transport.ts'

/** Where and how a batch transport sends. */
export interface BatchTransportOptions {
  /** The batch door. Default `/api/sync/offline-operations`, on this origin. */
  readonly url?: string
  /** The health door. Default `/api/sync/health`, on this origin. */
  readonly healthUrl?: string
  /** Headers stamped at send time, such as a bearer token. They are never stored. */
  readonly headers?: () => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>
  /** How long a request may take, answer included, ms. Default 30 s. */
  readonly timeoutMs?: number
  /** How long a probe may take, ms. Default 8 s. */
  readonly probeTimeoutMs?: number
  /** Default: the global `fetch`. */
  readonly fetch?: typeof fetch
}

/**
 * A transport to a Holdfast server.
 *
 * Cookies go along to its own origin; redirects are not followed, so that a login page is never taken for an answer.
 */
export function batchTransport(options: BatchTransportOptions = {}): Transport {
  const { url = batchPath, healthUrl = healthPath, timeoutMs = 30_000, probeTimeoutMs = 8000 } = options
  const send = options.fetch ?? ((input: string, init: RequestInit) => fetch(input, init))
  return {
    send: async (batch, signal) => {
      const request = async (within: AbortSignal): Promise<RawAnswer> => {
        const init = { ...(await initOf(batch, options)), signal: within }
        const response = await send(url, init)
        return answerOf(response, await response.text())
      }
      return within(timeoutMs, signal, request, (cause) => ({ kind: 'none', cause }))
    },
    probe: (signal) => {
      const request = async (within: AbortSignal): Promise<ProbeAnswer> => {
        const headers = { accept: answerMediaType, ...(await options.headers?.()) }
        const response = await send(healthUrl, { headers, cache: 'no-store', redirect: 'manual', signal: within })
        if (response.status >= 500) return { kind: 'red' }
        const health = parseHealthAnswer(bodyOf(response, await response.text()))
        return health === undefined ? { kind: 'captive' } : { kind: 'green', session: health.session }
      }
      return within(probeTimeoutMs, signal, request, () => ({ kind: 'red' }))
    },
  }
}

async function initOf(batch: BatchRequest, { headers }: BatchTransportOptions): Promise<RequestInit> {
  return {
    method: 'POST',
    headers: {
      accept: `${answerMediaType}, ${problemMediaType}`,
      'content-type': 'application/json',
      'x-batch-size': String(batch.operations.length),
      ...(await headers?.()),
    },
    body: JSON.stringify(batch),
    credentials: 'same-origin',
    redirect: 'manual',
    cache: 'no-store',
  }
}
