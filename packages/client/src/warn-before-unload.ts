/** A question before a page closes that would take unstored work along. */
import type { Outbox } from './outbox.ts'

/**
 * Lets the browser ask "Leave this page?" while something that was enqueued is not stored: for the few milliseconds of
 * the writing, or, in an outbox that is not durable, for as long as anything is pending. It never asks otherwise: what is
 * stored survives the closing of the page.
 *
 * @returns a function that stops it
 * @example
 * const stop = warnBeforeUnload(outbox)
 */
export function warnBeforeUnload(outbox: Pick<Outbox, 'unstored' | 'status'>): () => void {
  const ask = (event: Event): void => {
    const { durable, pending, needsYou } = outbox.status()
    if (outbox.unstored > 0 || (!durable && pending + needsYou > 0)) event.preventDefault()
  }
  // Always listening: the question must not come too late, and a page with an outbox holds a lock, which keeps it out
  // of the back-forward cache anyway.
  globalThis.addEventListener('beforeunload', ask)
  return () => {
    globalThis.removeEventListener('beforeunload', ask)
  }
}
