/**
 * Listeners of an application. One that throws has a fault of its own, which is none of the outbox's: it is reported
 * where the platform takes such reports, every other listener hears of the event, and what was under way goes on.
 */

/** Takes an error that nobody can be told of, as the `reportError` of browsers does. */
export type ErrorReport = (error: unknown) => void

/** Those who want to hear of something. */
export class Listeners<Event extends readonly unknown[] = []> {
  readonly #all = new Set<(...event: Event) => void>()
  readonly #report: ErrorReport | undefined

  constructor(report: ErrorReport | undefined) {
    this.#report = report
  }

  get isEmpty(): boolean {
    return this.#all.size === 0
  }

  /** Adds a listener. Returns a function that takes it away. */
  add(listener: (...event: Event) => void): () => void {
    this.#all.add(listener)
    return () => {
      this.#all.delete(listener)
    }
  }

  /** Tells every listener. Never throws. */
  tell(...event: Event): void {
    for (const listener of this.#all) tellSafely(this.#report, () => listener(...event))
  }

  /** Lets all of them go. */
  clear(): void {
    this.#all.clear()
  }
}

/** Calls an application's own function; what it throws is reported. */
export function tellSafely(report: ErrorReport | undefined, call: () => void): void {
  try {
    call()
  } catch (error) {
    report?.(error)
  }
}
