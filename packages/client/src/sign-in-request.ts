/**
 * The request to sign in: an application that was given a way to renew its session is asked once, in the one context
 * that leads, however many tabs meet the same refusal.
 *
 *   quiet ── leads, and sending waits for a sign-in ──▶ asked ── signed in, or leads no more ──▶ quiet
 *                                                         └─ the application is done ──▶ the session is looked at
 */
import type { SyncStatus } from './status.ts'

/** What is asked: may renew a session by itself, or bring somebody to sign in. */
export type OnAuthRequired = (authentication: 'required' | 'other') => void | Promise<void>

/** Asks the application for a session. */
export class SignInRequest {
  readonly #onAuthRequired: OnAuthRequired | undefined
  readonly #onDone: () => void
  #isAsked = false

  /** @param onDone the application has done what it could: the session may be another one now */
  constructor(onAuthRequired: OnAuthRequired | undefined, onDone: () => void) {
    this.#onAuthRequired = onAuthRequired
    this.#onDone = onDone
  }

  /** Looks at how things stand. */
  note({ isLeader, authentication }: Pick<SyncStatus, 'isLeader' | 'authentication'>): void {
    if (!isLeader || authentication === 'ok') {
      this.#isAsked = false
      return
    }
    if (this.#isAsked || this.#onAuthRequired === undefined) return
    this.#isAsked = true
    void this.#ask(this.#onAuthRequired, authentication)
  }

  async #ask(onAuthRequired: OnAuthRequired, authentication: 'required' | 'other'): Promise<void> {
    try {
      await onAuthRequired(authentication)
      this.#onDone()
    } catch {
      // It could not: entries stay, and a later sign-in is noticed by itself.
    }
  }
}
