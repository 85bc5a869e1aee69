/** The Web Locks of one device: a queue per name, stealing, and release by death. */
import type { HeldLock } from '@holdfast/client'
import type { SimContext } from './sim-context.ts'

interface Holder {
  readonly context: SimContext
  readonly lost: AbortController
}

interface Waiter {
  readonly context: SimContext
  readonly grant: (holder: Holder) => void
}

/** Hears of what happens to locks. */
export interface LockHost {
  readonly onSteal: () => void
  /** A context that stood in the queue has got the lock of another one. */
  readonly onHandover: (context: SimContext) => void
}

/** Locks shared by all contexts of a device, granted in the order of asking. */
export class SimLocks {
  /** With `grantsAll` everybody holds every lock at once: no promise may rest on them. */
  readonly #grantsAll: boolean
  readonly #host: LockHost
  readonly #holders = new Map<string, Holder>()
  readonly #queues = new Map<string, Waiter[]>()

  constructor(grantsAll: boolean, host: LockHost) {
    this.#grantsAll = grantsAll
    this.#host = host
  }

  acquire(
    context: SimContext,
    name: string,
    { signal, steal = false }: { readonly signal: AbortSignal; readonly steal?: boolean },
  ): Promise<HeldLock> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(new Error('aborted'))
        return
      }
      const grant = (holder: Holder): void => {
        resolve({
          lost: holder.lost.signal,
          release: () => {
            this.#release(name, holder)
          },
        })
      }
      if (this.#grantsAll) {
        grant({ context, lost: new AbortController() })
        return
      }
      if (steal) this.#steal(name)
      if (!this.#holders.has(name)) {
        this.#give(name, { context, grant })
        return
      }
      const waiter: Waiter = { context, grant }
      const queue = this.#queues.get(name) ?? []
      queue.push(waiter)
      this.#queues.set(name, queue)
      signal.addEventListener('abort', () => {
        const index = queue.indexOf(waiter)
        if (index < 0) return
        queue.splice(index, 1)
        reject(new Error('aborted'))
      })
    })
  }

  /** Takes every lock from a holder without asking, as a browser in trouble may; true when somebody held one. */
  takeAway(): boolean {
    const [name] = this.#holders.keys()
    if (name === undefined) return false
    this.#steal(name)
    this.#next(name)
    return true
  }

  /** A context has died: its locks are free, and it waits for none. */
  forget(context: SimContext): void {
    for (const queue of this.#queues.values()) {
      for (let index = queue.length - 1; index >= 0; index -= 1) {
        if (queue[index]?.context === context) queue.splice(index, 1)
      }
    }
    for (const [name, holder] of this.#holders) if (holder.context === context) this.#release(name, holder)
  }

  #steal(name: string): void {
    const holder = this.#holders.get(name)
    if (holder === undefined) return
    this.#host.onSteal()
    this.#holders.delete(name)
    holder.context.deliver(() => {
      holder.lost.abort()
    })
  }

  #release(name: string, holder: Holder): void {
    if (this.#holders.get(name) !== holder) return
    this.#holders.delete(name)
    this.#next(name)
  }

  #next(name: string): void {
    const waiter = this.#queues.get(name)?.shift()
    if (waiter === undefined) return
    this.#give(name, waiter)
    this.#host.onHandover(waiter.context)
  }

  #give(name: string, { context, grant }: Waiter): void {
    const holder: Holder = { context, lost: new AbortController() }
    this.#holders.set(name, holder)
    context.deliver(() => {
      grant(holder)
    })
  }
}
