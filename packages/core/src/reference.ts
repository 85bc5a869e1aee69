/**
 * References: places in a payload that stand for an id which the server will give an earlier operation.
 *
 *   page: ref(order, 'order') ──▶ stored, sent and hashed as it is ──▶ server: the id, from its ledger
 *
 * A reference travels unresolved, so that an operation's content never changes between two sends. It counts only where
 * the operation that it names stands in `after`: there it is put by `enqueue`, and data that merely looks like one
 * stays data.
 */
import { SyncError } from './error.ts'
import { parseOperationId, type OperationId } from './id.ts'
import { isRecord, jsonDepthMax, jsonValuesMax, type Json } from './json.ts'

/** Stands for an id that the server assigns: the one that the handler of `operation` calls `name`. */
export interface Reference {
  readonly [referenceTag]: 'reference'
  readonly operation: OperationId
  readonly name: string
}

/** The key that marks a reference. No payload may use it for anything else. */
const referenceTag = '$holdfast'

/** A payload in which references may stand wherever it has text. */
export type WithReferences<Payload> = Payload extends string
  ? Payload | Reference
  : Payload extends object
    ? { readonly [Key in keyof Payload]: WithReferences<Payload[Key]> }
    : Payload

/** The longest name of an assigned id, in characters. */
const nameMax = 100

/**
 * Refers to the id that the server will assign to an earlier operation under a name of its handler's.
 *
 * @example
 * const order = await outbox.enqueue(placeOrder, draft)
 * await outbox.enqueue(addPhoto, { orderId: ref(order, 'order'), caption })
 * @throws SyncError `invalid-payload` when the name is empty or longer than 100 characters
 */
export function ref(operation: OperationId | { readonly id: OperationId }, name: string): Reference {
  if (name.length === 0 || name.length > nameMax) {
    throw new SyncError('invalid-payload', `The name of an assigned id has 1 to ${nameMax} characters; got "${name}".`)
  }
  return { [referenceTag]: 'reference', operation: typeof operation === 'string' ? operation : operation.id, name }
}

/** True for a reference: exactly its three parts, and nothing else. */
export function isReference(value: unknown): value is Reference {
  if (!isRecord(value) || value[referenceTag] !== 'reference' || Object.keys(value).length !== 3) return false
  const { operation, name } = value
  return (
    parseOperationId(operation) !== undefined && typeof name === 'string' && name.length > 0 && name.length <= nameMax
  )
}

/** True when some part of a value carries the mark of a reference, be it one or not. Quick: every payload is asked. */
export function isTagged(value: unknown): boolean {
  return isTaggedWithin(value, 0, { left: jsonValuesMax })
}

function isTaggedWithin(value: unknown, depth: number, budget: Budget): boolean {
  if (typeof value !== 'object' || value === null || depth > jsonDepthMax || budget.left <= 0) return false
  budget.left -= 1
  if (!Array.isArray(value) && Object.hasOwn(value, referenceTag)) return true
  for (const member of Object.values(value)) if (isTaggedWithin(member, depth + 1, budget)) return true
  return false
}

/** All references in a value, in its order, each as often as it stands there. */
export function findReferences(value: unknown): readonly Reference[] {
  const found: Reference[] = []
  replaceReferences(value, (reference) => {
    found.push(reference)
    return reference
  })
  return found
}

/** The value with its references replaced. What holds none is the same object as before, and nothing is changed in place. */
export function replaceReferences(value: Json, replace: (reference: Reference) => Json): Json
export function replaceReferences(value: unknown, replace: (reference: Reference) => unknown): unknown
export function replaceReferences(value: unknown, replace: (reference: Reference) => unknown): unknown {
  return replaceWithin(value, (part) => (isReference(part) ? replace(part) : part), 0, { left: jsonValuesMax })
}

/** The value with references in the place of texts: the way back from what stood in for them. */
export function putReferences(value: Json, byText: ReadonlyMap<string, Reference>): Json
export function putReferences(value: unknown, byText: ReadonlyMap<string, Reference>): unknown
export function putReferences(value: unknown, byText: ReadonlyMap<string, Reference>): unknown {
  return replaceWithin(value, (part) => (typeof part === 'string' ? (byText.get(part) ?? part) : part), 0, {
    left: jsonValuesMax,
  })
}

/** What is left to look at: a part that is shared at every level would take for ever. Whoever takes the value refuses it. */
interface Budget {
  left: number
}

/**
 * `replace` sees each part, outermost first, and gives it back to have its own parts looked at. Parts deeper than JSON
 * may be are left alone; whoever takes the value refuses them.
 */
function replaceWithin(value: unknown, replace: (part: unknown) => unknown, depth: number, budget: Budget): unknown {
  budget.left -= 1
  const replaced = replace(value)
  if (replaced !== value || depth >= jsonDepthMax || budget.left <= 0) return replaced
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value
    const next = items.map((item) => replaceWithin(item, replace, depth + 1, budget))
    return next.some((item, index) => item !== items[index]) ? next : value
  }
  // Anything but plain objects and arrays is the schema's business.
  if (!isRecord(value) || !isPlain(value)) return value
  const entries = Object.entries(value)
  const next = entries.map(([key, member]) => [key, replaceWithin(member, replace, depth + 1, budget)] as const)
  return next.some(([, member], index) => member !== entries[index]?.[1]) ? Object.fromEntries(next) : value
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}
