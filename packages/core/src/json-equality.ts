/** Equality of JSON values by content: the order of an object's members does not count, that of a list does. */
import { isList, isRecord, ownMember, type Json } from './json.ts'

/** Compares two JSON values; `undefined` is an absent one. It calls itself once per level: for accepted data alone. */
export function isEqualJson(left: Json | undefined, right: Json | undefined): boolean {
  if (left === right) return true
  if (isList(left) && isList(right)) {
    return left.length === right.length && left.every((item, index) => isEqualJson(item, right[index]))
  }
  if (!isJsonObject(left) || !isJsonObject(right)) return false
  const names = Object.keys(left)
  return (
    names.length === Object.keys(right).length &&
    names.every((name) => Object.hasOwn(right, name) && isEqualJson(ownMember(left, name), ownMember(right, name)))
  )
}

function isJsonObject(value: Json | undefined): value is { readonly [key: string]: Json } {
  return isRecord(value)
}
