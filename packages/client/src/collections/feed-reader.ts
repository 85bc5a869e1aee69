/**
 * Reading the feed into the store: by one context for all tabs of a person, which then tells the others which rows have
 * changed. A lock chooses it; the store's mark keeps two of them from doing harm.
 *
 *   locked ──▶ reading pages ──▶ at the head: waiting ── new head, a write of ours, time ──▶ reading
 *     ▲            │ no answer: backing off                       │
 *     └────────────┴──────────────── frozen, closed ──────────────┘
 */
import { changesPageMax, transportDelayMs, type Change, type ChangesAnswer } from '@holdfast/core'
import type { Environment } from '../environment.ts'
import { noMark, type CollectionStore, type FeedMark, type KeptRow } from './collection-store.ts'
import type { FeedSource } from './feed-source.ts'

/** What a page has changed. */
export interface PageNews {
  readonly mark: FeedMark
  /** The number that the page goes on from. */
  readonly from: number
  /** True when everything that was kept before is gone. */
  readonly isAnew: boolean
  readonly puts: readonly KeptRow[]
  readonly removes: readonly Pick<KeptRow, 'kind' | 'id'>[]
  /** When the server was asked, ms since 1970: what it had applied before is in what was read up to the head. */
  readonly askedAtMs: number
}

/** What a reader needs. */
export interface FeedReaderHost {
  readonly environment: Environment
  /** One per identity; tabs of the same name share a reader. */
  readonly name: string
  readonly source: FeedSource
  readonly store: CollectionStore
  /** The collections of this release: only their kinds are kept. */
  readonly versions: Readonly<Record<string, number>>
  /** How long to wait at the head when no event comes, ms. */
  readonly pollMs: number
  readonly onPage: (news: PageNews) => void
  /** The store was changed by somebody else: what was loaded may be old. */
  readonly onOvertaken: () => void
  readonly onFault: (error: unknown) => void
}

/** Reads the feed while it is this context's turn. */
export class FeedReader {
  readonly #host: FeedReaderHost
  readonly #closed = new AbortController()
  #turn: AbortController | undefined
  #wake = (): void => {}
  #isWanted = true
  readonly #stop: readonly (() => void)[]

  constructor(host: FeedReaderHost) {
    this.#host = host
    this.#stop = [
      host.environment.onFreeze(() => this.#turn?.abort()),
      host.environment.onWakeHint(() => {
        this.want()
        this.start()
      }),
    ]
  }

  /** Takes part; harmless when it does already. */
  start(): void {
    if (this.#turn !== undefined || this.#closed.signal.aborted) return
    const turn = new AbortController()
    this.#turn = turn
    const signal = AbortSignal.any([turn.signal, this.#closed.signal])
    void this.#takeTurn(signal)
      .catch((error: unknown) => {
        if (!signal.aborted) this.#host.onFault(error)
      })
      .finally(() => {
        if (this.#turn === turn) this.#turn = undefined
      })
  }

  /** Something has changed on the server, or may have: reads soon, if it is this context's turn. */
  want(): void {
    this.#isWanted = true
    this.#wake()
  }

  close(): void {
    this.#closed.abort()
    for (const stop of this.#stop) stop()
  }

  async #takeTurn(signal: AbortSignal): Promise<void> {
    const { environment, name } = this.#host
    // Without channels nobody would hear what another one has read, so each reads for itself.
    if (environment.lacks !== undefined && environment.lacks.size > 0) return this.#read(signal)
    const lock = await environment.locks.acquire(name, { signal })
    try {
      await this.#read(AbortSignal.any([signal, lock.lost]))
    } finally {
      lock.release()
    }
  }

  async #read(signal: AbortSignal): Promise<void> {
    let failures = 0
    let listening: Promise<void> | undefined
    while (!signal.aborted) {
      this.#isWanted = false
      const isAtHead = await this.#readToHead(signal)
      if (signal.aborted) return
      failures = isAtHead ? 0 : failures + 1
      if (isAtHead) listening ??= this.#listen(signal).finally(() => (listening = undefined))
      const { pollMs, environment } = this.#host
      const waitMs = isAtHead ? pollMs : transportDelayMs(failures, environment.random.fraction())
      // A failure is not hurried by what else happens here: the server has just not answered.
      await this.#pause(waitMs, signal, isAtHead)
    }
  }

  /** Reads page after page; false when the server has no page for us now. */
  async #readToHead(signal: AbortSignal): Promise<boolean> {
    const { source, store, environment, versions } = this.#host
    for (;;) {
      const kept = await store.readMark()
      const mark = kept ?? noMark
      const askedAtMs = environment.clock.now()
      const { epoch, after } = mark
      const page = await source.changes({ epoch, after, limit: changesPageMax }, signal)
      if (page === undefined || signal.aborted) return false
      const isAnew = page.from !== after || (epoch !== '' && page.epoch !== epoch)
      // A page that starts neither where we stand nor at the start is no answer to our question.
      if (isAnew && page.from !== 0) return false
      const news = newsOf(page, isAnew, askedAtMs, versions)
      const isNew = isAnew || page.changes.length > 0 || !mark.isComplete || kept === undefined
      if (isNew && !(await store.write({ ...news, from: mark }))) {
        this.#host.onOvertaken()
        continue
      }
      this.#host.onPage(news)
      if (news.mark.isComplete) return true
      if (page.changes.length === 0) return false
    }
  }

  /** Hears of new heads until the stream ends for good; a stream that ends is opened again a little later. */
  async #listen(signal: AbortSignal): Promise<void> {
    const { source, environment } = this.#host
    for (let failures = 1; !signal.aborted; failures += 1) {
      const openedAtMs = environment.clock.now()
      await source.listen(() => {
        failures = 0
        this.want()
      }, signal)
      if (signal.aborted) return
      const delayMs = transportDelayMs(failures, environment.random.fraction())
      // One that opens and ends at once is opened no sooner for having opened.
      await new Promise<void>((resolve) => {
        const early = environment.clock.now() - openedAtMs < 1000 ? delayMs * 2 : delayMs
        const cancel = environment.clock.timer(early, resolve)
        signal.addEventListener('abort', () => {
          cancel()
          resolve()
        })
      })
    }
  }

  async #pause(waitMs: number, signal: AbortSignal, canBeHurried: boolean): Promise<void> {
    if (canBeHurried && this.#isWanted) return
    await new Promise<void>((resolve) => {
      const cancel = this.#host.environment.clock.timer(waitMs, resolve)
      const end = (): void => {
        cancel()
        resolve()
      }
      signal.addEventListener('abort', end, { once: true })
      if (canBeHurried) this.#wake = end
    })
    this.#wake = () => {}
  }
}

function newsOf(
  { epoch, head, from, changes }: ChangesAnswer,
  isAnew: boolean,
  askedAtMs: number,
  versions: Readonly<Record<string, number>>,
): PageNews {
  const latest = new Map<string, Change>()
  for (const change of changes) {
    // A change without a state is followed by one that has it.
    const isTold = change.deleted || change.state !== undefined
    if (isTold && Object.hasOwn(versions, change.kind)) latest.set(JSON.stringify([change.kind, change.id]), change)
  }
  const puts: KeptRow[] = []
  const removes: Pick<KeptRow, 'kind' | 'id'>[] = []
  for (const { kind, id, version, deleted, state } of latest.values()) {
    if (deleted || state === undefined) removes.push({ kind, id })
    else puts.push({ kind, id, version, state })
  }
  const after = from + changes.length
  return { mark: { epoch, after, isComplete: after >= head, versions }, from, isAnew, puts, removes, askedAtMs }
}
