/** A page of the log in the making: takes segments in order until a limit is reached. Pure; each store brings the segments. */
import { isMarked, type Marks } from './marks.ts'
import { countOf, indexAfter } from './segment.ts'
import type { LiveEntry, LogPage, Position } from './store.ts'

/** How far a page goes. */
export interface PageLimits {
  readonly entriesMax: number
  readonly bytesMax: number
}

/** A page of the log in the making. */
export class LogPageBuilder {
  readonly #after: Position | undefined
  readonly #limits: PageLimits
  readonly #entries: LiveEntry[] = []
  #last: Position | undefined
  #bytes = 0

  constructor(after: Position | undefined, limits: PageLimits) {
    this.#after = after
    this.#limits = limits
  }

  /** Entries taken so far. */
  get count(): number {
    return this.#entries.length
  }

  /** UTF-16 code units taken so far. */
  get bytes(): number {
    return this.#bytes
  }

  /**
   * Takes what fits of a segment.
   *
   * @param sizeAt the size of the entry at an index, which may cost less than the entry
   * @param entryAt the entry at an index; `undefined` where it is damaged, which is passed over
   * @returns false when the page is full: there was an entry behind its last one
   */
  take(
    { priority, key }: { readonly priority: Position['priority']; readonly key: number },
    marks: Marks | undefined,
    sizeAt: (index: number) => number,
    entryAt: (index: number) => LiveEntry | undefined,
  ): boolean {
    const count = countOf(key)
    for (let index = indexAfter(this.#after, key); index < count; index += 1) {
      if (!isMarked(marks, index)) {
        const size = sizeAt(index)
        const isFull = this.#entries.length >= this.#limits.entriesMax || this.#bytes + size > this.#limits.bytesMax
        if (isFull && this.#entries.length > 0) return false
        const entry = entryAt(index)
        if (entry !== undefined) {
          this.#entries.push(entry)
          this.#bytes += size
        }
      }
      this.#last = { priority, segment: key, index }
    }
    return true
  }

  /** Passes over a segment that is damaged as a whole. */
  skip({ priority, key }: { readonly priority: Position['priority']; readonly key: number }): void {
    this.#last = { priority, segment: key, index: countOf(key) - 1 }
  }

  /** The page. `isEnd` says whether the log was read to its end. */
  page(isEnd: boolean): LogPage {
    return { entries: this.#entries, last: this.#last, isEnd }
  }
}
