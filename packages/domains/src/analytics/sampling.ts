/**
 * What becomes of an event on the device: kept, sampled while much waits, dropped while too much does. Pure: the number
 * of waiting entries comes in, the next state goes out, and nothing that is dropped goes uncounted.
 *
 *   waiting < pressureAt ─▶ keep     < fullAt ─▶ keep one in `keepOneIn`     else ─▶ drop
 */

/** When events are sampled and dropped, by the number of entries that wait on the device. */
export interface SamplingLimits {
  readonly pressureAt: number
  readonly fullAt: number
  /** Under pressure one event in this many is kept. */
  readonly keepOneIn: number
}

/** The usual limits: money and work waits too when a thousand entries do. */
export const samplingDefaults: SamplingLimits = { pressureAt: 1_000, fullAt: 10_000, keepOneIn: 10 }

/** What is known from the events before. */
export interface SamplingState {
  /** Events that came under pressure since the last one that was kept then. */
  readonly skipped: number
  /** Events that were dropped and that no kept event has counted yet. */
  readonly dropped: number
}

/** Before the first event. */
export const samplingStart: SamplingState = { skipped: 0, dropped: 0 }

/** An event's fate. A kept one says how many it stands for, and how many were dropped before it. */
export type Sampled =
  | { readonly kind: 'keep'; readonly weight: number; readonly dropped: number; readonly state: SamplingState }
  | { readonly kind: 'skip' | 'drop'; readonly state: SamplingState }

/** Decides over one event. */
export function sample(
  { skipped, dropped }: SamplingState,
  waiting: number,
  { pressureAt, fullAt, keepOneIn }: SamplingLimits = samplingDefaults,
): Sampled {
  if (waiting >= fullAt) return { kind: 'drop', state: { skipped, dropped: dropped + 1 } }
  const isUnderPressure = waiting >= pressureAt
  if (isUnderPressure && skipped + 1 < keepOneIn) return { kind: 'skip', state: { skipped: skipped + 1, dropped } }
  return { kind: 'keep', weight: skipped + 1, dropped, state: samplingStart }
}
