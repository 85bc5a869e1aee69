/**
 * Arming: asking the browser to wake the service worker when there is a network, even with no page open. Only Chromium
 * can (Background Sync); everywhere else the answer is `false` and the outbox's own probe does the work.
 *
 * @see https://wicg.github.io/background-sync/spec/
 */
import type { Outbox, SyncStatus } from '@holdfast/client'

/** The tag that stands for everything. */
export const defaultTag = 'data-sync'

/**
 * Asks the browser for a `sync` event. Call it in a page.
 *
 * @returns false where there is no Background Sync, no service worker, or no permission; never rejects
 * @example await registerSync('pos-orders-sync')
 */
export async function registerSync(tag: string = defaultTag): Promise<boolean> {
  if (!('serviceWorker' in navigator)) return false
  try {
    // Not `ready`: it stays pending for ever where no worker was registered.
    const registration = await navigator.serviceWorker.getRegistration()
    return registration !== undefined && (await armSync(registration, tag))
  } catch {
    return false
  }
}

/** Asks the browser for a `sync` event through a registration; see {@link registerSync}. */
export async function armSync(registration: object, tag: string): Promise<boolean> {
  if (!('sync' in registration) || !isSyncManager(registration.sync)) return false
  try {
    await registration.sync.register(tag)
    return true
  } catch {
    return false
  }
}

/**
 * Keeps a `sync` event asked for while entries are pending that this page may not live to send: whenever the way to
 * the server is down, and whenever the page is hidden. While the page is in view and the server answers, none is
 * asked for, because it would wake the worker for nothing.
 *
 * @returns a function that stops it
 */
export function keepSyncArmed(outbox: Outbox, options: { readonly tag?: string; readonly page: Page }): () => void {
  const { tag = defaultTag, page } = options
  let isArmed = false
  const consider = () => {
    const status = outbox.status()
    const isWanted = wantsSync(status, page.visibilityState === 'hidden')
    if (isWanted && !isArmed) void registerSync(tag)
    isArmed = isWanted
  }
  const unsubscribe = outbox.subscribe(consider)
  page.addEventListener('visibilitychange', consider)
  consider()
  return () => {
    unsubscribe()
    page.removeEventListener('visibilitychange', consider)
  }
}

/** What {@link keepSyncArmed} needs of a `document`. */
export interface Page {
  readonly visibilityState: string
  addEventListener(type: 'visibilitychange', listener: () => void): void
  removeEventListener(type: 'visibilitychange', listener: () => void): void
}

/** True while nothing goes by itself: everything is paused, or sent by hand. */
export function isHeldBack({ paused, manual }: SyncStatus): boolean {
  return paused.isAll || manual.isAll
}

/** True when the browser should wake the worker later for what is pending. */
export function wantsSync(status: SyncStatus, isHidden: boolean): boolean {
  const { pending, connectivity } = status
  return pending > 0 && !isHeldBack(status) && (isHidden || (connectivity !== 'online' && connectivity !== 'unknown'))
}

interface SyncManager {
  register(tag: string): Promise<void>
}

function isSyncManager(value: unknown): value is SyncManager {
  return typeof value === 'object' && value !== null && 'register' in value && typeof value.register === 'function'
}
