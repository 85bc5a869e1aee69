/**
 * Operations on their way, by the entity that they change: what is shown over the server's state until the feed has
 * shown the write itself.
 *
 *   stored ──▶ shown ── applied ──▶ landed: still shown ── the feed has it ──▶ gone
 *                └──── dead, conflicted, discarded ──▶ gone at once: rolled back
 */
import type { Json, OperationId } from '@holdfast/core'
import type { EntryView } from '../entry.ts'
import type { Clock } from '../environment.ts'
import type { Outbox } from '../outbox.ts'
import type { OverlayContext } from './define-collection.ts'

/** One operation that is shown. */
export interface PendingOperation {
  readonly id: OperationId
  readonly type: string
  readonly kind: string
  readonly entityId: string
  readonly payload: Json
  readonly context: OverlayContext
  /** Set once it is applied: from when on the feed can have it, and as which version. */
  landed?: { readonly atMs: number; readonly version: number | undefined }
}

/** Says which entity an operation changes. */
export interface EntityOf {
  readonly entityIdOf: (payload: Json) => string | undefined
}

/** What the operations are shown for. */
export interface PendingHost {
  readonly outbox: Outbox
  readonly clock: Clock
  /** By kind, the types that show in it, and which entity they change. */
  readonly kinds: ReadonlyMap<string, ReadonlyMap<string, EntityOf>>
  readonly onChange: (kind: string, entityIds: ReadonlySet<string>) => void
  /** An operation was applied: the feed has news. */
  readonly onLanded: () => void
  readonly onFault: (error: unknown) => void
}

/** Operations beyond this are not shown: they are sent all the same. */
const shownMax = 5000

const pageSize = 500

/** After a look, the next one waits this long, ms: a drain says many things in a second. */
const lookEveryMs = 100

/** Keeps up with an outbox. */
export class PendingOperations {
  readonly #host: PendingHost
  readonly #byKind = new Map<string, Map<string, readonly PendingOperation[]>>()
  /** By kind and id: one operation may show in two kinds. */
  #known = new Map<string, PendingOperation>()
  #looking: Promise<void> | undefined
  #isWanted = false
  #isClosed = false
  #cancelPause = (): void => {}
  readonly #stop: () => void

  constructor(host: PendingHost) {
    this.#host = host
    this.#stop = host.outbox.subscribe(() => void this.look())
  }

  /** Operations on an entity, in the order in which they apply. */
  of(kind: string, entityId: string): readonly PendingOperation[] {
    return this.#byKind.get(kind)?.get(entityId) ?? []
  }

  /** The entities of a kind that something is on its way for. */
  entityIds(kind: string): Iterable<string> {
    return this.#byKind.get(kind)?.keys() ?? []
  }

  /** Looks at the outbox, soon. */
  look(): Promise<void> {
    this.#isWanted = true
    this.#looking ??= this.#lookWhileWanted()
      .catch(this.#host.onFault)
      .finally(() => {
        this.#looking = undefined
      })
    return this.#looking
  }

  /** The feed was read to its head, from a server that was asked at that moment: what had landed before is in it. */
  noteRead(askedAtMs: number, versionOf: (kind: string, entityId: string) => number | undefined): void {
    const gone = [...this.#known.values()].filter(({ landed, kind, entityId }) => {
      if (landed === undefined) return false
      return landed.atMs <= askedAtMs || (landed.version ?? Infinity) <= (versionOf(kind, entityId) ?? 0)
    })
    if (gone.length === 0) return
    const next = new Map(this.#known)
    for (const operation of gone) next.delete(keyOf(operation))
    this.#show(next)
  }

  close(): void {
    this.#isClosed = true
    this.#stop()
    this.#cancelPause()
  }

  async #lookWhileWanted(): Promise<void> {
    while (this.#isWanted && !this.#isClosed) {
      this.#isWanted = false
      await this.#look()
      await new Promise<void>((resolve) => {
        const cancel = this.#host.clock.timer(lookEveryMs, resolve)
        this.#cancelPause = () => {
          cancel()
          resolve()
        }
      })
    }
  }

  async #look(): Promise<void> {
    const next = new Map<string, PendingOperation>()
    for (const state of ['waiting', 'queued'] as const) {
      let after: EntryView | undefined
      while (next.size < shownMax) {
        const page = await this.#host.outbox.entries({ state, limit: pageSize, ...(after !== undefined && { after }) })
        for (const entry of page)
          for (const operation of this.#operationsOf(entry)) next.set(keyOf(operation), operation)
        after = page.at(-1)
        if (page.length < pageSize || after === undefined) break
      }
    }
    const landed = await this.#landedBeside(next)
    // What is applied comes before what is still on its way.
    this.#show(new Map([...landed, ...next]))
    if (landed.size > 0) this.#host.onLanded()
  }

  /** Those that were shown and are not on their way any more, as far as they were applied. */
  async #landedBeside(next: ReadonlyMap<string, PendingOperation>): Promise<ReadonlyMap<string, PendingOperation>> {
    const landed = new Map<string, PendingOperation>()
    for (const [key, operation] of this.#known) {
      if (next.has(key)) continue
      if (operation.landed !== undefined) {
        landed.set(key, operation)
        continue
      }
      const state = (await this.#host.outbox.entry(operation.id))?.state
      if (state?.kind !== 'applied') continue
      const { version } = state.applied
      landed.set(key, { ...operation, landed: { atMs: this.#host.clock.now(), version } })
    }
    return landed
  }

  #operationsOf({ id, type, payload, createdAtMs, isCancel }: EntryView): readonly PendingOperation[] {
    if (payload === undefined || isCancel) return []
    const operations: PendingOperation[] = []
    for (const [kind, overlays] of this.#host.kinds) {
      const entityId = overlays.get(type)?.entityIdOf(payload)
      if (entityId !== undefined) operations.push({ id, type, kind, entityId, payload, context: { id, createdAtMs } })
    }
    return operations
  }

  #show(next: Map<string, PendingOperation>): void {
    const before = this.#byKind
    const changed = new Map<string, Set<string>>()
    const now = new Map<string, Map<string, PendingOperation[]>>()
    for (const operation of next.values()) {
      const byEntity = now.get(operation.kind) ?? new Map<string, PendingOperation[]>()
      now.set(operation.kind, byEntity)
      const operations = byEntity.get(operation.entityId) ?? []
      byEntity.set(operation.entityId, operations)
      operations.push(operation)
    }
    for (const kind of new Set([...before.keys(), ...now.keys()])) {
      const ids = new Set([...(before.get(kind)?.keys() ?? []), ...(now.get(kind)?.keys() ?? [])])
      for (const id of ids) {
        if (isSame(before.get(kind)?.get(id) ?? [], now.get(kind)?.get(id) ?? [])) ids.delete(id)
      }
      if (ids.size > 0) changed.set(kind, ids)
    }
    this.#known = next
    this.#byKind.clear()
    for (const [kind, byEntity] of now) this.#byKind.set(kind, byEntity)
    for (const [kind, ids] of changed) this.#host.onChange(kind, ids)
  }
}

function keyOf({ kind, id }: PendingOperation): string {
  return `${kind} ${id}`
}

function isSame(left: readonly PendingOperation[], right: readonly PendingOperation[]): boolean {
  return left.length === right.length && left.every(({ id }, index) => id === right[index]?.id)
}
