/**
 * The held entries of the window: from where on they block their lanes, and which of them stand first in their lanes and
 * wait for their retry. Both are kept up to date entry by entry, because every request asks for them and there may be
 * thousands.
 */
import type { OperationId } from '@holdfast/core'
import type { LiveEntry, Position } from './store/store.ts'
import { standsInLine } from './in-line.ts'
import { isBefore, windowEntry, type WaitingEntry, type WindowEntry } from './window-entry.ts'

/** The held entries of the window. */
export class HeldEntries {
  readonly #entries = new Map<OperationId, WindowEntry>()
  /** Those that block their lane, by lane, in the order of their places. */
  readonly #blocking = new Map<string, WindowEntry[]>()
  readonly #blockedLanes = new Set<string>()
  readonly #inLine = new Map<OperationId, LiveEntry>()
  /** Oldest first; of the same age, in the order of their ids. */
  #waiting: WaitingEntry[] = []

  /** Those that wait for their retry and stand first in their lanes, and all news of discards; oldest first. */
  get waiting(): readonly WaitingEntry[] {
    return this.#waiting
  }

  /** Lanes that a held entry blocks. */
  get blockedLanes(): ReadonlySet<string> {
    return this.#blockedLanes
  }

  /**
   * True for a place before the held entry that blocks a lane. A discard takes the place of what it takes back, in the
   * middle of its lane, and should it fail there, what stands before it must not wait for a person.
   */
  isAhead(lane: string, position: Position): boolean {
    const head = this.#blocking.get(lane)?.[0]
    return head !== undefined && isBefore(position, head.stored.position)
  }

  /** Those that stand in line: they block nothing, and go when they are read with the log. */
  get inLine(): readonly LiveEntry[] {
    return [...this.#inLine.values()]
  }

  /** The held entry with an id. */
  get(id: OperationId): LiveEntry | undefined {
    return this.#entries.get(id)?.stored
  }

  /** Takes an entry in, or takes over what it has become. */
  put(stored: LiveEntry): WindowEntry {
    const entry = windowEntry(stored)
    this.delete(entry.id)
    this.#entries.set(entry.id, entry)
    if (standsInLine(stored)) {
      this.#inLine.set(entry.id, stored)
      return entry
    }
    // A lane that passes over its dead letters is not blocked by them, nor by its conflicts.
    if (stored.state.kind !== 'waiting' && stored.onDead === 'skip') return entry
    const lane = this.#blocking.get(entry.lane)
    if (lane === undefined) {
      this.#blocking.set(entry.lane, [entry])
      this.#blockedLanes.add(entry.lane)
      this.#await(entry)
      return entry
    }
    const [head] = lane
    const place = lane.findIndex((other) => isBefore(stored.position, other.stored.position))
    lane.splice(place < 0 ? lane.length : place, 0, entry)
    if (place === 0 && head !== undefined && !isNews(head)) this.#forget(head)
    if (place === 0 || isNews(entry)) this.#await(entry)
    return entry
  }

  /** Lets an entry go; false when it was not here. */
  delete(id: OperationId): boolean {
    const entry = this.#entries.get(id)
    if (entry === undefined) return false
    this.#entries.delete(id)
    this.#inLine.delete(id)
    const lane = this.#blocking.get(entry.lane)
    const place = lane?.indexOf(entry) ?? -1
    if (lane === undefined || place < 0) return true
    lane.splice(place, 1)
    this.#forget(entry)
    if (place > 0) return true
    const [head] = lane
    if (head !== undefined) this.#await(head)
    else {
      this.#blocking.delete(entry.lane)
      this.#blockedLanes.delete(entry.lane)
    }
    return true
  }

  /** Lets all of them go. */
  clear(): void {
    this.#entries.clear()
    this.#inLine.clear()
    this.#blocking.clear()
    this.#blockedLanes.clear()
    this.#waiting = []
  }

  #await(head: WindowEntry): void {
    const { state } = head.stored
    if (state.kind !== 'waiting') return
    const { notBeforeMs, delayMs, isAsked } = state
    const place = this.#placeOf(head)
    if (this.#waiting[place]?.id === head.id) return
    this.#waiting.splice(place, 0, { ...head, notBeforeMs, delayMs, isAsked })
  }

  #forget(head: WindowEntry): void {
    const place = this.#placeOf(head)
    if (this.#waiting[place]?.id === head.id) this.#waiting.splice(place, 1)
  }

  /** Where an entry stands among those that wait, or would stand. */
  #placeOf({ createdAtMs, id }: WindowEntry): number {
    let [low, high] = [0, this.#waiting.length]
    while (low < high) {
      const middle = (low + high) >> 1
      const other = this.#waiting[middle]
      if (other === undefined) break
      const isEarlier = other.createdAtMs === createdAtMs ? other.id < id : other.createdAtMs < createdAtMs
      if (isEarlier) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** True for the news of a discard: it changes nothing for what stands before it, and need not wait for that. */
function isNews({ stored }: WindowEntry): boolean {
  return stored.operation.cancel !== undefined
}
