/**
 * A card processor that charges nobody, for trying things out and for tests. As test processors do, it takes the last two
 * digits of the amount for a wish: 51 is declined, 52 is charged while the answer is lost the first time, 53 cannot be
 * reached the first time, 54 never answers; any other amount is approved.
 */
import type { CardProcessor, ChargeAnswer, ChargeRequest } from './processor.ts'

/** The simulator, and what it did. */
export interface SimulatedProcessor extends CardProcessor {
  /** How often each key was charged: never more than once. */
  readonly charges: ReadonlyMap<string, number>
  /** How often it was called. */
  readonly calls: () => number
}

/** Makes a processor that remembers what it charged. */
export function simulatedProcessor(): SimulatedProcessor {
  const charges = new Map<string, number>()
  const answers = new Map<string, ChargeAnswer>()
  const tries = new Map<string, number>()
  let calls = 0
  return {
    charges,
    calls: () => calls,
    charge: async (request, signal) => {
      calls += 1
      signal.throwIfAborted()
      const nth = (tries.get(request.key) ?? 0) + 1
      tries.set(request.key, nth)
      const wish = request.amountCents % 100
      if (wish === 53 && nth === 1) throw new Error('The processor cannot be reached.')
      if (wish === 54) return noAnswer(signal)
      const answer = answers.get(request.key) ?? answerTo(request)
      if (!answers.has(request.key)) {
        answers.set(request.key, answer)
        if (answer.kind === 'approved') charges.set(request.key, (charges.get(request.key) ?? 0) + 1)
      }
      if (wish === 52 && nth === 1) throw new Error('The connection broke before the answer came.')
      return answer
    },
  }
}

function answerTo({ key, amountCents }: ChargeRequest): ChargeAnswer {
  const reference = `sim-${key}`
  return amountCents % 100 === 51
    ? { kind: 'declined', reference, reason: 'The bank declined the card.' }
    : { kind: 'approved', reference }
}

function noAnswer(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const stop = (): void => reject(new Error('The processor did not answer in time.'))
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
}
