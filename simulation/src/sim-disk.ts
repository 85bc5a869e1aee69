/**
 * The disk of one identity on one device: what is written, and what a power cut would leave of it.
 *
 * A strict write takes everything before it to the platter. Relaxed writes since then may be lost from some point on,
 * never one in the middle.
 */
import type { OperationId } from '@holdfast/core'
import { isMarked } from '../../packages/client/src/store/marks.ts'
import { cloneDisk, memoryDisk, type MemoryDisk } from '../../packages/client/src/store/memory-store.ts'
import type { LiveEntry, StoredEntry } from '../../packages/client/src/store/store.ts'
import type { SimRandom } from './random.ts'

/** States kept between two strict writes; of more, every second one goes. */
const statesMax = 16

/** A disk with a history since its last strict write. */
export class SimDisk {
  /** What contexts see. Another object after a power cut: handles from before are as dead as their contexts. */
  live: MemoryDisk = memoryDisk()
  /** The states before each relaxed write since the last strict one, oldest first. */
  #states: MemoryDisk[] = []

  /** A write is about to be committed. */
  noteWrite(durability: 'strict' | 'relaxed'): void {
    if (durability === 'strict') this.#states = []
    else {
      if (this.#states.length >= statesMax) this.#states = this.#states.filter((_, index) => index % 2 === 0)
      this.#states.push(cloneDisk(this.live))
    }
  }

  /** What is on the platter whatever happens. */
  get platter(): MemoryDisk {
    return this.#states[0] ?? this.live
  }

  /** The power goes. Returns true when something was rolled back. */
  cutPower(random: SimRandom): boolean {
    const left = random.pick([...this.#states, this.live]) ?? this.live
    const isRolledBack = left !== this.live
    this.live = cloneDisk(left)
    this.#states = []
    return isRolledBack
  }
}

/** All queued entries of a disk. */
function queuedOf({ log }: MemoryDisk): readonly LiveEntry[] {
  return Object.values(log).flatMap(({ segments, marks }) =>
    [...segments].flatMap(([key, entries]) => entries.filter((_, index) => !isMarked(marks.get(key), index))),
  )
}

/** All entries of a disk that still have a body. */
export function liveOf(disk: MemoryDisk): readonly LiveEntry[] {
  return [...queuedOf(disk), ...disk.held.values()]
}

/** The entry of this id on a disk. */
export function findOn(disk: MemoryDisk, id: OperationId): StoredEntry | undefined {
  return disk.held.get(id) ?? disk.settled.get(id) ?? queuedOf(disk).find(({ operation }) => operation.id === id)
}
