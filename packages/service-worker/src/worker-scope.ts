/**
 * The worker scope port: the part of a ServiceWorkerGlobalScope that this package touches, and the events that the
 * platform's type library does not know (Background Sync). Tests bring their own scope; everything else is real.
 */

/** What is needed of a service worker's global scope. */
export interface WorkerScope {
  readonly location: { readonly origin: string }
  readonly registration: object
  readonly clients: {
    matchAll(options: {
      readonly type: 'window' | 'all'
      readonly includeUncontrolled: boolean
    }): Promise<readonly { readonly id: string; postMessage(message: unknown): void }[]>
  }
  /** Absent where the browser keeps no caches. */
  readonly caches?: Pick<CacheStorage, 'open'>
  addEventListener(type: string, listener: (event: Event) => void): void
  fetch(request: Request): Promise<Response>
}

/** An event that keeps the worker alive until a promise has settled. */
export interface LastingEvent extends Event {
  waitUntil(promise: Promise<unknown>): void
}

/**
 * A `sync` or `periodicsync` event.
 *
 * @see https://wicg.github.io/background-sync/spec/
 */
export interface SyncEvent extends LastingEvent {
  readonly tag: string
  /** True when the browser will not try again after this time. Absent on `periodicsync`. */
  readonly lastChance?: boolean
}

/** A `fetch` event. */
export interface InterceptableEvent extends LastingEvent {
  readonly request: Request
  /** The page or worker that asks; empty when there is none, as for what opens a page. */
  readonly clientId: string
  /** The page or worker that the answer will become. */
  readonly resultingClientId: string
  respondWith(response: Promise<Response>): void
}

/** A `message` event. */
export interface ReceivedMessage extends LastingEvent {
  readonly data: unknown
  readonly origin: string
  readonly source: { readonly id: string } | null
}

/** True for a service worker's own global scope. */
export function isWorkerScope(scope: object): scope is WorkerScope {
  return 'registration' in scope && 'clients' in scope && 'location' in scope && 'fetch' in scope
}

/** True for a `sync` or `periodicsync` event. */
export function isSyncEvent(event: Event): event is SyncEvent {
  return isLasting(event) && 'tag' in event && typeof event.tag === 'string'
}

/** True for a `fetch` event. */
export function isInterceptable(event: Event): event is InterceptableEvent {
  if (!isLasting(event) || !('clientId' in event && 'resultingClientId' in event)) return false
  return 'request' in event && event.request instanceof Request && 'respondWith' in event
}

/** True for a `message` event. */
export function isReceivedMessage(event: Event): event is ReceivedMessage {
  if (!isLasting(event) || !('data' in event && 'source' in event)) return false
  return 'origin' in event && typeof event.origin === 'string'
}

/** True for an event that can keep the worker alive. */
export function isLasting(event: Event): event is LastingEvent {
  return 'waitUntil' in event && typeof event.waitUntil === 'function'
}
