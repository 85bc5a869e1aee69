/**
 * The line: calls that could not be taken at once, in the order in which they came. They are prepared some at a time, and
 * the event loop gets its turn in between, so that a page which calls ten thousand times in a row does not stand still.
 *
 *   enter ──▶ wait until there is room ──▶ prepare some, in order ──▶ more of them? ─┐
 *                 ▲                                                                  │
 *                 └──────────────────────────────────────────────────────────────────┘
 */

/** Calls that are prepared in one go: two or three milliseconds of a page, where most of a transaction is waiting. */
const sliceMax = 256

/** Runs calls in order. */
export class CallLine<Call> {
  readonly #room: () => Promise<void>
  readonly #serve: (call: Call) => Promise<void> | undefined
  #calls: Call[] = []
  #running: Promise<void> | undefined

  /**
   * @param room resolves when the next calls may be served
   * @param serve takes a call on its way; with a promise, which never rejects, those behind wait for that
   */
  constructor(room: () => Promise<void>, serve: (call: Call) => Promise<void> | undefined) {
    this.#room = room
    this.#serve = serve
  }

  /** True when nobody is before whoever comes now. */
  get isFree(): boolean {
    return this.#running === undefined
  }

  /** Calls that wait. */
  get length(): number {
    return this.#calls.length
  }

  /** Takes a call in. */
  enter(call: Call): void {
    this.#calls.push(call)
    this.#running ??= this.#run()
  }

  /** Resolves when nobody waits. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running
  }

  async #run(): Promise<void> {
    while (this.#calls.length > 0) {
      await this.#room()
      for (const call of this.#calls.splice(0, sliceMax)) {
        const serving = this.#serve(call)
        if (serving !== undefined) await serving
      }
    }
    this.#running = undefined
  }
}
