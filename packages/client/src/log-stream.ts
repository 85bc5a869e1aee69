/** A stream: the queued entries of one priority that the window holds, in log order, and how far the log has been read. */
import { batchBytesMax, type OperationId } from '@holdfast/core'
import type { LiveEntry, LogPage, Position } from './store/store.ts'
import { isBefore, windowEntry, type WindowEntry } from './window-entry.ts'

/** Entries below which a stream wants more: a full request. */
const fullAt = 100
/** Their size at which it wants no more either (UTF-16 code units): two full requests. */
const fullAtSize: number = 2 * batchBytesMax

/** The queued entries of one priority that the window holds. */
export class LogStream {
  #entries: WindowEntry[] = []
  /** Entries in front that have left: most leave in front, and moving the others up each time would cost more. */
  #left = 0
  #size = 0
  #cursor: Position | undefined
  #isEnd = false

  get length(): number {
    return this.#entries.length - this.#left
  }

  /** The last position that was read. */
  get cursor(): Position | undefined {
    return this.#cursor
  }

  /** True when the log has been read to its end. */
  get isEnd(): boolean {
    return this.#isEnd
  }

  /** True when the log has been read up to this segment, all of it included. */
  hasRead(segment: number): boolean {
    return this.#isEnd || segment === 0 || (this.#cursor !== undefined && this.#cursor.segment > segment)
  }

  /** True when there is more to read, and room for it. */
  get wantsMore(): boolean {
    return !this.#isEnd && this.length < fullAt && this.#size < fullAtSize
  }

  /** The first entries, all of them without a limit. */
  entries(most: number = this.length): readonly WindowEntry[] {
    return this.#entries.slice(this.#left, this.#left + most)
  }

  get first(): WindowEntry | undefined {
    return this.#entries[this.#left]
  }

  /** Takes in a page that was read from the cursor on, but for what is to be left out. */
  take(page: LogPage, isLeftOut: (entry: LiveEntry) => boolean): readonly WindowEntry[] {
    this.#cursor = page.last ?? this.#cursor
    this.#isEnd = page.isEnd
    const taken = page.entries.filter((entry) => !isLeftOut(entry)).map(windowEntry)
    this.#set([...this.entries(), ...taken])
    return taken
  }

  /** Something was appended: what was the end may not be it any more. */
  noteGrowth(): void {
    this.#isEnd = false
  }

  /** Lets entries go; gives how many of them were here. */
  drop(gone: ReadonlySet<OperationId>): number {
    const before = this.length
    for (let first = this.first; first !== undefined && gone.has(first.id); first = this.first) {
      this.#left += 1
      this.#size -= first.size
    }
    const dropped = before - this.length
    if (dropped < gone.size) this.keep(({ id }) => !gone.has(id))
    return before - this.length
  }

  /** Lets all entries go but those of which this is true. */
  keep(isKept: (entry: WindowEntry) => boolean): void {
    if (this.length > 0) this.#set(this.entries().filter(isKept))
  }

  /** Empties the stream and reads on from right before a position, or from the start. */
  restart(before?: Position): void {
    this.#set([])
    this.#cursor = before
    this.#isEnd = false
  }

  /** Goes back to a position that has been passed, and to nothing later than what is here. */
  goBackTo(position: Position): void {
    const earliest = this.first
    const at =
      earliest !== undefined && isBefore(earliest.stored.position, position) ? earliest.stored.position : position
    // The place right before it: indexes start at 0.
    const start = { ...at, index: at.index - 1 }
    // Nothing of this stream has been read yet, or not as far: reading on will come past it.
    if (this.#cursor !== undefined && !isBefore(this.#cursor, start)) this.restart(start)
  }

  #set(entries: WindowEntry[]): void {
    this.#entries = entries
    this.#left = 0
    this.#size = 0
    for (const { size } of entries) this.#size += size
  }
}
