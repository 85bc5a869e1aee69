/**
 * Sealing as the parts of a sealed store share it: the cipher, which form new records get, and the forms of the
 * operations that this handle has met.
 */
import type { Operation } from '@holdfast/core'
import type { FaultListener } from '../store/store-fault.ts'
import { idOf, isLive, type LiveEntry, type SettledEntry, type StoredEntry } from '../store/store.ts'
import type { Cipher } from './cipher.ts'
import { ExchangeDesk } from './exchange-desk.ts'
import { isSealed, openLive, openSettled, sealOperation, UnreadableError, type Exchange } from './sealed-forms.ts'

/** Sealing of one store. */
export class Sealing {
  readonly cipher: Cipher
  /** False when nothing new is sealed; what is sealed is opened all the same. */
  readonly isWriting: boolean
  readonly #onFault: FaultListener
  /** An operation is sealed once: its forms are kept for as long as it lives. */
  readonly #forms = new WeakMap<Operation, Operation>()

  constructor(cipher: Cipher, isWriting: boolean, onFault: FaultListener) {
    this.cipher = cipher
    this.isWriting = isWriting
    this.#onFault = onFault
  }

  /** A desk that opens. */
  openingDesk(): ExchangeDesk {
    return new ExchangeDesk((part, id, text) => this.cipher.open(part, id, text))
  }

  /** The form in which an operation is written. */
  formOf(operation: Operation, exchange: Exchange): Operation {
    if (!this.isWriting) return operation
    let form = this.#forms.get(operation)
    if (form === undefined) {
      form = sealOperation(operation, exchange)
      this.#forms.set(operation, form)
    }
    return form
  }

  /** An entry as it was before it was sealed; `undefined`, and told, when it cannot be opened. */
  async opened(entry: StoredEntry): Promise<StoredEntry | undefined> {
    return isLive(entry) ? this.openedLive(entry) : this.openedSettled(entry)
  }

  async openedLive(entry: LiveEntry): Promise<LiveEntry | undefined> {
    const desk = this.openingDesk()
    const opened = await this.#unlessUnreadable(entry, desk, () => openLive(entry, desk.exchange))
    if (opened !== undefined && isSealed(entry.operation)) this.#forms.set(opened.operation, entry.operation)
    return opened
  }

  async openedSettled(entry: SettledEntry): Promise<SettledEntry | undefined> {
    const desk = this.openingDesk()
    return this.#unlessUnreadable(entry, desk, () => openSettled(entry, desk.exchange))
  }

  /** Tells of an entry that cannot be opened. It stays where it is. */
  noteUnreadable(entry: StoredEntry): void {
    this.#onFault({ kind: 'sealed', store: entry.state.kind, key: idOf(entry) })
  }

  async #unlessUnreadable<Entry extends StoredEntry>(
    entry: Entry,
    desk: ExchangeDesk,
    open: () => Entry,
  ): Promise<Entry | undefined> {
    try {
      return await desk.work(open)
    } catch (error) {
      if (!(error instanceof UnreadableError)) throw error
      this.noteUnreadable(entry)
      return undefined
    }
  }
}
