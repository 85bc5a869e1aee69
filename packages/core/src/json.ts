/**
 * What a payload may be: plain JSON that survives the trip to PostgreSQL unchanged.
 *
 * `findJsonFault` is run where a value enters (enqueue on the client, the doors of the server), so that everything
 * behind those edges may take a `Json` for granted. What is deeper than allowed never costs call stack.
 */

/** A JSON value. Numbers are finite; strings are well-formed Unicode without NUL. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** A JSON object. */
export type JsonObject = { readonly [key: string]: Json }

/** Where and why a value is not acceptable JSON. `path` is a JSON Pointer (RFC 6901). */
export interface JsonFault {
  readonly path: string
  readonly reason: string
}

/** Levels of nesting that a payload may have. Deeper data is a mistake or an attack, and no form needs it. */
export const jsonDepthMax = 64

/** Values (scalars, arrays and objects) that a payload may have: a shared reference repeated at each level must not stall the walk. */
export const jsonValuesMax = 1_000_000

/**
 * Finds the first reason why `value` is not acceptable JSON, or `undefined` when it is.
 *
 * Refused: `undefined`, functions, symbols, bigints, NaN and infinities, class instances, cycles (they exceed the
 * depth), more than {@link jsonDepthMax} levels or {@link jsonValuesMax} values, a `__proto__` key, and text that
 * PostgreSQL cannot store as jsonb (NUL characters, lone surrogates). The path is text that can be stored itself: a
 * key that cannot be is reported at its object.
 */
export function findJsonFault(value: unknown): JsonFault | undefined {
  return faultWithin(value, 0, { left: jsonValuesMax })
}

/** True when `value` is acceptable JSON; see {@link findJsonFault}. */
export function isJson(value: unknown): value is Json {
  return findJsonFault(value) === undefined
}

/** Every payload is asked, and nearly all are sound: paths are made on the way back from a fault alone. */
function faultWithin(value: unknown, depth: number, budget: { left: number }): JsonFault | undefined {
  budget.left -= 1
  const reason = budget.left < 0 ? `there must not be more than ${jsonValuesMax} values` : reasonAgainst(value, depth)
  if (reason !== undefined) return { path: '', reason }
  if (Array.isArray(value)) {
    // By index: a hole is a fault.
    for (let index = 0; index < value.length; index += 1) {
      const fault = faultWithin(value[index], depth + 1, budget)
      if (fault !== undefined) return behind(String(index), fault)
    }
    return undefined
  }
  if (!isRecord(value)) return undefined
  // Every payload comes this way: pairs of keys and values would be made for nothing else.
  for (const key of Object.keys(value)) {
    const child = value[key]
    const keyReason = reasonAgainstText(key)
    if (keyReason !== undefined) return { path: '', reason: `of a key: ${keyReason}` }
    const fault =
      key === '__proto__' ? { path: '', reason: 'a key must not be __proto__' } : faultWithin(child, depth + 1, budget)
    if (fault !== undefined) return behind(pointerStep(key), fault)
  }
  return undefined
}

function behind(step: string, { path, reason }: JsonFault): JsonFault {
  return { path: `/${step}${path}`, reason }
}

/** True when `value` is an object that is neither null nor an array. */
export function isRecord(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** True for a JSON array. */
export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value)
}

/** A member that an object has itself: a field named `constructor` must not find the one of all objects. */
export function ownMember<Member>(object: { readonly [key: string]: Member }, name: string): Member | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined
}

/**
 * The canonical text of a JSON value: keys sorted by UTF-16 code units, no white space, numbers as ECMAScript writes
 * them, members that are `undefined` left out. Equal values have equal text, so a hash of it tells same from other.
 *
 * It calls itself once per level, so it is only for values that {@link findJsonFault} has passed: that limits the depth
 * (and keeps out infinities, which JSON would write as null).
 *
 * @see https://www.rfc-editor.org/rfc/rfc8785
 */
export function canonicalText(value: Json | { readonly [key: string]: Json | undefined }): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map((item: Json) => canonicalText(item)).join(',')}]`
  const members: string[] = []
  const entries = Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1))
  for (const [key, member] of entries) {
    if (member !== undefined) members.push(`${JSON.stringify(key)}:${canonicalText(member)}`)
  }
  return `{${members.join(',')}}`
}

/** A key as a step of a JSON Pointer. Split and joined: replacing takes more than linear time in V8 where there is much to replace. */
function pointerStep(key: string): string {
  return /[~/]/.test(key) ? key.split('~').join('~0').split('/').join('~1') : key
}

function reasonAgainst(value: unknown, depth: number): string | undefined {
  if (depth > jsonDepthMax) return `nesting must not exceed ${jsonDepthMax} levels`
  switch (typeof value) {
    case 'string':
      return reasonAgainstText(value)
    case 'number':
      return Number.isFinite(value) ? undefined : `a number must be finite, got ${value}`
    case 'boolean':
      return undefined
    case 'object':
      return value === null || Array.isArray(value) || isPlain(value)
        ? undefined
        : 'an object must be plain: a class instance does not survive JSON'
    default:
      return `JSON has no ${typeof value}`
  }
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  // Objects of another realm (an iframe, a vm context) have another Object.prototype, whose own prototype is null.
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

function reasonAgainstText(text: string): string | undefined {
  if (text.includes('\u0000')) return 'text must not contain NUL (U+0000)'
  if (!text.isWellFormed()) return 'text must be well-formed Unicode (a lone surrogate was found)'
  return undefined
}
