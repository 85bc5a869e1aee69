/** A server's feed for tests: entities with versions, a gapless sequence, and a network that can be taken away. */
import { SyncError, type Change, type ChangesAnswer, type FeedHead, type FinalOutcome, type Json } from '@holdfast/core'
import type { TestDevice, TestServer } from '../testing/index.ts'
import type { FeedSource } from './feed-source.ts'

/** The feed of one tenant. */
export class TestFeed {
  epoch = 'e1'
  pages = 0
  /** How many answers are still given; then the network is gone. */
  pagesLeft = Infinity
  readonly #changes: Change[] = []
  readonly #listeners = new Set<(head: FeedHead) => void>()
  readonly #device: TestDevice

  constructor(device: TestDevice) {
    this.#device = device
  }

  /** Writes an entity; answers its new version. */
  put(kind: string, id: string, state: Json): number {
    return this.#add({ kind, id, deleted: false, state })
  }

  remove(kind: string, id: string): number {
    return this.#add({ kind, id, deleted: true })
  }

  /** The server was restored: another history, of which nobody's numbers mean anything. */
  restore(epoch: string): void {
    this.epoch = epoch
    this.#changes.length = 0
  }

  get head(): number {
    return this.#changes.length
  }

  /** How a reader sees it. */
  source(): FeedSource {
    return {
      changes: async ({ after, epoch, limit }) => {
        await Promise.resolve()
        if (!this.#device.network.isOnline || this.pagesLeft <= 0) return undefined
        this.pages += 1
        this.pagesLeft -= 1
        return this.#page(after, epoch, limit)
      },
      listen: (onHead, signal) =>
        new Promise((resolve) => {
          this.#listeners.add(onHead)
          signal.addEventListener('abort', () => {
            this.#listeners.delete(onHead)
            resolve()
          })
        }),
    }
  }

  #page(asked: number, epoch: string, limit: number): ChangesAnswer {
    const from = asked > this.head || (epoch !== '' && epoch !== this.epoch) ? 0 : asked
    const changes = this.#changes.slice(from, from + limit).map(({ state, ...change }): Change => {
      const isLatest = !this.#changes.some(
        ({ kind, id, seq }) => kind === change.kind && id === change.id && seq > change.seq,
      )
      return isLatest && state !== undefined ? { ...change, state } : change
    })
    return { epoch: this.epoch, head: this.head, from, changes }
  }

  #add(change: Pick<Change, 'kind' | 'id' | 'deleted' | 'state'>): number {
    const before = this.#changes.findLast(({ kind, id }) => kind === change.kind && id === change.id)
    const version = (before?.version ?? 0) + 1
    this.#changes.push({ ...change, version, seq: this.head + 1 })
    if (this.#device.network.isOnline) {
      for (const listener of this.#listeners) listener({ epoch: this.epoch, head: this.head })
    }
    return version
  }
}

/** Lets the test's server write what it applies to the feed; `decide` may refuse first. */
export function writingTo(
  feed: TestFeed,
  server: TestServer,
  stateOf: (payload: Json) => Json,
  decide: (payload: Json) => FinalOutcome | undefined = () => undefined,
): void {
  server.decide = ({ payload, entity }) => {
    const refused = decide(payload)
    if (refused !== undefined) return refused
    if (entity === undefined) throw new SyncError('invalid-payload', 'The test writes entities only.')
    return { outcome: 'applied', version: feed.put(entity.kind, entity.id, stateOf(payload)) }
  }
}
