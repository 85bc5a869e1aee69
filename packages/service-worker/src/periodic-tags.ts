/** The kinds of periodic work, as pages and the worker name them. */

/** The kinds of periodic work, with the shortest time between two of each, ms. */
export const periodicIntervalsMs = { 'daily-sync': 86_400_000, 'check-updates': 3_600_000 } as const

/** A kind of periodic work. */
export type PeriodicTag = keyof typeof periodicIntervalsMs

/** Both of them. */
export const periodicTags = ['daily-sync', 'check-updates'] as const

/** True for the name of a kind of periodic work. */
export function isPeriodicTag(tag: unknown): tag is PeriodicTag {
  return periodicTags.some((known) => known === tag)
}
