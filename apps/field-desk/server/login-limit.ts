/**
 * Slows down guessing: so many failed sign-ins for one e-mail address from one network address in a window, and no
 * more. A try counts from its start, so that a hundred guesses at once are no way around it; a success takes it back.
 *
 * Addresses with an account and made-up ones are counted alike, but apart: however many somebody makes up, none takes
 * the place of a real one.
 */

/** Failed tries within the window that are allowed. */
export const failuresMax = 10

/** The window, ms. */
export const windowMs: number = 10 * 60_000

/** Keys that are remembered at most, of accounts and of made-up addresses each; the one that was used longest ago is forgotten first. */
export const keysMax = 10_000

/** A try that may go on, or how long to wait. */
export type LoginTry =
  | { readonly isAllowed: true; readonly succeeded: () => void }
  | { readonly isAllowed: false; readonly retryAfterMs: number }

/** Counts sign-ins. */
export interface LoginLimit {
  /** Begins a try; `hasAccount` says whether the e-mail address has one. Call `succeeded` when it was no guess. */
  readonly begin: (email: string, address: string, hasAccount: boolean) => LoginTry
}

/** Makes a limit. `now` gives the server's time, ms. */
export function createLoginLimit(now: () => number): LoginLimit {
  const ofAccounts = new Map<string, readonly number[]>()
  const ofOthers = new Map<string, readonly number[]>()
  const remember = (triesAtMs: Map<string, readonly number[]>, key: string, tries: readonly number[]) => {
    triesAtMs.delete(key)
    if (tries.length > 0) triesAtMs.set(key, tries)
    const oldest = triesAtMs.size > keysMax ? triesAtMs.keys().next().value : undefined
    if (oldest !== undefined) triesAtMs.delete(oldest)
  }
  return {
    begin: (email, address, hasAccount) => {
      const triesAtMs = hasAccount ? ofAccounts : ofOthers
      const key = JSON.stringify([email.toLowerCase(), address])
      const nowMs = now()
      const recent = (triesAtMs.get(key) ?? []).filter((atMs) => atMs > nowMs - windowMs)
      const [first = nowMs] = recent
      if (recent.length >= failuresMax) return { isAllowed: false, retryAfterMs: first + windowMs - nowMs }
      remember(triesAtMs, key, [...recent, nowMs])
      return { isAllowed: true, succeeded: () => remember(triesAtMs, key, []) }
    },
  }
}
