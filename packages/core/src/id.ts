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
  const time = timeMs.toString(16).padStart(12, '0')
  const hex: string[] = []
  for (let index = 0; index < operationIdRandomBytes; index += 1) {
    let byte = random[index] ?? 0
    if (index === 0) byte = 0x70 | (byte & 0x0f)
    if (index === 2) byte = 0x80 | (byte & 0x3f)
    hex.push(byte.toString(16).padStart(2, '0'))
  }
  const tail = hex.join('')
  const text = `${time.slice(0, 8)}-${time.slice(8)}-${tail.slice(0, 4)}-${tail.slice(4, 8)}-${tail.slice(8)}`
  const id = parseOperationId(text)
  if (id === undefined) throw new RangeError('a UUID was not made')
  return id
}

/** The time in a UUIDv7, in ms since 1970, or `undefined` for an id of another kind. Only ever a hint. */
export function timeOfOperationId(id: string): number | undefined {
  if (!/^[0-9a-f]{8}-[0-9a-f]{4}-7/.test(id)) return undefined
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)
}
