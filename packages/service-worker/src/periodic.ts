/**
 * Asking for periodic work, in a page. Chromium wakes the worker by itself, where the app is installed and the person
 * allows it (`periodic-background-sync`). Everywhere else an open page asks the worker now and every hour, and the
 * worker does what is due.
 *
 *   permission? ── granted ──▶ tags registered ──▶ the browser wakes the worker
 *        └─ no, or no such thing ──▶ timers of this page ──▶ `periodic-work` message
 *
 * @see https://wicg.github.io/periodic-background-sync/
 */
import type { Outbox } from '@holdfast/client'
import { periodicIntervalsMs, periodicTags } from './periodic-tags.ts'
import { isHeldBack } from './register.ts'

/** What is needed of a `navigator`. */
export interface PeriodicBrowser {
  readonly serviceWorker?: { getRegistration(): Promise<object | undefined> }
  readonly permissions?: { query(descriptor: { readonly name: string }): Promise<{ readonly state: string }> }
}

/**
 * Asks the browser to do periodic work by itself. The permission is looked at first; nobody is asked for it.
 *
 * @returns `denied` without the permission, `unsupported` where the browser has no such thing; never rejects
 * @example await registerPeriodicSync()
 */
export async function registerPeriodicSync(
  browser: PeriodicBrowser = navigator,
): Promise<'registered' | 'denied' | 'unsupported'> {
  try {
    const manager = periodicSyncOf(await browser.serviceWorker?.getRegistration())
    if (manager === undefined || browser.permissions === undefined) return 'unsupported'
    const { state } = await browser.permissions.query({ name: 'periodic-background-sync' })
    if (state !== 'granted') return 'denied'
    for (const tag of periodicTags) await manager.register(tag, { minInterval: periodicIntervalsMs[tag] })
    return 'registered'
  } catch {
    // A browser without this permission refuses its name.
    return 'unsupported'
  }
}

/** Takes the request for periodic work back. Never rejects. */
export async function unregisterPeriodicSync(browser: PeriodicBrowser = navigator): Promise<void> {
  try {
    const manager = periodicSyncOf(await browser.serviceWorker?.getRegistration())
    for (const tag of periodicTags) await manager?.unregister(tag)
  } catch {
    // Without a registration there is nothing to take back.
  }
}

/**
 * Keeps periodic work going while somebody is signed in and sending is not held back: by the browser where that is
 * possible, else by timers of this page. A pause of everything ends it until it is resumed.
 *
 * @returns a function that ends it; call it when the person signs out, not when the page closes
 */
export function keepPeriodicSync(outbox: Outbox, browser: PeriodicBrowser = navigator): () => Promise<void> {
  let isWanted = false
  let timer: ReturnType<typeof setInterval> | undefined
  // One after another: what is ended while it begins must not stay.
  let turn: Promise<void> = Promise.resolve()
  const begin = async () => {
    if ((await registerPeriodicSync(browser)) === 'registered') return
    timer = setInterval(() => void askWorker(browser), periodicIntervalsMs['check-updates'])
    await askWorker(browser)
  }
  const end = () => {
    clearInterval(timer)
    return unregisterPeriodicSync(browser)
  }
  const want = (now: boolean) => {
    if (now !== isWanted) turn = turn.then(now ? begin : end)
    isWanted = now
    return turn
  }
  const consider = () => void want(!isHeldBack(outbox.status()))
  const unsubscribe = outbox.subscribe(consider)
  consider()
  return () => {
    unsubscribe()
    return want(false)
  }
}

/** Has the worker do what is due. */
async function askWorker(browser: PeriodicBrowser): Promise<void> {
  try {
    const registration = await browser.serviceWorker?.getRegistration()
    if (registration === undefined || !('active' in registration) || !isPostable(registration.active)) return
    for (const tag of periodicTags) registration.active.postMessage({ type: 'periodic-work', tag })
  } catch {
    // Without a worker there is nobody to do it; the page's own outbox sends all the same.
  }
}

interface PeriodicSyncManager {
  register(tag: string, options: { readonly minInterval: number }): Promise<void>
  unregister(tag: string): Promise<void>
}

function periodicSyncOf(registration: object | undefined): PeriodicSyncManager | undefined {
  if (registration === undefined || !('periodicSync' in registration)) return undefined
  return isPeriodicSyncManager(registration.periodicSync) ? registration.periodicSync : undefined
}

function isPeriodicSyncManager(value: unknown): value is PeriodicSyncManager {
  if (typeof value !== 'object' || value === null || !('register' in value && 'unregister' in value)) return false
  return typeof value.register === 'function' && typeof value.unregister === 'function'
}

function isPostable(value: unknown): value is { postMessage(message: unknown): void } {
  return typeof value === 'object' && value !== null && 'postMessage' in value
}
