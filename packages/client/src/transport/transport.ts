/** The transport port: how a batch reaches a server, and what came back. */
import type { BatchRequest, HealthAnswer, RawAnswer } from '@holdfast/core'

/** What a probe of the server found. */
export type ProbeAnswer =
  /** Our server answered; `session` is whose session it sees. */
  | { readonly kind: 'green'; readonly session: HealthAnswer['session'] }
  /** Somebody else answered: a captive portal, a login page, a proxy. */
  | { readonly kind: 'captive' }
  /** Nobody answered, or our server is not well. */
  | { readonly kind: 'red' }

/** How a batch reaches a server. */
export interface Transport {
  /** Sends a batch. Never rejects: whatever happened is in the answer. Every request has a time-out. */
  send(batch: BatchRequest, signal: AbortSignal): Promise<RawAnswer>
  /** Asks whether our server is there. Never rejects. */
  probe(signal: AbortSignal): Promise<ProbeAnswer>
}
