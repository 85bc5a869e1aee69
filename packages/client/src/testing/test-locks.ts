/** The Web Locks of a test device: granted in the order of asking, stolen on demand, freed when their tab is killed. */
import type { HeldLock, Locks } from '../environment.ts'

interface Claim {
  readonly lost: AbortController
  readonly isAlive: () => boolean
  readonly grant: () => void
}

/** The locks that all tabs of a device share. */
export class TestLocks {
  readonly #held = new Map<string, Claim>()
  readonly #waiting = new Map<string, Claim[]>()

  /** The locks as one tab sees them. */
  forTab(isAlive: () => boolean): Locks {
    return { acquire: (name, options) => this.#acquire(name, isAlive, options) }
  }

  /** Frees what dead tabs held. */
  releaseDead(): void {
    for (const [name, claim] of this.#held) if (!claim.isAlive()) this.#release(name, claim)
  }

  async #acquire(
    name: string,
    isAlive: () => boolean,
    { signal, steal = false }: { readonly signal: AbortSignal; readonly steal?: boolean },
  ): Promise<HeldLock> {
    signal.throwIfAborted()
    const granted = Promise.withResolvers<HeldLock>()
    const lost = new AbortController()
    const claim: Claim = {
      lost,
      isAlive: () => isAlive() && !signal.aborted,
      grant: () => {
        granted.resolve({
          lost: lost.signal,
          release: () => {
            this.#release(name, claim)
          },
        })
      },
    }
    signal.addEventListener('abort', () => {
      granted.reject(signal.reason)
    })
    const holder = this.#held.get(name)
    if (steal || holder === undefined) {
      this.#give(name, claim)
      holder?.lost.abort()
    } else this.#waiting.set(name, [...(this.#waiting.get(name) ?? []), claim])
    return granted.promise
  }

  #give(name: string, claim: Claim): void {
    // From here on an abort of the asking means nothing: the lock is held until it is released.
    this.#held.set(name, claim)
    claim.grant()
  }

  #release(name: string, claim: Claim): void {
    if (this.#held.get(name) !== claim) return
    this.#held.delete(name)
    const waiting = this.#waiting.get(name) ?? []
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      if (!next.isAlive()) continue
      this.#give(name, next)
      return
    }
  }
}
