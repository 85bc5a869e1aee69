/** What a page measures: Holdfast, and bare IndexedDB beside it. Called from outside by name. */
import { applicationName, withOutbox } from './bench-outbox.ts'
import { timed, type Measurement } from './measurement.ts'
import { notesOf, noteType } from './note.ts'
import { measureEach, measurePacked, measureTogether, openRaw, put, textsOf } from './raw-indexeddb.ts'
// Puts its own functions beside these.
import './large.ts'

/** Puts and enqueues that run before the clock does: code is compiled and files are made. */
const warmUps = 20
const benches = {
  /** Ours and the raw put in turns, one at a time, nothing being sent: the time of each, ms. */
  enqueue: async (count: number): Promise<{ readonly oursMs: number[]; readonly rawMs: number[] }> => {
    const oursMs: number[] = []
    const rawMs: number[] = []
    const texts = textsOf(notesOf(count + warmUps))
    const database = await openRaw()
    await withOutbox({ delayMs: 0, batchMax: 100 }, async ({ outbox, definition }) => {
      for (const [index, note] of notesOf(count + warmUps).entries()) {
        const ours = async (): Promise<void> => {
          const startMs = performance.now()
          await outbox.enqueue(definition, note)
          if (index >= warmUps) oursMs.push(performance.now() - startMs)
        }
        const raw = async (): Promise<void> => {
          const startMs = performance.now()
          await put(database, [texts[index] ?? ''])
          if (index >= warmUps) rawMs.push(performance.now() - startMs)
        }
        // Each is the first of its pair as often as the other.
        if (index % 2 === 0) {
          await ours()
          await raw()
        } else {
          await raw()
          await ours()
        }
      }
    })
    database.close()
    return { oursMs, rawMs }
  },

  /** Until `count` enqueues that were called at once are all stored. */
  burst: async (count: number): Promise<Measurement> => {
    const notes = notesOf(count)
    const name = applicationName()
    const tookMs = await withOutbox({ name, delayMs: 0, batchMax: 100, isWarm: true }, ({ outbox, definition }) =>
      timed(() => Promise.all(notes.map((note) => outbox.enqueue(definition, note)))),
    )
    // Opened anew: what the disk says, and not what was hoped.
    const operations = await withOutbox({ name, delayMs: 0, batchMax: 100 }, ({ outbox }) =>
      Promise.resolve(outbox.status().counts.queued),
    )
    return { tookMs, operations }
  },

  /** Until `count` stored entries are applied and that is written. `senderMs` is how much of it the sender took. */
  drain: async (
    count: number,
    delayMs: number,
    batchMax: number,
  ): Promise<Measurement & { readonly senderMs: number }> =>
    withOutbox({ delayMs, batchMax, isWarm: true }, async ({ outbox, definition, sender }) => {
      await Promise.all(notesOf(count).map((note) => outbox.enqueue(definition, note)))
      let operations = 0
      const tookMs = await timed(async () => {
        const report = await outbox.drain()
        operations = report[noteType]?.synced.length ?? 0
      })
      return { tookMs, operations, senderMs: sender.tookMs }
    }),

  rawEach: (count: number): Promise<Measurement> => measureEach(notesOf(count)),
  rawTogether: (count: number): Promise<Measurement> => measureTogether(notesOf(count)),
  rawPacked: (count: number): Promise<Measurement> => measurePacked(notesOf(count)),
}

declare global {
  /** What can be called from outside. */
  var holdfastBenches: typeof benches
}

globalThis.holdfastBenches = benches
