/**
 * A section: the part of one priority's log that a transaction touches, with its marks. It says what is queued there and
 * collects new marks; the store that read it writes them.
 */
import { countMarked, isMarked, roomForMarks, setMark, type Marks } from './marks.ts'
import { countOf } from './segment.ts'
import type { Position } from './store.ts'

/** What a transaction has to write of a section. */
export interface SectionWrites {
  /** New marks of segments that stay. */
  readonly marks: readonly { readonly segment: number; readonly bits: Marks }[]
  /** Runs of neighbouring segments that are proved settled, each by its first and last key. */
  readonly deletions: readonly { readonly first: number; readonly last: number }[]
}

/** The part of one priority's log that a transaction touches. */
export class LogSection {
  readonly #keys: readonly number[]
  readonly #present: ReadonlySet<number>
  readonly #marks: ReadonlyMap<number, Marks>
  /** Marks of segments in which something was marked here, the stored ones among them. */
  readonly #touched = new Map<number, Marks>()

  /**
   * @param keys every key of the log between the first and the last segment of interest, ascending
   * @param marks the marks that are stored for any of them
   */
  constructor(keys: readonly number[], marks: ReadonlyMap<number, Marks>) {
    this.#keys = keys
    this.#present = new Set(keys)
    this.#marks = marks
  }

  /** True while the entry at a position is queued. */
  isQueued({ segment, index }: Position): boolean {
    return this.#present.has(segment) && !isMarked(this.#touched.get(segment) ?? this.#marks.get(segment), index)
  }

  /** Marks the entry at a position. */
  mark({ segment, index }: Position): void {
    let bits = this.#touched.get(segment)
    if (bits === undefined) {
      // A copy: the marks that were read are not ours to change.
      bits = roomForMarks(countOf(segment), this.#marks.get(segment))
      this.#touched.set(segment, bits)
    }
    setMark(bits, index)
  }

  /** What is to be written. */
  writes(): SectionWrites {
    const marks: { segment: number; bits: Marks }[] = []
    const gone = new Set<number>()
    for (const [segment, bits] of this.#touched) {
      if (countMarked(bits) === countOf(segment)) gone.add(segment)
      else marks.push({ segment, bits })
    }
    return { marks, deletions: gone.size === 0 ? [] : this.#runsOf(gone) }
  }

  #runsOf(gone: ReadonlySet<number>): SectionWrites['deletions'] {
    const runs: { first: number; last: number }[] = []
    let open: { first: number; last: number } | undefined
    for (const key of this.#keys) {
      // A placeholder between two deleted segments has no sequence to keep any more.
      if (countOf(key) === 0) continue
      if (!gone.has(key)) open = undefined
      else if (open === undefined) {
        open = { first: key, last: key }
        runs.push(open)
      } else open.last = key
    }
    return runs
  }
}
