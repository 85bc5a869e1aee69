/**
 * The card processor: a port. Whoever implements it is called at least once for a payment, always under the payment's
 * key, and must charge at most once for a key, whatever is lost on the way.
 */

/** What is to be charged. */
export interface ChargeRequest {
  /** The payment, named so that no other tenant has it: the processor's own idempotency key. */
  readonly key: string
  readonly amountCents: number
  /** What the terminal gave, such as a token. */
  readonly terminal: unknown
}

/** What the processor says. */
export type ChargeAnswer =
  | { readonly kind: 'approved'; readonly reference: string }
  | { readonly kind: 'declined'; readonly reference: string; readonly reason: string }

/** A card processor. Rejects when it cannot be reached or does not answer in time: then nothing is known. */
export interface CardProcessor {
  readonly charge: (request: ChargeRequest, signal: AbortSignal) => Promise<ChargeAnswer>
}
