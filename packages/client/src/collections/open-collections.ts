/**
 * Collections: local read models of what the server has, kept on the device, followed through the feed, and shown with
 * the writes that are on their way. All tabs of a person show the same; one of them reads the feed.
 */
import { isRecord, SyncError, type Json } from '@holdfast/core'
import { browserEnvironment } from '../environment-browser.ts'
import type { Channel, Environment } from '../environment.ts'
import type { Outbox } from '../outbox.ts'
import { databaseName } from '../store/registry.ts'
import type { Collection, CollectionView, ViewHost } from './collection.ts'
import type { CollectionStore, FeedMark, KeptRow } from './collection-store.ts'
import type { CollectionDefinition } from './define-collection.ts'
import { FeedReader, type PageNews } from './feed-reader.ts'
import type { FeedSource } from './feed-source.ts'
import { openIndexedDbCollectionStore } from './indexeddb-collection-store.ts'
import { openMemoryCollectionStore } from './memory-collection-store.ts'
import { encodePageNews, parsePageNews, type PageEnd } from './page-messages.ts'
import { PendingOperations, type EntityOf } from './pending-operations.ts'

/** A definition of whichever state, for lists of definitions. */
export interface AnyCollectionDefinition {
  readonly kind: string
  readonly version: number
  readonly migrate?: (fromVersion: number, state: Json) => Json
  readonly overlayOf: ReadonlyMap<string, EntityOf>
  readonly viewIn: (owner: object, host: ViewHost) => AnyView
}

/** What is done with a view whatever it shows. */
type AnyView = Pick<CollectionView<unknown>, 'take' | 'show' | 'reload' | 'versionOf' | 'isLoaded'>

/** What collections are opened with. */
export interface CollectionsOptions {
  /** The application's name, as `openOutbox` has it. */
  readonly name: string
  readonly outbox: Outbox
  readonly feed: FeedSource
  readonly collections: readonly AnyCollectionDefinition[]
  /** How often the feed is asked when no event comes, ms. Default 60 s. */
  readonly pollMs?: number
  /** Hears of what went wrong: a store that fails, an overlay that throws. Nothing of it touches a write. */
  readonly onFault?: (error: unknown) => void
  /** Default: the browser's. */
  readonly environment?: Environment
  /** Default: IndexedDB, or memory where there is none. */
  readonly store?: CollectionStore
}

/** How far what is shown goes. */
export interface CollectionsStatus {
  /** True once the feed was read to its head on this device: everything is here, as it was at `readAtMs`. */
  readonly isComplete: boolean
  /** When the server was last asked and had nothing more, as far as this context knows, ms since 1970. */
  readonly readAtMs: number | undefined
  /** Changes that are kept. */
  readonly after: number
}

/** Open collections. */
export interface Collections {
  /** @throws SyncError `invalid-definition` for a definition that these were not opened with */
  collection<State>(definition: CollectionDefinition<State>): Collection<State>
  status(): CollectionsStatus
  /** Calls back after the status has changed. Returns a function that stops it. */
  subscribe(listener: () => void): () => void
  /** Asks the feed soon, in whichever tab reads it. */
  refresh(): void
  close(): Promise<void>
}

const pollDefaultMs = 60_000

/**
 * Opens the collections of the outbox's person.
 *
 * @throws SyncError `invalid-definition` when two collections are of one kind; `storage`, `blocked` or
 * `newer-database` when what is kept cannot be opened
 */
export async function openCollections(options: CollectionsOptions): Promise<Collections> {
  const { collections, name, outbox, environment = browserEnvironment() } = options
  const versions = Object.fromEntries(collections.map(({ kind, version }) => [kind, version]))
  if (Object.keys(versions).length < collections.length) {
    throw new SyncError('invalid-definition', 'Each kind has one collection.')
  }
  const database = `${databaseName(name, outbox.session)}:collections`
  const store =
    options.store ??
    (typeof indexedDB === 'undefined'
      ? openMemoryCollectionStore()
      : openIndexedDbCollectionStore(database, environment.clock))
  const mark = await bringUp(store, collections, versions)
  return new OpenCollections({ ...options, environment }, store, database, versions, mark)
}

/** Brings what an older release has kept to this one's shape; what cannot be brought is read anew from the server. */
async function bringUp(
  store: CollectionStore,
  collections: readonly AnyCollectionDefinition[],
  versions: Readonly<Record<string, number>>,
): Promise<FeedMark | undefined> {
  const mark = await store.readMark()
  if (mark === undefined) return undefined
  const known = new Map(Object.entries(mark.versions))
  const isSame =
    known.size === collections.length && collections.every(({ kind, version }) => known.get(kind) === version)
  if (isSame) return mark
  const puts: KeptRow[] = []
  let canBeBrought = true
  for (const { kind, version, migrate } of collections) {
    const before = known.get(kind)
    if (before === version) continue
    // A new kind has rows that were passed over; a newer release's rows are not for this one to read.
    if (before === undefined || before > version || migrate === undefined) canBeBrought = false
    else for (const row of await store.readKind(kind)) puts.push({ ...row, state: migrate(before, row.state) })
  }
  const next: FeedMark = canBeBrought
    ? { ...mark, versions }
    : { epoch: mark.epoch, after: 0, isComplete: false, versions }
  // Rows stay until the feed gives them again: an old list is better than none, and offline it is all there is.
  await store.write({ from: mark, mark: next, isAnew: false, puts, removes: [] })
  return next
}

