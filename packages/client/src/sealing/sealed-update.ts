/**
 * Updates of a sealed store. Sealing is asynchronous, and an IndexedDB transaction ends while one waits for anything
 * else; an update judges inside its transaction all the same:
 *
 *   foresee: what becomes of the entries as the caller knows them? ── all of that is sealed
 *   run: every change finds what it needs at hand ─────────────────── done
 *    └── one does not, because an entry has moved on: undone, nothing is written
 *         look: find in a transaction what the entries are, open them, foresee again ──▶ run
 */
import { SyncError, type Operation } from '@holdfast/core'
import {
  idOf,
  isLive,
  type EntryChange,
  type Store,
  type StoredEntry,
  type UpdateOptions,
  type UpdateReport,
  type UpdateRequest,
} from '../store/store.ts'
import { ExchangeDesk, NotAtHandError } from './exchange-desk.ts'
import { isSealed, openEntry, sealAttempt, sealState, UnreadableError, type Exchange } from './sealed-forms.ts'
import type { Seal } from './cipher.ts'
import { confirmKeys } from './confirmed-keys.ts'
import type { Sealing } from './sealing.ts'

/** How often an update looks anew: each time, somebody else has changed an entry in between. */
const looksMax = 20

/** Changes entries of a sealed store; see `Store.update`. What cannot be opened stays unchanged, and is reported so. */
export async function updateSealed(
  store: Store,
  sealing: Sealing,
  requests: readonly UpdateRequest[],
  options: UpdateOptions,
): Promise<readonly UpdateReport[]> {
  const update = new SealedUpdate(sealing, requests)
  const told = await update.prepare()
  for (let looks = 0; looks < looksMax; looks += 1) {
    try {
      const reports = await store.update(told, options)
      await update.confirm()
      return await Promise.all(reports.map((report, nth) => update.reportOf(report, nth)))
    } catch (error) {
      if (!(error instanceof NotAtHandError)) throw error
    }
    await update.look((looking) => store.update(looking, { ...options, durability: 'relaxed' }))
  }
  throw new SyncError(
    'storage',
    'The entries were changed by others again and again; nothing was changed here. Try again.',
  )
}

/** One update on its way through the store below. */
class SealedUpdate {
  readonly #sealing: Sealing
  readonly #requests: readonly UpdateRequest[]
  readonly #opening: ExchangeDesk
  readonly #closing: ExchangeDesk
  readonly #seal: Seal
  /** Each entry as the store below is told of it: as the caller knows it, with the operation in its sealed form. */
  #known: readonly StoredEntry[] = []

  constructor(sealing: Sealing, requests: readonly UpdateRequest[]) {
    this.#sealing = sealing
    this.#requests = requests
    this.#opening = sealing.openingDesk()
    this.#seal = sealing.cipher.begin()
    this.#closing = new ExchangeDesk(async (part, id, plain) => {
      const sealed = await this.#seal.seal(part, id, plain)
      // A later request of this update may meet what an earlier one has made of the same entry.
      this.#opening.lay(part, id, sealed, plain)
      return sealed
    })
  }

  /** The requests as the store below gets them. */
  async prepare(): Promise<readonly UpdateRequest[]> {
    this.#known = await Promise.all(
      this.#requests.map(async ({ entry }) =>
        isLive(entry) ? { ...entry, operation: await this.#closing.work(() => this.#formOf(entry.operation)) } : entry,
      ),
    )
    await Promise.all(this.#requests.map((request, nth) => this.#foresee(request, nth, this.#entryAt(nth))))
    return this.#requests.map((request, nth) => ({
      entry: this.#entryAt(nth),
      change: (current) => this.#change(request, nth, current),
    }))
  }

  /** Finds out what the entries have become, and foresees anew. */
  async look(update: (looking: readonly UpdateRequest[]) => Promise<unknown>): Promise<void> {
    await Promise.all([this.#opening.fetch(), this.#closing.fetch()])
    const seen: (() => Promise<void>)[] = []
    await update(
      this.#requests.map((request, nth) => ({
        entry: this.#entryAt(nth),
        change: (current) => {
          seen.push(() => this.#foresee(request, nth, current))
          return undefined
        },
      })),
    )
    await Promise.all(seen.map((foresee) => foresee()))
  }

  confirm(): Promise<void> {
    return confirmKeys(this.#seal)
  }

  async reportOf({ entry, isChanged, replacement }: UpdateReport, nth: number): Promise<UpdateReport> {
    const asked = this.#requests[nth]?.entry
    if (asked !== undefined && entry === this.#known[nth]) return { entry: asked, isChanged }
    // What cannot be opened was not changed either.
    const opened = (await this.#sealing.opened(entry)) ?? asked ?? entry
    const place = replacement === undefined ? undefined : await this.#sealing.openedLive(replacement)
    return { entry: opened, isChanged, ...(place !== undefined && { replacement: place }) }
  }

  #entryAt(nth: number): StoredEntry {
    const entry = this.#known[nth]
    if (entry === undefined) throw new RangeError('every request has an entry')
    return entry
  }

  /** Inside a transaction: nothing here waits. */
  #change(request: UpdateRequest, nth: number, current: StoredEntry): EntryChange | undefined {
    let plain: StoredEntry
    try {
      plain = this.#plainOf(request, nth, current)
    } catch (error) {
      if (!(error instanceof UnreadableError)) throw error
      this.#sealing.noteUnreadable(current)
      return undefined
    }
    return this.#sealedChange(request, plain, current)
  }

  /** Has everything exchanged that a change of this entry will ask for. */
  async #foresee(request: UpdateRequest, nth: number, current: StoredEntry): Promise<void> {
    try {
      const plain = await this.#opening.work(() => this.#plainOf(request, nth, current))
      await this.#closing.work(() => this.#sealedChange(request, plain, current))
    } catch {
      // What cannot be opened, and what a change throws, is the transaction's to hear: the entry may have moved on.
    }
  }

  #plainOf({ entry }: UpdateRequest, nth: number, current: StoredEntry): StoredEntry {
    return current === this.#known[nth] ? entry : openEntry(current, this.#opening.exchange)
  }

  #sealedChange({ change }: UpdateRequest, plain: StoredEntry, current: StoredEntry): EntryChange | undefined {
    const next = change(plain)
    if (next === undefined) return undefined
    // What was written in the other form is rewritten when it is touched.
    const isOtherForm = isLive(current) && isSealed(current.operation) !== this.#sealing.isWriting
    const form = isOtherForm && isLive(plain) ? { form: this.#formOf(plain.operation) } : {}
    if (!this.#sealing.isWriting) return { ...next, ...form }
    const { exchange } = this.#closing
    const { state, attempt, replacement } = next
    const id = idOf(current)
    return {
      ...next,
      ...form,
      state: sealState(state, id, exchange),
      ...(attempt !== undefined && { attempt: sealAttempt(attempt, id, exchange) }),
      ...(replacement !== undefined && { replacement: this.#sealedReplacement(replacement, exchange) }),
    }
  }

  #sealedReplacement(
    { operation, state, ...more }: NonNullable<EntryChange['replacement']>,
    exchange: Exchange,
  ): NonNullable<EntryChange['replacement']> {
    return { ...more, operation: this.#formOf(operation), state: sealState(state, operation.id, exchange) }
  }

  #formOf(operation: Operation): Operation {
    return this.#sealing.formOf(operation, this.#closing.exchange)
  }
}
