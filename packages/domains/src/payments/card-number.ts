/** Finds card numbers where none may be: 13 to 19 digits, with blanks or hyphens, whose last one is the right check digit. */
import { isRecord } from '@holdfast/core'

const longDigits = /\d(?:[ -]?\d){12,18}/g

/** Where a card number stands in a value, as a path with dots, or `undefined`. Ids of orders and of this very thing are not looked at. */
export function findCardNumber(value: unknown, path = ''): string | undefined {
  if (typeof value === 'number') return isCardNumber(String(value)) ? path : undefined
  if (typeof value === 'string') {
    const isFound = (value.match(longDigits) ?? []).some((digits) => isCardNumber(digits.replaceAll(/[ -]/g, '')))
    return isFound ? path : undefined
  }
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value
    return firstOf(
      items.map((item, index) => [String(index), item]),
      path,
    )
  }
  if (!isRecord(value)) return undefined
  return firstOf(
    Object.entries(value).filter(([name]) => !harmless.has(name)),
    path,
  )
}

/** Made on the device from time and chance: digits of theirs can look like anything. */
const harmless: ReadonlySet<string> = new Set(['id', 'orderId', 'timestamp', 'amountCents'])

function firstOf(entries: readonly (readonly [string, unknown])[], path: string): string | undefined {
  for (const [name, part] of entries) {
    const found = findCardNumber(part, path === '' ? name : `${path}.${name}`)
    if (found !== undefined) return found
  }
  return undefined
}

/** The check of ISO/IEC 7812: every second digit from the right is doubled. */
function isCardNumber(digits: string): boolean {
  if (!/^[2-6]\d{12,18}$/.test(digits)) return false
  let sum = 0
  for (const [index, digit] of digits.split('').toReversed().entries()) {
    const value = Number(digit) * (index % 2 === 0 ? 1 : 2)
    sum += value > 9 ? value - 9 : value
  }
  return sum % 10 === 0
}
