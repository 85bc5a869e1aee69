/**
 * The environment port: everything the engine needs from the world besides its store and its transport. The browser's
 * is in environment-browser.ts; the simulation brings its own, with simulated time, locks and channels.
 */
import type { ErrorReport } from './listeners.ts'

/** Time and timers. Nothing in the client reads a clock except through this. */
export interface Clock {
  /** The device's wall clock, ms since 1970. May jump. */
  now(): number
  /** Calls back once, after `delayMs` or later. Returns a function that cancels. */
  timer(delayMs: number, callback: () => void): () => void
}

/** Chance. */
export interface Random {
  /** In [0, 1). */
  fraction(): number
  bytes(count: number): Uint8Array
}

/** A held lock. */
export interface HeldLock {
  /** Aborted when somebody stole the lock. */
  readonly lost: AbortSignal
  release(): void
}

/** Locks that are shared by all tabs and workers of an origin, granted in the order of asking. */
export interface Locks {
  /**
   * Waits for the lock. Rejects with the signal's reason when it is aborted first.
   *
   * @param options.steal takes the lock from whoever holds it
   */
  acquire(name: string, options: { readonly signal: AbortSignal; readonly steal?: boolean }): Promise<HeldLock>
}

/** A channel to the other tabs and workers of the origin. A sender does not hear itself. Messages may be lost. */
export interface Channel {
  post(message: unknown): void
  close(): void
}

/** Everything the engine needs from the world. */
export interface Environment {
  readonly clock: Clock
  readonly random: Random
  /** Where the platform has none (`lacks`), every request is granted at once. */
  readonly locks: Locks
  /** What this platform does not have. The store is looked at instead, every few seconds. Default: nothing is missing. */
  readonly lacks?: ReadonlySet<'locks' | 'channels'>
  openChannel(name: string, listener: (message: unknown) => void): Channel
  /** What the browser believes about the network. Only a hint, in both directions. */
  isOnlineHint(): boolean
  /**
   * Calls back when something happened that makes another try worth while: the network came back, the page became
   * visible or thawed. Returns a function that stops it.
   */
  onWakeHint(callback: () => void): () => void
  /** Takes what a listener of the application has thrown. Absent where the platform takes no such reports. */
  readonly reportError?: ErrorReport
  /** Resolves when the event loop had its turn: long work is cut into pieces by it. Absent where nobody waits for a turn. */
  readonly turn?: () => Promise<void>
  /** Calls back when the page is about to be frozen or put away: leadership must be given up. */
  onFreeze(callback: () => void): () => void
}