class OpenCollections implements Collections {
  readonly #options: CollectionsOptions
  readonly #views: ReadonlyMap<string, AnyView>
  readonly #pending: PendingOperations
  readonly #reader: FeedReader
  readonly #store: CollectionStore
  readonly #channel: Channel
  readonly #listeners = new Set<() => void>()
  /** Pages are taken one after the other, also those that have to be read from the store first. */
  #turn: Promise<void> = Promise.resolve()
  #status: CollectionsStatus

  constructor(
    options: CollectionsOptions & { readonly environment: Environment },
    store: CollectionStore,
    name: string,
    versions: Readonly<Record<string, number>>,
    mark: FeedMark | undefined,
  ) {
    const { outbox, environment, collections, feed, pollMs = pollDefaultMs } = options
    const onFault = this.#tellFault
    this.#options = options
    this.#store = store
    this.#status = { isComplete: mark?.isComplete ?? false, readAtMs: undefined, after: mark?.after ?? 0 }
    this.#views = new Map(collections.map((definition) => [definition.kind, this.#viewOf(definition)]))
    this.#pending = new PendingOperations({
      outbox,
      clock: environment.clock,
      kinds: new Map(collections.map(({ kind, overlayOf }) => [kind, overlayOf])),
      onChange: (kind, ids) => this.#views.get(kind)?.show(ids),
      onLanded: () => this.refresh(),
      onFault,
    })
    this.#channel = environment.openChannel(name, (message) => this.#hear(message))
    this.#reader = new FeedReader({
      environment,
      name,
      source: feed,
      store,
      versions,
      pollMs,
      onPage: (news) => {
        this.#take(news)
        this.#channel.post(encodePageNews(news))
      },
      onOvertaken: () => this.#inTurn(() => this.#reload()),
      onFault,
    })
    this.#reader.start()
    void this.#pending.look()
  }

  collection<State>(definition: CollectionDefinition<State>): Collection<State> {
    if (!this.#options.collections.includes(definition)) {
      throw new SyncError('invalid-definition', `Open the collections with that of "${definition.kind}" among them.`)
    }
    return this.#viewOf(definition)
  }

  status(): CollectionsStatus {
    return this.#status
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }

  refresh(): void {
    this.#reader.want()
    this.#channel.post({ kind: 'want' })
  }

  async close(): Promise<void> {
    this.#reader.close()
    this.#pending.close()
    this.#channel.close()
    await this.#turn
    await this.#store.close()
  }

  readonly #tellFault = (error: unknown): void => {
    this.#options.onFault?.(error)
  }

  #viewOf<View>({
    kind,
    viewIn,
  }: {
    readonly kind: string
    readonly viewIn: (owner: object, host: ViewHost) => View
  }): View {
    return viewIn(this, {
      load: () => this.#store.readKind(kind),
      pendingOf: (entityId) => this.#pending.of(kind, entityId),
      pendingIds: () => this.#pending.entityIds(kind),
      onFault: this.#tellFault,
    })
  }

  /** What another context says: a page that it has read, or that it wants one. */
  #hear(message: unknown): void {
    if (isRecord(message) && message['kind'] === 'want') return this.#reader.want()
    const news = parsePageNews(message)
    if (news === undefined) return
    this.#inTurn(async () => {
      // After a change of everything, or when a message was lost, only the store knows.
      if (news.isAnew || news.from !== this.#status.after) return this.#reload(news)
      const rows = await this.#store.readRows(news.puts)
      this.#take({ ...news, puts: rows.filter((row) => row !== undefined) })
    })
  }

  #inTurn(work: () => Promise<void>): void {
    this.#turn = this.#turn.then(work).catch(this.#tellFault)
  }

  async #reload(news?: PageEnd): Promise<void> {
    for (const view of this.#views.values()) if (view.isLoaded) await view.reload()
    const mark = await this.#store.readMark()
    this.#note(news ?? { after: mark?.after ?? 0, isComplete: mark?.isComplete ?? false, askedAtMs: undefined })
  }

  #take({
    puts,
    removes,
    isAnew,
    mark,
    askedAtMs,
  }: Pick<PageNews, 'puts' | 'removes' | 'isAnew' | 'mark' | 'askedAtMs'>): void {
    for (const [kind, view] of this.#views) {
      const own = puts.filter((row) => row.kind === kind)
      const gone = removes.filter((row) => row.kind === kind).map(({ id }) => id)
      if (isAnew || own.length + gone.length > 0) view.take(own, gone, isAnew)
    }
    this.#note({ ...mark, askedAtMs })
  }

  #note({ after, isComplete, askedAtMs }: PageEnd): void {
    if (isComplete && askedAtMs !== undefined) {
      this.#pending.noteRead(askedAtMs, (kind, id) => this.#views.get(kind)?.versionOf(id))
    }
    const readAtMs = isComplete && askedAtMs !== undefined ? askedAtMs : this.#status.readAtMs
    this.#status = { isComplete, after, readAtMs }
    for (const listener of this.#listeners) {
      try {
        listener()
      } catch (error) {
        this.#tellFault(error)
      }
    }
  }
}
