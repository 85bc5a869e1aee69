/** What happened in a run: faults by kind, the last events for people who look at a failure, and a hash of all of them. */

import type { FaultKind } from './faults.ts'

/** A promise that was found broken. */
export interface Violation {
  /** The promise of the design, such as `I2`. */
  readonly promise: string
  readonly message: string
  /** Ms since the run began. */
  readonly atMs: number
}

/** The record of one run. */
export class Journal {
  readonly faults: Map<FaultKind, number> = new Map()
  readonly violations: Violation[] = []
  readonly #kept: string[] = []
  readonly #keptMax: number
  readonly #now: () => number
  readonly #startMs: number
  #hash = 0x811c9dc5

  /** Keeps at least the last `keptMax` events for people. */
  constructor(now: () => number, keptMax: number) {
    this.#keptMax = keptMax
    this.#now = now
    this.#startMs = now()
  }

  /** Notes an event. */
  note(text: string): void {
    const line = `${((this.#now() - this.#startMs) / 1000).toFixed(3)} ${text}`
    let hash = this.#hash
    for (let index = 0; index < line.length; index += 1) hash = Math.imul(hash ^ line.charCodeAt(index), 0x01000193)
    this.#hash = hash
    // Dropped by the half, so that noting stays cheap.
    if (this.#kept.length >= 2 * this.#keptMax) this.#kept.splice(0, this.#keptMax)
    this.#kept.push(line)
  }

  /** Counts an injected fault. */
  fault(kind: FaultKind): void {
    this.faults.set(kind, (this.faults.get(kind) ?? 0) + 1)
  }

  /** Notes that a promise was broken. */
  violate(promise: string, message: string): void {
    this.violations.push({ promise, message, atMs: this.#now() - this.#startMs })
    this.note(`VIOLATION ${promise} ${message}`)
  }

  get faultCount(): number {
    let count = 0
    for (const kind of this.faults.values()) count += kind
    return count
  }

  /** Tells two runs apart: equal for runs in which the same things happened at the same time. */
  get hash(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, '0')
  }

  /** The last `count` events. */
  tail(count: number): readonly string[] {
    return this.#kept.slice(-count)
  }
}
