/** JSON Pointers (RFC 6901): where in a value something stands, found among what the value has itself. */
import { isList, isRecord, ownMember, type Json, type JsonObject } from '@holdfast/core'

/** What stands at a pointer: something, nothing as yet (a member or the next item could be put there), or no place at all. */
export type Place =
  | { readonly kind: 'found'; readonly value: Json }
  | { readonly kind: 'free' }
  | { readonly kind: 'nowhere' }

const nowhere: Place = { kind: 'nowhere' }

/** Names that mean something to JavaScript: no pointer goes through them, and no patch holds them. */
export const dangerousNames: ReadonlySet<string> = new Set([
  '__proto__',
  'constructor',
  'prototype',
  'hasOwnProperty',
  'toJSON',
])

/** The steps of a pointer; `undefined` for what is none, or leads through a name that means something to JavaScript. */
export function parsePointer(text: Json | undefined): readonly string[] | undefined {
  if (typeof text !== 'string' || text.length > 1_000) return undefined
  if (text === '') return []
  if (!text.startsWith('/') || /~(?![01])/.test(text)) return undefined
  const steps = text
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
  return steps.some((step) => dangerousNames.has(step)) ? undefined : steps
}

/** Finds the place that a pointer's steps lead to. */
export function findPlace(whole: Json, steps: readonly string[]): Place {
  let place: Place = { kind: 'found', value: whole }
  for (const step of steps) {
    if (place.kind !== 'found') return nowhere
    place = placeIn(place.value, step)
  }
  return place
}

function placeIn(value: Json, step: string): Place {
  if (isList(value)) {
    if (step === '-') return { kind: 'free' }
    if (!/^(0|[1-9]\d{0,9})$/.test(step) || Number(step) > value.length) return nowhere
    const item = value[Number(step)]
    return item === undefined ? { kind: 'free' } : { kind: 'found', value: item }
  }
  if (!isObject(value)) return nowhere
  const member = ownMember(value, step)
  return member === undefined ? { kind: 'free' } : { kind: 'found', value: member }
}

function isObject(value: Json): value is JsonObject {
  return isRecord(value)
}
