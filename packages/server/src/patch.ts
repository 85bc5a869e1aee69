/**
 * Partial updates by two standard forms: JSON Merge Patch (RFC 7396) and JSON Patch (RFC 6902). What is patched is never
 * changed in place, and a patch is applied whole or not at all.
 *
 * The libraries are asked only what they answer well. Names that mean something to JavaScript are refused before: at
 * such a name one library leaves a patch half applied, and the other finds what all objects inherit. Places are looked
 * up here for the same reason, and values compared, because that takes the library quadratic time.
 */
import { findJsonFault, isEqualJson, isList, isRecord, type Json, type JsonObject } from '@holdfast/core'
import mergePatch from 'json-merge-patch'
import { applyPatch, type Operation as LibraryStep } from 'rfc6902'
import { dangerousNames, findPlace, parsePointer } from './json-pointer.ts'

/** What a patch came to. */
export type Patched =
  | { readonly kind: 'patched'; readonly value: Json }
  /** `reason` says what is wrong, for the person who made the patch. */
  | { readonly kind: 'refused'; readonly reason: string }

/** Most steps of a JSON Patch. */
export const patchStepsMax = 100

/** Most characters of a patched value as JSON: copies of copies grow fast. */
export const patchedLengthMax: number = 512 * 1024

/** Applies a JSON Merge Patch: its fields replace those of the target, `null` removes one, all but objects replace whole. */
export function applyMergePatch(target: Json, patch: Json): Patched {
  const reason = reasonAgainst(target) ?? reasonAgainst(patch)
  if (reason !== undefined) return refuse(reason)
  return passed(mergePatch.apply(structuredClone(target), structuredClone(patch)))
}

/** Applies a JSON Patch: its steps in their order, and none of them where one cannot be done. */
export function applyJsonPatch(target: Json, patch: Json): Patched {
  const reason = reasonAgainst(target) ?? reasonAgainst(patch)
  if (reason !== undefined) return refuse(reason)
  if (!isList(patch)) return refuse('A JSON Patch is a list of steps.')
  if (patch.length > patchStepsMax) return refuse(`A JSON Patch has at most ${patchStepsMax} steps.`)
  // The library changes the whole document only inside something.
  const holder: { value: Json } = { value: structuredClone(target) }
  for (const [index, step] of patch.entries()) {
    const problem = isObject(step) ? applyStep(holder, step) : 'is an object'
    if (problem !== undefined) return refuse(`Step ${index}: ${problem}.`)
    const left = passed(holder.value)
    if (left.kind === 'refused') return left
  }
  return passed(holder.value)
}

/** Does one step, or says why it cannot be done. */
function applyStep(holder: { value: Json }, { op, path, from, value }: JsonObject): string | undefined {
  const at = parsePointer(path)
  if (at === undefined || typeof path !== 'string') return 'path must be a JSON Pointer'
  const place = findPlace(holder.value, at)
  const needsValue = op === 'add' || op === 'replace' || op === 'test'
  if (needsValue && value === undefined) return 'a value is needed'
  const to = `/value${path}`
  switch (op) {
    case 'test':
      return place.kind === 'found' && isEqualJson(place.value, value) ? undefined : 'the test does not hold'
    case 'add':
      return place.kind === 'nowhere' ? noSuchPlace : done(holder, { op, path: to, value })
    case 'replace':
      return place.kind !== 'found' ? noSuchPlace : done(holder, { op, path: to, value })
    case 'remove':
      if (at.length === 0) return 'the whole cannot be removed'
      return place.kind !== 'found' ? noSuchPlace : done(holder, { op, path: to })
    case 'copy':
    case 'move': {
      const source = parsePointer(from)
      if (source === undefined || typeof from !== 'string') return 'from must be a JSON Pointer'
      const isThere = findPlace(holder.value, source).kind === 'found' && place.kind !== 'nowhere'
      if (!isThere) return noSuchPlace
      if (op === 'move' && source.length === 0 && at.length === 0) return undefined
      return done(holder, { op, from: `/value${from}`, path: to })
    }
    default:
      return 'op must be add, remove, replace, move, copy or test'
  }
}

const noSuchPlace = 'there is no such place'

function done(holder: { value: Json }, step: LibraryStep): string | undefined {
  const [failure] = applyPatch(holder, [step])
  return failure === null ? undefined : noSuchPlace
}

function passed(value: unknown): Patched {
  const fault = findJsonFault(value)
  if (fault !== undefined) return refuse(`The patched value cannot be stored: ${fault.reason}.`)
  if (JSON.stringify(value).length > patchedLengthMax) return refuse('The patched value is too large.')
  return isStorable(value) ? { kind: 'patched', value } : refuse('The patched value cannot be stored.')
}

function reasonAgainst(value: Json): string | undefined {
  const fault = findJsonFault(value)
  if (fault !== undefined) return `It cannot be stored: ${fault.reason}.`
  const stack: Json[] = [value]
  for (let part = stack.pop(); part !== undefined; part = stack.pop()) {
    if (isList(part)) stack.push(...part)
    else if (isObject(part)) {
      for (const [name, member] of Object.entries(part)) {
        if (dangerousNames.has(name)) return `A name must not be ${name}.`
        stack.push(member)
      }
    }
  }
  return undefined
}

function isObject(value: Json): value is JsonObject {
  return isRecord(value)
}

/** What findJsonFault has passed. */
function isStorable(value: unknown): value is Json {
  return value !== undefined
}

function refuse(reason: string): Patched {
  return { kind: 'refused', reason }
}
