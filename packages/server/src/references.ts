/**
 * References on the server: the ids that they stand for come from the ledger's rows of the operations they name. An
 * applied row never changes, so what is read before an operation's own transaction holds in it.
 *
 * A batch in which one operation refers to another is applied in waves: an operation comes in a later wave than those it
 * refers to, and never before what stands ahead of it in its lane. Its entity may depend on the id, and entities are
 * read at the start of a transaction.
 */
import { findReferences, linksOf, replaceReferences, type Json, type OperationId, type Reference } from '@holdfast/core'
import type { WireOperation } from '@holdfast/core'
import { appliedOf, currentRowOf, type LedgerRows } from './ledger.ts'

/** What became of an operation's references. */
export type Resolution =
  | { readonly kind: 'resolved'; readonly payload: Json }
  /** The operation that one of them names is not applied, as far as was read. */
  | { readonly kind: 'open'; readonly parent: OperationId }
  /** The operation that it names was applied and was given no id of that name. */
  | { readonly kind: 'missing'; readonly reference: Reference }

/** Parts of a batch to be applied one after the other, as places in the batch. One part, unless operations refer to each other. */
export function wavesOf(operations: readonly WireOperation[]): readonly (readonly number[])[] {
  const references = operations.map(referencesOf)
  if (references.every((own) => own.length === 0)) return [operations.map((_, index) => index)]
  const waves: number[][] = []
  const waveOfLane = new Map<string, number>()
  const waveOfId = new Map<OperationId, number>()
  for (const [index, operation] of operations.entries()) {
    const { id, lane, after = [], base } = operation
    const named = new Set(references[index]?.map((reference) => reference.operation))
    let wave = waveOfLane.get(lane) ?? 0
    for (const parent of base !== undefined && 'after' in base ? [...after, base.after] : after) {
      const before = waveOfId.get(parent)
      if (before !== undefined) wave = Math.max(wave, named.has(parent) ? before + 1 : before)
    }
    waveOfLane.set(lane, wave)
    // What refers to an operation is also answered by the one that takes its place.
    for (const carried of [id, ...linksOf(operation)]) waveOfId.set(carried, wave)
    while (waves.length <= wave) waves.push([])
    waves[wave]?.push(index)
  }
  return waves
}

/** The operations that others refer to: their rows, and those of what took their place, resolve them. */
export function idsReferredTo(operations: readonly WireOperation[]): ReadonlySet<OperationId> {
  return new Set(operations.flatMap((wire) => referencesOf(wire).map(({ operation }) => operation)))
}

/** The payload with the ids that its references stand for; `user` made the operations that they may name. */
export function resolve(wire: WireOperation, rows: LedgerRows, user: string): Resolution {
  const ids = new Map<string, string>()
  let parent: OperationId | undefined
  for (const reference of referencesOf(wire)) {
    const { operation, name } = reference
    const row = currentRowOf(operation, rows)
    const applied = row === undefined || row.user !== user ? undefined : appliedOf(row.outcome)
    if (applied === undefined) {
      parent ??= operation
      continue
    }
    const assigned = applied.ids ?? {}
    const id = Object.hasOwn(assigned, name) ? assigned[name] : undefined
    if (id === undefined) return { kind: 'missing', reference }
    ids.set(keyOf(reference), id)
  }
  if (parent !== undefined) return { kind: 'open', parent }
  if (ids.size === 0) return { kind: 'resolved', payload: wire.payload }
  const payload = replaceReferences(wire.payload, (reference) => ids.get(keyOf(reference)) ?? { ...reference })
  return { kind: 'resolved', payload }
}

/** The references that count: those that name an operation which this one comes after. Only then is a payload walked. */
function referencesOf({ after, payload, cancel }: WireOperation): readonly Reference[] {
  if (after === undefined || cancel !== undefined) return []
  return findReferences(payload).filter(({ operation }) => after.includes(operation))
}

function keyOf({ operation, name }: Reference): string {
  return `${operation} ${name}`
}
