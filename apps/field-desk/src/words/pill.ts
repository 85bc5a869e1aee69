/** The pill and the banner's cause: the state of everything, one at a time, the most serious first. */
import type { SyncStatus } from '@holdfast/client'
import { clockTime } from './time.ts'
import { pillWords } from './words.ts'

/** How things stand as a whole. */
export type PillKind =
  | 'opening'
  | 'not-kept'
  | 'needs-you'
  | 'signed-out'
  | 'captive'
  | 'server-unreachable'
  | 'offline'
  | 'sending'
  | 'waiting'
  | 'all-sent'
  | 'resting'

/** The pill. */
export interface Pill {
  readonly kind: PillKind
  readonly text: string
}

/**
 * Says how things stand. `isSending` is the steadied form of `status.sending > 0`, so that a fast server makes nothing
 * flicker. "All on the server" is said only after an acknowledgement (promise I12).
 */
export function pillOf(status: SyncStatus | undefined, isSending: boolean, nowMs: number): Pill {
  if (status === undefined) return { kind: 'opening', text: pillWords.opening }
  const { pending, needsYou, authentication, connectivity, progress, acknowledgedAtMs, durable } = status
  if (!durable) return { kind: 'not-kept', text: pillWords.notKept }
  if (needsYou > 0) return { kind: 'needs-you', text: pillWords.needYou(needsYou) }
  if (authentication !== 'ok') return { kind: 'signed-out', text: pillWords.signIn(pending) }
  if (connectivity === 'captive') return { kind: 'captive', text: pillWords.andWaiting(pillWords.captive, pending) }
  if (connectivity === 'server-unreachable') {
    return { kind: 'server-unreachable', text: pillWords.andWaiting(pillWords.serverUnreachable, pending) }
  }
  if (connectivity === 'offline') return { kind: 'offline', text: pillWords.andWaiting(pillWords.offline, pending) }
  if (isSending && pending > 0) {
    const total = Math.max(progress.total, progress.done + 1)
    return { kind: 'sending', text: pillWords.sending(Math.min(progress.done + 1, total), total) }
  }
  if (pending > 0) return { kind: 'waiting', text: pillWords.waiting(pending) }
  if (acknowledgedAtMs === undefined) return { kind: 'resting', text: pillWords.nothingWaiting }
  return { kind: 'all-sent', text: pillWords.allOnServer(clockTime(acknowledgedAtMs, nowMs)) }
}
