/**
 * The disk of one identity on one device: what is written, and what a power cut would leave of it.
 *
 * A strict write takes everything before it to the platter. Relaxed writes since then may be lost from some point on,
 * never one in the middle.
 */
import { cloneDisk, memoryDisk, type MemoryDisk } from '../../packages/client/src/store/memory-store.ts'
import type { SimRandom } from './random.ts'

/** States kept between two strict writes; of more, the older half is thinned out. */
const statesMax = 16

/** A disk with a history since its last strict write. */
export class SimDisk {
  /** What contexts see. Another object after a power cut: handles from before are as dead as their contexts. */
  live: MemoryDisk = memoryDisk()
  /** The states that a power cut may leave, oldest first; the first is on the platter for certain. */
  #states: MemoryDisk[] = [memoryDisk()]

  noteWrite(durability: 'strict' | 'relaxed'): void {
    const copy = cloneDisk(this.live)
    if (durability === 'strict') this.#states = [copy]
    else {
      if (this.#states.length >= statesMax) this.#states = this.#states.filter((_, index) => index % 2 === 0)
      this.#states.push(copy)
    }
  }

  /** What is on the platter whatever happens. */
  get platter(): MemoryDisk {
    return this.#states[0] ?? this.live
  }

  /** The power goes. Returns true when something was rolled back. */
  cutPower(random: SimRandom): boolean {
    const left = random.pick(this.#states) ?? this.live
    const isRolledBack = left !== this.#states.at(-1)
    this.live = cloneDisk(left)
    this.#states = [cloneDisk(left)]
    return isRolledBack
  }
}
