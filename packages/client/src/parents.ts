/**
 * Parents: what has become of the entries that others come `after`. Each is looked up in the store once; from then on
 * what the drain writes keeps it true, and when somebody else changes entries the window begins anew.
 */
import type { OperationId, ParentState } from '@holdfast/core'
import { isLive, type LiveEntry, type Store, type StoredEntry } from './store/store.ts'

/** Parents of which the state is kept; beyond that the window says which of them it needs. */
const keptMax = 10_000

/** How often an entry can have been replaced by another before looking for the last of them is given up. */
const successorsMax = 100

/** What has become of the entries that others come after. */
export class Parents {
  readonly #store: Store
  readonly #held: (id: OperationId) => LiveEntry | undefined
  readonly #states = new Map<OperationId, ParentState>()
  readonly #wanted = new Set<OperationId>()
  /** Parents by the entry that took their place: its fate is theirs. */
  readonly #carries = new Map<OperationId, Set<OperationId>>()
  /** Counts what was written: what is read meanwhile is old. */
  #changes = 0
  /** So many may be kept before it is asked again which are needed. */
  #keptMax = keptMax

  /** @param held gives a held entry, which is at hand and need not be looked up */
  constructor(store: Store, held: (id: OperationId) => LiveEntry | undefined) {
    this.#store = store
    this.#held = held
  }

  /** True when so many are kept that those which nobody needs any more should go. */
  get isCrowded(): boolean {
    return this.#states.size > this.#keptMax
  }

  /** What has become of an entry; one that was not looked up yet keeps others waiting. */
  stateOf(id: OperationId): ParentState {
    return this.#states.get(id) ?? 'pending'
  }

  /** An entry comes after these: they are looked up at the next {@link lookUp}. */
  want(after: readonly OperationId[] | undefined): void {
    for (const id of after ?? []) if (!this.#states.has(id)) this.#wanted.add(id)
  }

  /** Looks up those that are wanted, all in one search; what was replaced takes one more for each step. */
  async lookUp(): Promise<void> {
    while (this.#wanted.size > 0) {
      const ids = [...this.#wanted]
      const changes = this.#changes
      const states = await this.#read(ids)
      if (changes !== this.#changes) continue
      for (const [id, state] of states) {
        this.#states.set(id, state)
        this.#wanted.delete(id)
      }
    }
  }

  /** Forgets those that nobody needs any more. */
  keep(needed: ReadonlySet<OperationId>): void {
    for (const id of this.#states.keys()) if (!needed.has(id)) this.#states.delete(id)
    for (const [by, carried] of this.#carries) {
      for (const id of carried) if (!needed.has(id)) carried.delete(id)
      if (carried.size === 0) this.#carries.delete(by)
    }
    this.#keptMax = Math.max(keptMax, 2 * this.#states.size)
  }

  /**
   * Something was written about an entry: it is live, or settled (`undefined`), or another one has taken its place.
   *
   * @returns the entries whose fate that is: itself, and those whose place it had taken
   */
  note(id: OperationId, entry: LiveEntry | undefined, isSuperseded: boolean): readonly OperationId[] {
    this.#changes += 1
    if (this.#states.has(id) && !isSuperseded) this.#states.set(id, entry === undefined ? 'applied' : stateOf(entry))
    const carried = [...(this.#carries.get(id) ?? [])]
    if (entry === undefined) this.#carries.delete(id)
    // What it means for those is looked up: it may have been replaced in its turn.
    for (const parent of isSuperseded ? [id, ...carried] : carried) {
      if (this.#states.delete(parent)) this.#wanted.add(parent)
    }
    return [id, ...carried]
  }

  /** Forgets everything; what is still needed has to be wanted again. */
  clear(): void {
    this.#states.clear()
    this.#wanted.clear()
    this.#carries.clear()
  }

  async #read(ids: readonly OperationId[]): Promise<ReadonlyMap<OperationId, ParentState>> {
    const states = new Map<OperationId, ParentState>()
    /** Where each of them is looked for: what took its place carries its fate. */
    let places = new Map(ids.map((id) => [id, id]))
    // The steps are counted, should a damaged store name a circle.
    for (let steps = 0; places.size > 0; steps += 1) {
      const found = await this.#find(new Set(places.values()))
      const next = new Map<OperationId, OperationId>()
      for (const [id, place] of places) {
        const parent = found.get(place)
        if (parent?.state.kind === 'discarded' && parent.state.cause === 'superseded' && steps < successorsMax) {
          const { by } = parent.state
          this.#carries.set(by, (this.#carries.get(by) ?? new Set()).add(id))
          next.set(id, by)
        } else states.set(id, parentState(parent))
      }
      places = next
    }
    return states
  }

  async #find(ids: ReadonlySet<OperationId>): Promise<ReadonlyMap<OperationId, StoredEntry>> {
    const found = new Map<OperationId, StoredEntry>()
    const missing = new Set<OperationId>()
    for (const id of ids) {
      const held = this.#held(id)
      if (held === undefined) missing.add(id)
      else found.set(id, held)
    }
    if (missing.size > 0) for (const [id, entry] of await this.#store.findMany(missing)) found.set(id, entry)
    return found
  }
}

function parentState(parent: StoredEntry | undefined): ParentState {
  // The server cannot judge what it has not been told yet: to ask it would mean to ask again every few seconds.
  if (parent?.state.kind === 'discarded' && !parent.state.isCertain) return 'pending'
  // One that is settled, or that nobody here remembers, is the server's to judge: its ledger forgets nothing.
  return parent === undefined || !isLive(parent) ? 'applied' : stateOf(parent)
}

function stateOf({ state }: LiveEntry): ParentState {
  return state.kind === 'dead' ? 'gone' : 'pending'
}
