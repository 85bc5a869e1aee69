/** One collection as a page reads it: what the server has, under what is on its way. Snapshots stay the same until something changes. */
import type { Json } from '@holdfast/core'
import type { Overlay } from './define-collection.ts'
import type { KeptRow } from './collection-store.ts'
import type { PendingOperation } from './pending-operations.ts'

/** One entity. */
export interface Item<State> {
  readonly id: string
  readonly state: State
  /** The server's version of what is shown; 0 for what the server has not got yet. */
  readonly version: number
  /** True while operations on it are on their way. */
  readonly isPending: boolean
}

/** What a page reads. Made by `openCollections`. */
export interface Collection<State> {
  /** Resolves when what is kept on the device is loaded; before that nothing is shown. */
  readonly loaded: Promise<void>
  readonly isLoaded: boolean
  get(id: string): Item<State> | undefined
  /** All entities by id. The same array until one of them changes. */
  items(): readonly Item<State>[]
  /** Calls back after a change. Returns a function that stops it. */
  subscribe(listener: () => void): () => void
}

/** What a view makes of what it is given. */
export interface ViewDefinition<State> {
  read(state: Json): State | undefined
  readonly overlayOf: ReadonlyMap<string, Overlay<State>>
}

/** What a view stands on. */
export interface ViewHost {
  readonly load: () => Promise<readonly KeptRow[]>
  readonly pendingOf: (entityId: string) => readonly PendingOperation[]
  readonly pendingIds: () => Iterable<string>
  readonly onFault: (error: unknown) => void
}

interface Base<State> {
  readonly version: number
  readonly state: State
}

/** The view of one kind. */
export class CollectionView<State> implements Collection<State> {
  readonly #definition: ViewDefinition<State>
  readonly #host: ViewHost
  readonly #base = new Map<string, Base<State>>()
  readonly #shown = new Map<string, Item<State>>()
  readonly #listeners = new Set<() => void>()
  #items: readonly Item<State>[] | undefined
  #loading: Promise<void> | undefined
  isLoaded = false

  constructor(definition: ViewDefinition<State>, host: ViewHost) {
    this.#definition = definition
    this.#host = host
  }

  get loaded(): Promise<void> {
    this.#loading ??= this.reload()
    return this.#loading
  }

  get(id: string): Item<State> | undefined {
    return this.#shown.get(id)
  }

  items(): readonly Item<State>[] {
    this.#items ??= [...this.#shown.values()].toSorted((left, right) => compare(left.id, right.id))
    return this.#items
  }

  subscribe(listener: () => void): () => void {
    void this.loaded
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }

  /** The server's version of an entity; `undefined` when it has none. */
  versionOf(id: string): number | undefined {
    return this.#base.get(id)?.version
  }

  /** Loads everything anew from the device. A failure leaves what was shown, and is told. */
  async reload(): Promise<void> {
    try {
      const rows = await this.#host.load()
      this.#base.clear()
      for (const row of rows) this.#put(row)
      this.isLoaded = true
      this.#showAll()
    } catch (error) {
      this.#host.onFault(error)
    }
  }

  /** Takes a page of the feed. Before anything is loaded there is nothing to change: the store has it. */
  take(puts: readonly KeptRow[], removedIds: readonly string[], isAnew: boolean): void {
    if (!this.isLoaded) return
    if (isAnew) this.#base.clear()
    for (const row of puts) this.#put(row)
    for (const id of removedIds) this.#base.delete(id)
    if (isAnew) this.#showAll()
    else this.show([...puts.map(({ id }) => id), ...removedIds])
  }

  /** Shows these entities as they are now. */
  show(ids: Iterable<string>): void {
    if (!this.isLoaded) return
    let isChanged = false
    for (const id of ids) isChanged = this.#showOne(id) || isChanged
    if (isChanged) this.#tell()
  }

  #put({ id, version, state }: KeptRow): void {
    const read = this.#definition.read(state)
    if (read === undefined) this.#base.delete(id)
    else this.#base.set(id, { version, state: read })
  }

  #showAll(): void {
    const ids = new Set([...this.#base.keys(), ...this.#host.pendingIds(), ...this.#shown.keys()])
    for (const id of ids) this.#showOne(id)
    this.#tell()
  }

  #showOne(id: string): boolean {
    const base = this.#base.get(id)
    const pending = this.#host.pendingOf(id)
    const state = this.#fold(base?.state, pending)
    const before = this.#shown.get(id)
    if (state === undefined) return this.#shown.delete(id)
    const item: Item<State> = { id, state, version: base?.version ?? 0, isPending: pending.length > 0 }
    if (before?.state === state && before.version === item.version && before.isPending === item.isPending) return false
    this.#shown.set(id, item)
    return true
  }

  /** The state after everything that is on its way; what cannot be shown changes nothing. */
  #fold(base: State | undefined, pending: readonly PendingOperation[]): State | undefined {
    let state = base
    for (const { type, payload, context } of pending) {
      const overlay = this.#definition.overlayOf.get(type)
      try {
        if (overlay !== undefined) state = overlay.apply(payload, state, context)
      } catch (error) {
        this.#host.onFault(error)
      }
    }
    return state
  }

  #tell(): void {
    this.#items = undefined
    for (const listener of this.#listeners) {
      try {
        listener()
      } catch (error) {
        this.#host.onFault(error)
      }
    }
  }
}

function compare(left: string, right: string): number {
  return left < right ? -1 : Number(left > right)
}
