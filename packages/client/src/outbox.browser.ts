/** An outbox for a page of its own, with a server in the same page: for tests of what a real browser does to storage. */
import { defineLane, defineOperation, type Schema } from '@holdfast/core'
import { memoryFallback } from './memory-fallback.ts'
import { openOutbox } from './open-outbox.ts'
import type { Outbox } from './outbox.ts'
import { codeOf } from './store/raw-database.fixture.ts'
import { FakeServer } from './world.fixture.ts'

const text: Schema<string> = {
  '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value: String(value) }) },
}
const lane = defineLane('note')
const addNote = defineOperation({
  type: 'note.add',
  version: 1,
  payload: text,
  lane: (note: string) => lane(note.slice(0, 8)),
})

/** A page with an outbox. */
export class OutboxPage {
  readonly server: FakeServer = new FakeServer()
  /** The ids that were acknowledged, in order. */
  readonly acknowledged: string[] = []
  readonly #outbox: Outbox

  private constructor(outbox: Outbox, server: FakeServer) {
    this.#outbox = outbox
    this.server = server
  }

  /** Opens the outbox; sends nothing before {@link drain}. */
  static async open(name: string, options: { readonly withMemory?: boolean } = {}): Promise<OutboxPage> {
    const server = new FakeServer()
    const outbox = await openOutbox({
      name,
      operations: [addNote],
      session: { tenant: 'north', user: 'ana' },
      transport: server.transport(),
      mode: 'manual',
      ...(options.withMemory === true && { fallback: memoryFallback() }),
    })
    return new OutboxPage(outbox, server)
  }

  /** Stores entries of random text (which no browser can pack) until one is refused; gives the refusal's code. */
  async fill(entriesMax: number): Promise<string> {
    for (let nth = 0; nth < entriesMax; nth += 1) {
      const code = await codeOf(this.add(150_000))
      if (code !== 'none') return code
    }
    return 'none'
  }

  /** Stores one entry. */
  async add(size: number): Promise<void> {
    const { id } = await this.#outbox.enqueue(addNote, randomText(size))
    this.acknowledged.push(id)
  }

  /** The code with which a small entry is refused; `none` when it is stored. */
  tryToAdd(): Promise<string> {
    return codeOf(this.add(10))
  }

  /** The ids of all live entries. */
  async live(): Promise<readonly string[]> {
    const entries = await this.#outbox.entries({ limit: 500 })
    return entries.map(({ id }) => id)
  }

  /** Sends what there is; gives how many were sent, counting every send. */
  async drain(): Promise<{ readonly sent: number; readonly applied: number; readonly remaining: number | undefined }> {
    const report = (await this.#outbox.drain())['note.add']
    const sent = this.server.requests.reduce((sum, { operations }) => sum + operations.length, 0)
    return { sent, applied: this.server.effects.length, remaining: report?.remaining }
  }

  status(): ReturnType<Outbox['status']> {
    return this.#outbox.status()
  }
}

/** What a newer release does when it is opened: takes the database to its version. Rejects when an old tab blocks it. */
export function upgradeDatabase(name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(`holdfast:${name}:north:ana`, 1000)
    request.onblocked = () => reject(new Error('blocked'))
    request.onerror = () => reject(request.error ?? new Error('not opened'))
    request.onsuccess = () => {
      request.result.close()
      resolve()
    }
  })
}

function randomText(length: number): string {
  const bytes = new Uint8Array(length)
  for (let start = 0; start < length; start += 65_536) crypto.getRandomValues(bytes.subarray(start, start + 65_536))
  return Array.from(bytes, (byte) => String.fromCharCode(33 + (byte % 90))).join('')
}
