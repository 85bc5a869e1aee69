/**
 * Operation ids. Ours are UUIDv7, so that they sort by the time they were made and lead to the right part of the log;
 * an id that comes from elsewhere (an `Idempotency-Key`) is any short printable token.
 */

/** The id of an operation: the idempotency key of its effect, unique for ever within its tenant. */
export type OperationId = string & { readonly __brand: 'OperationId' }

const idPattern = /^[\w.:-]{1,128}$/

/** Reads an operation id: 1 to 128 characters of `A–Z a–z 0–9 _ . : -`. Anything else gives `undefined`. */
export function parseOperationId(value: unknown): OperationId | undefined {
  return isOperationId(value) ? value : undefined
}

/** True when `value` can be an operation id; see {@link parseOperationId}. */
export function isOperationId(value: unknown): value is OperationId {
  return typeof value === 'string' && idPattern.test(value)
}

/** How many random bytes {@link operationIdFrom} takes. */
export const operationIdRandomBytes = 10

/**
 * Makes a UUIDv7 from a time and ten random bytes.
 *
 * A time outside 48 bits (before 1970, after 10889) is clamped: a device with an absurd clock still gets valid ids.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9562#section-5.7
 */
export function operationIdFrom(nowMs: number, random: Uint8Array): OperationId {
  if (random.length < operationIdRandomBytes) throw new RangeError(`expected 10 random bytes, got ${random.length}`)
  const timeMs = Math.min(Math.max(Number.isFinite(nowMs) ? Math.floor(nowMs) : 0, 0), 2 ** 48 - 1)
  // Two halves, each small enough for shifts.
  const early = Math.floor(timeMs / 2 ** 24)
  const late = timeMs % 2 ** 24
  const byte = (index: number): number => random[index] ?? 0
  const version = 0x70 | (byte(0) & 0x0f)
  const variant = 0x80 | (byte(2) & 0x3f)
  // One call for all of it: every entry takes an id, and joining the parts as texts takes six times as long.
  const text = String.fromCharCode(
    hexCode(early >> 20),
    hexCode(early >> 16),
    hexCode(early >> 12),
    hexCode(early >> 8),
    hexCode(early >> 4),
    hexCode(early),
    hexCode(late >> 20),
    hexCode(late >> 16),
    hyphen,
    hexCode(late >> 12),
    hexCode(late >> 8),
    hexCode(late >> 4),
    hexCode(late),
    hyphen,
    hexCode(version >> 4),
    hexCode(version),
    hexCode(byte(1) >> 4),
    hexCode(byte(1)),
    hyphen,
    hexCode(variant >> 4),
    hexCode(variant),
    hexCode(byte(3) >> 4),
    hexCode(byte(3)),
    hyphen,
    hexCode(byte(4) >> 4),
    hexCode(byte(4)),
    hexCode(byte(5) >> 4),
    hexCode(byte(5)),
    hexCode(byte(6) >> 4),
    hexCode(byte(6)),
    hexCode(byte(7) >> 4),
    hexCode(byte(7)),
    hexCode(byte(8) >> 4),
    hexCode(byte(8)),
    hexCode(byte(9) >> 4),
    hexCode(byte(9)),
  )
  const id = parseOperationId(text)
  if (id === undefined) throw new RangeError('a UUID was not made')
  return id
}

/** The code of a hyphen. */
const hyphen = 45

/** The code of the hex digit in the lowest four bits. */
function hexCode(bits: number): number {
  const value = bits & 0x0f
  return value + (value < 10 ? 48 : 87)
}

/** The time in a UUIDv7, in ms since 1970, or `undefined` for an id of another kind. Only ever a hint. */
export function timeOfOperationId(id: string): number | undefined {
  if (!/^[0-9a-f]{8}-[0-9a-f]{4}-7/.test(id)) return undefined
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)
}
