/**
 * Simulated time: a heap of events and one loop that runs them in order.
 *
 * Between two events every microtask runs, so that what the engine does without waiting for the world is one step, as
 * it is in a browser's task. A turn of `setImmediate` drains them all and costs about a microsecond; only the order of
 * events and of microtasks decides what happens, never real time.
 */

interface SimEvent {
  readonly atMs: number
  /** Events of one instant run in the order in which they were planned. */
  readonly order: number
  /** Returns false when it did nothing that could have woken anybody. */
  run: (() => boolean | void) | undefined
}

/** Simulated time, for all devices and the server. */
export class SimClock {
  /** True time, ms since 1970. Devices have clocks of their own, which differ. */
  nowMs: number = Date.UTC(2026, 0, 5)
  /** Events that have run. */
  eventCount = 0
  readonly #heap: SimEvent[] = []
  #order = 0

  /** Runs `run` after `delayMs`; returns a function that cancels. */
  after(delayMs: number, run: () => boolean | void): () => void {
    this.#order += 1
    const event: SimEvent = { atMs: this.nowMs + Math.max(0, delayMs), order: this.#order, run }
    this.#push(event)
    return () => {
      event.run = undefined
    }
  }

  /** Runs events until `untilMs`, or until `isDone` says so after one of them. */
  async run(untilMs: number, isDone: () => boolean = () => false): Promise<void> {
    await turn()
    for (;;) {
      const next = this.#heap[0]
      if (next === undefined || next.atMs > untilMs) break
      this.#pop()
      const { run } = next
      if (run === undefined) continue
      this.nowMs = next.atMs
      this.eventCount += 1
      if (run() === false) continue
      await turn()
      if (isDone()) return
    }
    this.nowMs = Math.max(this.nowMs, untilMs)
  }

  #push(event: SimEvent): void {
    const heap = this.#heap
    let index = heap.length
    heap.push(event)
    while (index > 0) {
      const parentIndex = (index - 1) >> 1
      const parent = heap[parentIndex]
      if (parent === undefined || isEarlier(parent, event)) break
      heap[index] = parent
      index = parentIndex
    }
    heap[index] = event
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let index = 0
    for (;;) {
      let childIndex = 2 * index + 1
      let child = heap[childIndex]
      const right = heap[childIndex + 1]
      if (child !== undefined && right !== undefined && isEarlier(right, child)) {
        child = right
        childIndex += 1
      }
      if (child === undefined || isEarlier(last, child)) break
      heap[index] = child
      index = childIndex
    }
    heap[index] = last
  }
}

function isEarlier(left: SimEvent, right: SimEvent): boolean {
  return left.atMs !== right.atMs ? left.atMs < right.atMs : left.order < right.order
}

/** Lets every microtask run. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
