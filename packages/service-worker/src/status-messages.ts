/**
 * What worker and pages tell one another: the worker says how the sync goes, a page may ask for one. Every message
 * that comes in is parsed; anything else is not ours and is dropped.
 */
import type { SyncStatus } from '@holdfast/client'
import { isRecord } from '@holdfast/core'
import { isPeriodicTag, type PeriodicTag } from './periodic-tags.ts'
import type { WorkerScope } from './worker-scope.ts'

/** How the sync goes, as the worker tells its pages. */
export interface SyncStatusMessage {
  readonly type: 'sync-status'
  /**
   * `error`: entries need a person, or wait for a sign-in or for a server that does not answer. Being offline is no
   * error: the device is then `idle` with entries pending.
   */
  readonly status: 'idle' | 'syncing' | 'error'
  readonly pending: number
}

/** What a page may ask of the worker. */
export type PageMessage =
  /** Send what the tag stands for, now. */
  | { readonly type: 'request-sync'; readonly tag: string }
  /** Do this periodic work, if it is due: the browser does not wake the worker for it. */
  | { readonly type: 'periodic-work'; readonly tag: PeriodicTag }
  /** Somebody has signed in or out: look at the registry again. */
  | { readonly type: 'identity-changed' }

/** Longest tag that is taken from a page, in characters. */
const tagMax = 200

/** Says a status in the words of the message. */
export function statusMessageOf(status: SyncStatus): SyncStatusMessage {
  const { pending, sending, needsYou, authentication, connectivity } = status
  const isStuck = authentication !== 'ok' || connectivity === 'server-unreachable' || connectivity === 'captive'
  const isError = needsYou > 0 || (pending > 0 && isStuck)
  return { type: 'sync-status', status: sending > 0 ? 'syncing' : isError ? 'error' : 'idle', pending }
}

/** Reads a message from a page; `undefined` for anything that is not one of ours. */
export function parsePageMessage(value: unknown, defaultTag: string): PageMessage | undefined {
  if (!isRecord(value)) return undefined
  const { type, tag = defaultTag } = value
  if (type === 'identity-changed') return { type }
  if (type === 'periodic-work') return isPeriodicTag(tag) ? { type, tag } : undefined
  if (type !== 'request-sync' || typeof tag !== 'string' || tag.length > tagMax) return undefined
  return { type, tag }
}

/** Tells all windows of the origin how the sync goes; the same thing is said once. */
export class StatusMessenger {
  readonly #scope: WorkerScope
  #said = ''

  constructor(scope: WorkerScope) {
    this.#scope = scope
  }

  async tell(status: SyncStatus): Promise<void> {
    const message = statusMessageOf(status)
    const text = JSON.stringify(message)
    if (text === this.#said) return
    this.#said = text
    const windows = await this.#scope.clients.matchAll({ type: 'window', includeUncontrolled: true })
    for (const window of windows) window.postMessage(message)
  }
}
