/**
 * Parents: what has become of the entries that others come `after`. Each is looked up in the store once; from then on
 * what the drain writes keeps it true, and when somebody else changes entries the window begins anew.
 */
import type { OperationId, ParentState } from '@holdfast/core'
import { isLive, type LiveEntry, type Store, type StoredEntry } from './store/store.ts'

/** Parents of which the state is kept; beyond that the window asks anew for those that it needs. */
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

  /** @param held gives a held entry, which is at hand and need not be looked up */
  constructor(store: Store, held: (id: OperationId) => LiveEntry | undefined) {
    this.#store = store
    this.#held = held
  }

  /** True when so many are kept that those which nobody needs any more should go. */
  get isCrowded(): boolean {
    return this.#states.size > keptMax
  }

  /** What has become of an entry; one that was not looked up yet keeps others waiting. */
  stateOf(id: OperationId): ParentState {
    return this.#states.get(id) ?? 'pending'
  }

  /** An entry comes after these: they are looked up at the next {@link lookUp}. */
  want(after: readonly OperationId[] | undefined): void {
    for (const id of after ?? []) if (!this.#states.has(id)) this.#wanted.add(id)
  }

  /** Looks up those that are wanted. */
  async lookUp(): Promise<void> {
    for (const id of this.#wanted) {
      for (let changes: number | undefined; changes !== this.#changes;) {
        changes = this.#changes
        const state = await this.#read(id)
        if (changes === this.#changes) this.#states.set(id, state)
      }
      this.#wanted.delete(id)
    }
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

  async #read(id: OperationId): Promise<ParentState> {
    let parent = await this.#find(id)
    // What took its place carries its fate. The steps are counted, should a damaged store name a circle.
    for (let steps = 0; steps < successorsMax; steps += 1) {
      if (parent?.state.kind !== 'discarded' || parent.state.cause !== 'superseded') break
      const { by } = parent.state
      const carried = this.#carries.get(by) ?? new Set()
      this.#carries.set(by, carried.add(id))
      parent = await this.#find(by)
    }
    // The server cannot judge what it has not been told yet: to ask it would mean to ask again every few seconds.
    const isOpenDiscard = parent?.state.kind === 'discarded' && !parent.state.isCertain
    if (isOpenDiscard) return 'pending'
    // One that is settled, or that nobody here remembers, is the server's to judge: its ledger forgets nothing.
    return parent === undefined || !isLive(parent) ? 'applied' : stateOf(parent)
  }

  async #find(id: OperationId): Promise<StoredEntry | undefined> {
    return this.#held(id) ?? (await this.#store.find(id))
  }
}

function stateOf({ state }: LiveEntry): ParentState {
  return state.kind === 'dead' ? 'gone' : 'pending'
}
