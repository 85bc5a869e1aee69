/** The broadcast channels of one device: copies, late, and now and then lost. */
import type { Channel } from '@holdfast/client'
import type { Journal } from './journal.ts'
import type { SimContext } from './sim-context.ts'
import type { SimRandom } from './random.ts'

interface Ear {
  readonly context: SimContext
  readonly listener: (message: unknown) => void
}

/** The longest way of a message, ms. */
const delayMaxMs = 20

/** Channels shared by all contexts of a device. */
export class SimChannels {
  /** The share of messages that get lost. */
  loss = 0
  readonly #journal: Journal
  readonly #random: SimRandom
  readonly #ears = new Map<string, Set<Ear>>()

  constructor(journal: Journal, random: SimRandom) {
    this.#journal = journal
    this.#random = random
  }

  open(context: SimContext, name: string, listener: (message: unknown) => void): Channel {
    const ears = this.#ears.get(name) ?? new Set()
    this.#ears.set(name, ears)
    const own: Ear = { context, listener }
    ears.add(own)
    return {
      post: (message) => {
        for (const ear of ears) {
          if (ear === own) continue
          if (this.#random.chance(this.loss)) {
            this.#journal.fault('message-lost')
            continue
          }
          const copy = structuredClone(message)
          ear.context.after(this.#random.between(0, delayMaxMs), () => {
            if (ears.has(ear)) ear.listener(copy)
          })
        }
      },
      close: () => {
        ears.delete(own)
      },
    }
  }

  /** A context has died: it hears nothing more. */
  forget(context: SimContext): void {
    for (const ears of this.#ears.values()) {
      for (const ear of ears) if (ear.context === context) ears.delete(ear)
    }
  }
}
