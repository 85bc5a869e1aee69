/**
 * The parts that schemas of all packs are made of. Every rule has its own message: the default ones of the validator
 * repeat the value that came.
 */
import { findJsonFault, isRecord, type JsonObject } from '@holdfast/core'
import * as v from 'valibot'

/** Said of an object that has too much, or too little. */
export const strict = 'must be an object with exactly the known fields'

/** The greatest amount of one price, tax or total, in cents: ten million in most currencies. */
export const amountCentsMax = 1_000_000_000

/** Text of 1 to `max` characters. */
export function text(max: number): v.GenericSchema<string> {
  return v.pipe(
    v.string('must be text'),
    v.minLength(1, 'must not be empty'),
    v.maxLength(max, `must have at most ${max} characters`),
  )
}

/** A whole number within limits. */
export function whole(min: number, max: number): v.GenericSchema<number> {
  return v.pipe(
    v.number('must be a number'),
    v.safeInteger('must be a whole number'),
    v.minValue(min, `must be at least ${min}`),
    v.maxValue(max, `must be at most ${max}`),
  )
}

/** A number within limits, with a fraction. */
export function decimal(min: number, max: number): v.GenericSchema<number> {
  return v.pipe(
    v.number('must be a number'),
    v.finite('must be a number'),
    v.minValue(min, `must be at least ${min}`),
    v.maxValue(max, `must be at most ${max}`),
  )
}

/** An amount of money of nothing or more, in whole cents. */
export function cents(): v.GenericSchema<number> {
  return whole(0, amountCentsMax)
}

/** A list; its length is judged first: half a million items that are none would take a second to refuse. */
export function listOf<Item>(item: v.GenericSchema<Item>, min: number, max: number): v.GenericSchema<readonly Item[]> {
  return v.pipe(
    v.custom<readonly Item[]>(Array.isArray, 'must be a list'),
    v.minLength(min, `must have at least ${min}`),
    v.maxLength(max, `must have at most ${max}`),
    v.array(item),
  )
}

/** Notes for people. */
export function notes(): v.GenericSchema<string> {
  return v.pipe(v.string('must be text'), v.maxLength(2000, 'must have at most 2000 characters'))
}

/** The id of a thing that the device made, fit to be an operation's id as well. */
export function recordId(): v.GenericSchema<string> {
  return v.pipe(
    v.string('must be text'),
    v.regex(/^[\w.:-]{1,64}$/, 'must be 1 to 64 characters of A-Z a-z 0-9 _ . : -'),
  )
}

/** An instant by the device's clock, ISO 8601 with its zone. */
export function instant(): v.GenericSchema<string> {
  return v.pipe(text(40), v.isoTimestamp('must be an instant such as 2026-01-31T12:00:00Z'))
}

/** True or false. */
export function flag(): v.GenericSchema<boolean> {
  return v.boolean('must be true or false')
}

/** An object of any fields, of at most `max` characters as JSON. */
export function anyObject(max: number): v.GenericSchema<JsonObject> {
  return v.custom<JsonObject>(
    (value) => isRecord(value) && findJsonFault(value) === undefined && JSON.stringify(value).length <= max,
    `must be an object of at most ${max} characters of JSON`,
  )
}

/** A place on earth, in degrees. */
export type Coordinates = { readonly lat: number; readonly lng: number }

/** The schema of a place. */
export function coordinates(): v.GenericSchema<Coordinates> {
  return v.strictObject({ lat: decimal(-90, 90), lng: decimal(-180, 180) }, strict)
}
