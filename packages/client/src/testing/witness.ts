/**
 * The witness of a test: it writes down what was stored, and compares it in the end with what the server has done and
 * what the device shows. What was stored comes from the commits, effects from the server; no outbox is asked.
 */
import type { OperationId, QueuedOperation } from '@holdfast/core'
import { isLive, type LiveEntry, type Store, type UpdateReport } from '../store/store.ts'
import type { TestServer } from './test-server.ts'

/** A stored operation. */
interface Stored {
  readonly operation: QueuedOperation['operation']
  /** The first operation of its kind: what it replaces, what that replaces, and so on. One of them may have an effect. */
  readonly root: OperationId
  readonly store: Store
}

/** Writes down what a device stores. */
export class Witness {
  readonly #stored = new Map<OperationId, Stored>()

  /** A group was committed. */
  noteStored(entries: readonly LiveEntry[], store: Store): void {
    for (const { operation } of entries) {
      const replaced = operation.supersedes ?? operation.resolves
      const root = replaced === undefined ? operation.id : (this.#stored.get(replaced)?.root ?? replaced)
      this.#stored.set(operation.id, { operation, root, store })
    }
  }

  /** An update was committed: replacements are stored by it. */
  noteUpdated(reports: readonly UpdateReport[], store: Store): void {
    this.noteStored(
      reports.map(({ replacement }) => replacement).filter((entry) => entry !== undefined),
      store,
    )
  }

  /** See TestDevice.assertEverySettledOnce. */
  async assertEverySettledOnce(server: TestServer): Promise<void> {
    const broken = [...(await this.#unsettled(server)), ...this.#strange(server), ...this.#doubled(server)]
    broken.push(...this.#reordered(server))
    if (broken.length === 0) return
    throw new Error(`Expected every stored operation to be settled once, in order; found:\n  ${broken.join('\n  ')}`)
  }

  async #unsettled({ effects }: TestServer): Promise<readonly string[]> {
    const applied = new Set(effects.map(({ id }) => id))
    const broken: string[] = []
    for (const [id, { operation, store }] of this.#stored) {
      const entry = await store.find(id)
      const name = `${operation.type} ${id}`
      if (entry === undefined) {
        if (!applied.has(id)) broken.push(`${name} is gone from the device, and the server has not applied it`)
      } else if (isLive(entry)) broken.push(`${name} is not settled: it is ${entry.state.kind}`)
      else if (entry.state.kind === 'discarded' && !entry.state.isCertain) {
        broken.push(`${name} is not settled: the server has not answered whether it had been applied`)
      } else if (entry.state.kind === 'discarded' && applied.has(id)) {
        broken.push(`${name} shows as discarded, and the server has applied it`)
      } else if (entry.state.kind === 'applied' && !this.#hadEffect(operation, applied)) {
        broken.push(`${name} shows as applied, and had no effect on the server`)
      }
    }
    return broken
  }

  /** True when the operation, or what took its place, or what it was to replace, had its effect. */
  #hadEffect({ id, cancel }: QueuedOperation['operation'], applied: ReadonlySet<OperationId>): boolean {
    if (cancel !== undefined || applied.has(id)) return true
    const root = this.#stored.get(id)?.root
    return [...applied].some((other) => this.#rootOf(other) === root)
  }

  #strange({ effects }: TestServer): readonly string[] {
    return effects
      .filter(({ id }) => !this.#stored.has(id))
      .map(({ type, id }) => `${type} ${id} had an effect, and was never stored on this device`)
  }

  #doubled({ effects }: TestServer): readonly string[] {
    const first = new Map<OperationId, OperationId>()
    const broken: string[] = []
    for (const { id, type } of effects) {
      const root = this.#rootOf(id)
      const earlier = first.get(root)
      if (earlier === undefined) first.set(root, id)
      else broken.push(`${type} ${id} had an effect after ${earlier}, which it was to replace or to repeat`)
    }
    return broken
  }

  #reordered({ effects }: TestServer): readonly string[] {
    const places = new Map([...this.#stored.keys()].map((id, place) => [id, place]))
    const last = new Map<string, { readonly id: OperationId; readonly place: number }>()
    const broken: string[] = []
    for (const { id, lane, type } of effects) {
      const place = places.get(this.#rootOf(id)) ?? -1
      const before = last.get(lane)
      if (before !== undefined && before.place > place) {
        broken.push(`${type} ${id} came after ${before.id} in lane ${lane}, and was stored before it`)
      } else last.set(lane, { id, place })
    }
    return broken
  }

  #rootOf(id: OperationId): OperationId {
    return this.#stored.get(id)?.root ?? id
  }
}
