/** What a page measures of Holdfast and of bare IndexedDB. Called from outside by name; every figure is in ms. */
import { answerMediaType, type RawAnswer } from '@holdfast/core'
import { openOutbox, type Outbox, type Transport } from '@holdfast/client'
import { noteOf, noteOperation, type Note } from './note.ts'
import type { OperationDefinition } from '@holdfast/core'

const opened: Outbox[] = []

/** A server that applies everything, after `delayMs` or at once. */
function applyingTransport(delayMs: number): Transport {
  return {
    send: async ({ operations }): Promise<RawAnswer> => {
      if (delayMs > 0) await preciseDelay(delayMs)
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
    probe: () => Promise.resolve({ kind: 'green', session: { tenant: 't', user: 'u' } }),
  }
}

/** Waits this long and not the 4 ms more that nested timers are clamped to: a sender of its own pace. */
function preciseDelay(delayMs: number): Promise<void> {
  const untilMs = performance.now() + delayMs
  return new Promise((resolve) => {
    const channel = new MessageChannel()
    channel.port1.onmessage = () => {
      if (performance.now() >= untilMs) {
        channel.port1.close()
        resolve()
      } else channel.port2.postMessage(0)
    }
    channel.port2.postMessage(0)
  })
}

async function open(options: {
  readonly isManual: boolean
  readonly delayMs: number
  readonly max: number
}): Promise<{ readonly outbox: Outbox; readonly note: OperationDefinition<Note> }> {
  const note = noteOperation(options.max)
  const outbox = await openOutbox({
    name: `bench-${crypto.randomUUID()}`,
    operations: [note],
    session: { tenant: 't', user: 'u' },
    transport: applyingTransport(options.delayMs),
    mode: options.isManual ? 'manual' : 'automatic',
  })
  opened.push(outbox)
  return { outbox, note }
}

const benches = {
  /** The time of each of `count` enqueues, one after another, nothing being sent. */
  enqueue: async (count: number): Promise<number[]> => {
    const { outbox, note } = await open({ isManual: true, delayMs: 0, max: 100 })
    const times: number[] = []
    for (let index = 0; index < count; index += 1) {
      const startMs = performance.now()
      await outbox.enqueue(note, noteOf(index))
      times.push(performance.now() - startMs)
    }
    return times
  },

  /** The time until `count` enqueues that were called at once are all stored. */
  burst: async (count: number): Promise<number> => {
    const { outbox, note } = await open({ isManual: true, delayMs: 0, max: 100 })
    const startMs = performance.now()
    await Promise.all(Array.from({ length: count }, (_, index) => outbox.enqueue(note, noteOf(index))))
    return performance.now() - startMs
  },

  /** The time until `count` stored entries are applied, with a sender of `delayMs` and batches of `max`. */
  drain: async (count: number, delayMs: number, max: number): Promise<number> => {
    const { outbox, note } = await open({ isManual: true, delayMs, max })
    await Promise.all(Array.from({ length: count }, (_, index) => outbox.enqueue(note, noteOf(index))))
    const startMs = performance.now()
    const report = await outbox.drain()
    const tookMs = performance.now() - startMs
    const synced = report['note.add']?.synced.length ?? 0
    if (synced !== count) throw new Error(`expected ${count} entries to be applied, got ${synced}`)
    return tookMs
  },

  /** The time of each of `count` strict puts of the same data into a bare object store. */
  rawPut: async (count: number): Promise<number[]> => {
    const database = await openRaw()
    const times: number[] = []
    for (let index = 0; index < count; index += 1) {
      const startMs = performance.now()
      await put(database, [index])
      times.push(performance.now() - startMs)
    }
    database.close()
    return times
  },

  /** The time for `count` strict puts of one record each, asked for at once. */
  rawBurst: async (count: number): Promise<number> => {
    const database = await openRaw()
    const startMs = performance.now()
    await Promise.all(Array.from({ length: count }, (_, index) => put(database, [index])))
    const tookMs = performance.now() - startMs
    database.close()
    return tookMs
  },

  /** The time for `count` records in a single strict transaction: nothing that keeps a record per entry is faster. */
  rawSingle: async (count: number): Promise<number> => {
    const database = await openRaw()
    const startMs = performance.now()
    await put(
      database,
      Array.from({ length: count }, (_, index) => index),
    )
    const tookMs = performance.now() - startMs
    database.close()
    return tookMs
  },

  close: async (): Promise<void> => {
    for (const outbox of opened.splice(0)) await outbox.close()
  },
}

/** The names under which a bench can be called from outside. */
export type PageBenches = typeof benches

Object.assign(globalThis, { benches })

function openRaw(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(`raw-${crypto.randomUUID()}`, 1)
    request.onupgradeneeded = () => void request.result.createObjectStore('records', { autoIncrement: true })
    request.onsuccess = () => {
      resolve(request.result)
    }
    request.onerror = () => {
      reject(request.error ?? new Error('open'))
    }
  })
}

function put(database: IDBDatabase, indexes: readonly number[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const transaction = database.transaction('records', 'readwrite', { durability: 'strict' })
    const store = transaction.objectStore('records')
    for (const index of indexes) {
      const payload = noteOf(index)
      const lane = `note:${index}`
      store.put(
        JSON.stringify({
          id: crypto.randomUUID(),
          type: 'note.add',
          version: 1,
          lane,
          payload,
          createdAtMs: Date.now(),
        }),
      )
    }
    transaction.oncomplete = () => {
      resolve()
    }
    transaction.onabort = () => {
      reject(transaction.error ?? new Error('aborted'))
    }
  })
}
