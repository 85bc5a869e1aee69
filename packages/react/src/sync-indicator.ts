/** What an indicator says of the status. Pure. */
import type { SyncStatus } from '@holdfast/client'

/** How it goes. `error` while something needs a person. */
export type IndicatorState = 'idle' | 'syncing' | 'error'

/** What an indicator shows. */
export interface Indicator {
  readonly state: IndicatorState
  /** Entries that are not on the server yet: those that need a person, or else those that wait. */
  readonly count: number
  /** How far the sending has come, while it goes on. */
  readonly progress: { readonly done: number; readonly total: number } | undefined
}

/** What to show; `undefined` when there is nothing to say: all is on the server, or nothing is known yet. */
export function indicatorOf(status: SyncStatus | undefined): Indicator | undefined {
  if (status === undefined) return undefined
  const { needsYou, pending, sending, progress } = status
  if (needsYou > 0) return { state: 'error', count: needsYou, progress: undefined }
  if (pending === 0) return undefined
  return sending > 0
    ? { state: 'syncing', count: pending, progress }
    : { state: 'idle', count: pending, progress: undefined }
}
