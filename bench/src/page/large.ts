/** What a page measures about long queues: what they cost to open, to keep and to send, and how long a page is blocked. */
import { openOutbox, type DrainReport, type Outbox } from '@holdfast/client'
import { applicationName, applyingTransport, withOutbox } from './bench-outbox.ts'
import { noteOperation, notesOf, noteType } from './note.ts'
import type { Measurement } from './measurement.ts'

const identity = { tenant: 'bench', user: 'bench' }

let kept: Outbox | undefined
let draining: Promise<DrainReport> | undefined

const large = {
  /** Stores entries under a new name; nothing is sent. Gives the name. */
  fill: async (count: number): Promise<string> => {
    const name = applicationName()
    await withOutbox({ name, delayMs: 0, batchMax: 100 }, ({ outbox, definition }) =>
      Promise.all(notesOf(count).map((note) => outbox.enqueue(definition, note))),
    )
    return name
  },

  /** Opens what was filled and keeps it open; sends nothing. Gives how many entries are queued. */
  keep: async (name: string): Promise<number> => {
    const transport = applyingTransport(0, { tookMs: 0 })
    kept = await openOutbox({ name, operations: [noteOperation(100)], session: identity, transport, mode: 'manual' })
    return kept.status().counts.queued
  },

  /** Begins to send what is kept open; {@link large.drained} tells the end. */
  drain: (): void => {
    draining = kept?.drain()
  },

  /** Resolves when everything was sent; gives how much it was. */
  drained: async (): Promise<number> => (await draining)?.[noteType]?.synced.length ?? 0,

  /** From the call that opens what was filled until the first request leaves. `operations` is how many are queued. */
  firstSend: async (name: string): Promise<Measurement> => {
    const { promise: sent, resolve } = Promise.withResolvers<number>()
    const applying = applyingTransport(0, { tookMs: 0 })
    const transport: typeof applying = {
      ...applying,
      send: () => {
        resolve(performance.now())
        // Never answered: what follows is no part of this.
        return new Promise(() => {})
      },
    }
    const startMs = performance.now()
    const outbox = await openOutbox({ name, operations: [noteOperation(100)], session: identity, transport })
    const operations = outbox.status().counts.queued
    return { tookMs: (await sent) - startMs, operations }
  },

  /** The longest time in which the page could do nothing else while entries were stored, called for in one go. */
  blockInBurst: (count: number): Promise<number> => {
    const notes = notesOf(count)
    return withOutbox({ delayMs: 0, batchMax: 100, isWarm: true }, ({ outbox, definition }) =>
      longestBlock(() => Promise.all(notes.map((note) => outbox.enqueue(definition, note)))),
    )
  },

  /** The same while they are sent. */
  blockInDrain: (count: number): Promise<number> =>
    withOutbox({ delayMs: 0, batchMax: 100, isWarm: true }, async ({ outbox, definition }) => {
      await Promise.all(notesOf(count).map((note) => outbox.enqueue(definition, note)))
      return longestBlock(() => outbox.drain())
    }),
}

declare global {
  /** What can be called from outside, about long queues. */
  var holdfastLarge: typeof large
}

globalThis.holdfastLarge = large

/** The longest gap between two turns of the event loop while work is done, ms. */
async function longestBlock(work: () => Promise<unknown>): Promise<number> {
  const { port1, port2 } = new MessageChannel()
  let [lastMs, longestMs] = [performance.now(), 0]
  port1.onmessage = () => {
    const nowMs = performance.now()
    longestMs = Math.max(longestMs, nowMs - lastMs)
    lastMs = nowMs
    port2.postMessage(0)
  }
  port2.postMessage(0)
  await work()
  // A turn more: the last stretch counts too.
  await new Promise((resolve) => setTimeout(resolve))
  port1.close()
  return longestMs
}
