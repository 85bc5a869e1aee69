/**
 * Writing answers behind: what the server has answered is written in order, while the next request may already be on
 * its way. Answers that wait for the disk share its next transaction. A crash loses none of them: what is not written is
 * sent again, and the ledger answers it as a duplicate. (A disk without room is the store's matter, see keeping-store.ts.)
 */
import type { Environment } from './environment.ts'
import type { Pass } from './pass.ts'
import type { Store, UpdateReport, UpdateRequest } from './store/store.ts'

/** Answers that may wait while requests go on; more of them, and the drain waits for the disk. */
const answersBehindMax = 16

/** What an answer changes, and the pass it was asked for. */
export interface Answered {
  readonly requests: readonly UpdateRequest[]
  readonly pass: Pass | undefined
  /** All of it was plainly applied, and the window has let these entries go already. */
  readonly isPlain: boolean
}

/** Under which leadership answers are written, and who hears of it. */
export interface WriteContext {
  readonly epoch: number
  readonly onWritten: (answered: readonly Answered[], reports: readonly UpdateReport[]) => void
}

/** Writes answers, one transaction at a time. */
export class AnswerWriter {
  readonly #host: { readonly store: Store; readonly environment: Environment }
  readonly #onFailure: () => void
  #context: WriteContext | undefined
  #unwritten: Answered[] = []
  #writing: Promise<void> | undefined
  #cancelFlush: (() => void) | undefined
  #failure: Error | undefined

  constructor(host: { readonly store: Store; readonly environment: Environment }, onFailure: () => void) {
    this.#host = host
    this.#onFailure = onFailure
  }

  /** True when the disk is so far behind that the drain should wait for it. */
  get isBehind(): boolean {
    return this.#unwritten.length > answersBehindMax
  }

  /** Begins a leadership: from now on answers are written in its name. */
  begin(context: WriteContext): void {
    this.#context = context
  }

  /** Takes an answer. It is written at the next {@link flush}: the next request is on its way by then. */
  add(answered: Answered): void {
    this.#unwritten.push(answered)
  }

  /**
   * Writes what waits, in a turn of its own: requests that are answered without a wait then share one transaction.
   * Failures are told to `onFailure` and thrown by {@link throwFailure}.
   */
  flush(): void {
    if (this.#unwritten.length === 0 || this.#writing !== undefined) return
    this.#cancelFlush ??= this.#host.environment.clock.timer(0, () => {
      this.#start()
    })
  }

  /** Writes what waits, and resolves when nothing does. Throws what {@link throwFailure} throws. */
  async idle(): Promise<void> {
    await this.#written()
    this.throwFailure()
  }

  /** Throws what stopped the writing, such as `fenced`: somebody else leads. */
  throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure
  }

  /** Ends a leadership: everything is written, or it could not be. */
  async end(): Promise<void> {
    await this.#written()
    this.#failure = undefined
    this.#context = undefined
  }

  async #written(): Promise<void> {
    this.#start()
    await this.#writing
  }

  #start(): void {
    this.#cancelFlush?.()
    this.#cancelFlush = undefined
    if (this.#context !== undefined && this.#unwritten.length > 0) this.#writing ??= this.#write(this.#context)
  }

  async #write({ epoch, onWritten }: WriteContext): Promise<void> {
    try {
      while (this.#unwritten.length > 0) {
        const answered = this.#unwritten
        this.#unwritten = []
        const requests = answered.flatMap((answer) => answer.requests)
        const { store, environment } = this.#host
        onWritten(
          answered,
          await store.update(requests, { epoch, durability: 'relaxed', nowMs: environment.clock.now() }),
        )
      }
    } catch (error) {
      this.#unwritten = []
      this.#failure = error instanceof Error ? error : new Error('the store failed', { cause: error })
      this.#onFailure()
    } finally {
      this.#writing = undefined
    }
  }
}
