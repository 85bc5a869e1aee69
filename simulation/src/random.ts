/**
 * Chance for the simulation: a small fast generator (sfc32) with everything drawn from one seed, so that a seed replays
 * a run to the last microtask. Nothing here is random in the cryptographic sense.
 */

/** A stream of numbers that depends on its seed alone. */
export class SimRandom {
  #a: number
  #b: number
  #c: number
  #counter = 1

  constructor(seed: number) {
    this.#a = seed | 0
    this.#b = Math.imul(seed, 0x9e3779b1) | 0
    this.#c = (Math.floor(seed / 2 ** 32) ^ 0x85ebca6b) | 0
    // The first numbers after seeding are alike for seeds that are alike.
    for (let round = 0; round < 15; round += 1) this.#next()
  }

  /** In [0, 1). */
  fraction(): number {
    return this.#next() / 2 ** 32
  }

  /** A whole number from 0 to `below` - 1. */
  integer(below: number): number {
    return Math.floor(this.fraction() * below)
  }

  /** A number in [min, max). */
  between(min: number, max: number): number {
    return min + this.fraction() * (max - min)
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return this.fraction() < probability
  }

  /** A wait between two events that come `mean` apart on average. */
  exponential(mean: number): number {
    return -Math.log(1 - this.fraction()) * mean
  }

  /** One of the items, or `undefined` when there is none. */
  pick<Item>(items: readonly Item[]): Item | undefined {
    return items[this.integer(items.length)]
  }

  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.integer(256))
  }

  /** A stream of its own, so that one part of the world drawing more does not change what another part draws. */
  fork(): SimRandom {
    return new SimRandom(this.#next() * 2 ** 20 + (this.#next() >>> 12))
  }

  #next(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum
    return sum >>> 0
  }
}
