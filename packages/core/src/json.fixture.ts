/** JSON for tests, from text: with keys that an object literal cannot have. */
import type { Json } from './json.ts'

/** Reads JSON, also such as the doors would refuse. */
export function jsonFrom(text: string): Json {
  const value: unknown = JSON.parse(text)
  if (isParsed(value)) return value
  throw new TypeError('not JSON')
}

/** What JSON.parse gives is JSON. */
function isParsed(value: unknown): value is Json {
  return value !== undefined
}
