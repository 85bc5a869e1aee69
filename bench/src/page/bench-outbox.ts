/** Outboxes for the page: with a sender that applies everything, opened for one piece of work. */
import { answerMediaType, type OperationDefinition, type RawAnswer } from '@holdfast/core'
import { openOutbox, type Outbox, type Transport } from '@holdfast/client'
import { noteOperation, notesOf, type Note } from './note.ts'
import { waitExactly } from './sender.ts'

/** Entries that are stored and sent before a burst or a drain is measured, on both sides. */
const drainWarmUps = 200

/** An outbox that is open, and its sender. */
export interface Opened {
  readonly outbox: Outbox
  readonly definition: OperationDefinition<Note>
  readonly sender: { readonly tookMs: number }
}

/** Opens an outbox that sends when it is told to, and closes it afterwards. */
export async function withOutbox<Result>(
  options: { readonly name?: string; readonly delayMs: number; readonly batchMax: number; readonly isWarm?: boolean },
  work: (opened: Opened) => Promise<Result>,
): Promise<Result> {
  const { name = applicationName(), delayMs, batchMax, isWarm = false } = options
  const definition = noteOperation(batchMax)
  const sender = { tookMs: 0 }
  const outbox = await openOutbox({
    name,
    operations: [definition],
    session: { tenant: 'bench', user: 'bench' },
    transport: applyingTransport(delayMs, sender),
    mode: 'manual',
  })
  try {
    if (isWarm) {
      await Promise.all(notesOf(drainWarmUps).map((note) => outbox.enqueue(definition, note)))
      await outbox.drain()
      sender.tookMs = 0
    }
    return await work({ outbox, definition, sender })
  } finally {
    await outbox.close()
  }
}

/** A name that nothing has used before. */
export function applicationName(): string {
  return `bench-${crypto.randomUUID()}`
}

/** A server that applies everything it gets, after `delayMs`. */
export function applyingTransport(delayMs: number, sender: { tookMs: number }): Transport {
  return {
    send: async ({ operations }): Promise<RawAnswer> => {
      const startMs = performance.now()
      await waitExactly(delayMs)
      sender.tookMs += performance.now() - startMs
      return {
        kind: 'http',
        status: 200,
        redirected: false,
        mediaType: answerMediaType,
        retryAfter: undefined,
        date: undefined,
        body: { outcomes: operations.map(({ id }) => ({ id, outcome: 'applied', version: 1 })) },
      }
    },
    probe: () => Promise.resolve({ kind: 'green', session: { tenant: 'bench', user: 'bench' } }),
  }
}
