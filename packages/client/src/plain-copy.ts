/** Copies of plain data, so that a payload can be looked at later than it was given: its maker may change it meanwhile. */
import { isRecord, jsonDepthMax } from '@holdfast/core'

/** Values that a copy may have: of what has more, a copy is no bargain. */
const copiedMax = 1000

/** A copy of a value. */
export interface PlainCopy {
  readonly value: unknown
}

/**
 * Copies plain objects, arrays and what cannot change; `undefined` for anything else: a Date, an instance of a class, an
 * object with hidden or symbol keys, or more than is quickly copied.
 */
export function plainCopy(value: unknown): PlainCopy | undefined {
  const budget = { left: copiedMax }
  const copy = copyWithin(value, 0, budget)
  return budget.left < 0 ? undefined : { value: copy }
}

/** Uses up the whole budget when it meets what it cannot copy. */
function copyWithin(value: unknown, depth: number, budget: { left: number }): unknown {
  if (typeof value !== 'object' || value === null) return value
  budget.left -= 1
  if (budget.left < 0) return undefined
  if (Array.isArray(value) && depth <= jsonDepthMax) {
    budget.left -= value.length
    return budget.left < 0 ? undefined : value.map((item) => copyWithin(item, depth + 1, budget))
  }
  if (!isRecord(value) || !isPlain(value) || depth > jsonDepthMax) {
    budget.left = -1
    return undefined
  }
  const copy = { ...value }
  for (const key of Object.keys(copy)) {
    const member = copy[key]
    if (typeof member === 'object' && member !== null) copy[key] = copyWithin(member, depth + 1, budget)
  }
  return copy
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return (
    (prototype === Object.prototype || prototype === null) &&
    // A spread leaves hidden keys out, and an assignment to this one would set the prototype.
    Reflect.ownKeys(value).length === Object.keys(value).length &&
    !Object.hasOwn(value, '__proto__')
  )
}
