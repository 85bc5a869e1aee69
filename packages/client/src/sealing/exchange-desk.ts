/**
 * The desk where texts are exchanged: asked inside a transaction it answers at once or not at all, and what it could not
 * answer is fetched outside. So work that must not wait for anything can be tried, undone, and tried again.
 */
import type { OperationId } from '@holdfast/core'
import type { SealedPart } from './cipher.ts'
import { UnreadableError, type Exchange } from './sealed-forms.ts'

/** Thrown where a text is not at hand yet. */
export class NotAtHandError extends Error {
  override readonly name = 'NotAtHandError'
}

interface Asked {
  readonly part: SealedPart
  readonly id: OperationId
  readonly text: string
}

/** A desk for one piece of work. */
export class ExchangeDesk {
  readonly #convert: (part: SealedPart, id: OperationId, text: string) => Promise<string | undefined>
  readonly #atHand = new Map<string, string | undefined>()
  #missing: Asked[] = []

  /** @param convert gives `undefined` for what cannot be exchanged */
  constructor(convert: (part: SealedPart, id: OperationId, text: string) => Promise<string | undefined>) {
    this.#convert = convert
  }

  /**
   * Gives what a text is exchanged for.
   *
   * @throws NotAtHandError when it has to be fetched first; UnreadableError when it cannot be exchanged at all
   */
  readonly exchange: Exchange = (part, id, text) => {
    const name = nameOf({ part, id, text })
    const found = this.#atHand.get(name)
    if (found !== undefined) return found
    if (this.#atHand.has(name)) throw new UnreadableError('the key is missing, or the text was changed')
    this.#missing.push({ part, id, text })
    throw new NotAtHandError('the text has to be exchanged outside')
  }

  /** Lays down what a text is exchanged for. */
  lay(part: SealedPart, id: OperationId, text: string, found: string): void {
    this.#atHand.set(nameOf({ part, id, text }), found)
  }

  /** Fetches everything that was asked for in vain. */
  async fetch(): Promise<void> {
    const missing = this.#missing
    this.#missing = []
    await Promise.all(
      missing.map(async (asked) => {
        this.#atHand.set(nameOf(asked), await this.#convert(asked.part, asked.id, asked.text))
      }),
    )
  }

  /** Repeats work until everything that it asks for is at hand. */
  async work<Result>(work: () => Result): Promise<Result> {
    for (;;) {
      try {
        return work()
      } catch (error) {
        if (!(error instanceof NotAtHandError)) throw error
      }
      await this.fetch()
    }
  }
}

function nameOf({ part, id, text }: Asked): string {
  return `${part}/${id}/${text}`
}
