/**
 * Amounts of money in a line. What counts: two decimals (or three, where the currency has them), thousands parted in
 * any of the usual ways, a sign or code of a currency, a minus before or behind. What does not: percentages, dates,
 * times, telephone numbers, quantities with a unit. Pure.
 */

/** An amount in a line. */
export type Amount = {
  /** In hundredths, whatever the currency: {@link toMinor} makes minor units of it. */
  readonly hundredths: number
  readonly raw: string
  /** Where it stands in the line. */
  readonly start: number
  readonly end: number
  /** True if it was printed with decimals. */
  readonly hasDecimals: boolean
  /** True if a sign or code of a currency stands right before or behind it. */
  readonly hasCurrency: boolean
}

const sign = String.raw`(?:RM|MYR|USD|EUR|GBP|SGD|AUD|CAD|CHF|INR|IDR|JPY|THB|PHP|NZD|HKD|US\$|S\$|A\$|C\$|R\$|Rp\.?|Rs\.?|Fr\.?|[$€£¥₹฿₫₱])`
// A space parts thousands only where a comma parts the cents: "3 248.04" is a number of things and their price.
const whole = String.raw`\d{1,3}(?:[.,']\d{3})+|\d{1,3}(?: \d{3})+(?=,\d{2}(?!\d))|\d+`
const pattern = new RegExp(
  String.raw`(?<sign>${sign}\s?)?(?<minus>[-–(]\s?)?(?<inner>${sign}\s?)?(?<whole>${whole})(?:\s?(?<point>[.,])\s?(?<cents>\d{2})(?!\d))?(?<behind>\s?(?:-|–|CR\b))?(?<after>\s?(?:€|EUR|USD|kr|zł|PLN|CHF|MYR|Ft|Kč|SEK|NOK|DKK))?`,
  'giu',
)

/** Finds the amounts of a line, from left to right. Whole numbers count only beside a sign of a currency. */
export function findAmounts(line: string): Amount[] {
  const text = repairDigits(line)
  return [...text.matchAll(pattern)].flatMap((match) => {
    const parts = match.groups ?? {}
    const start = match.index
    const end = start + match[0].length
    const hasCurrency = (parts['sign'] ?? parts['inner'] ?? parts['after']) !== undefined
    const hasDecimals = parts['cents'] !== undefined
    if (!hasDecimals && !hasCurrency) return []
    if (!standsAlone(text, start, end)) return []
    const units = Number((parts['whole'] ?? '').replace(/[.,' ]/g, ''))
    const hundredths = units * 100 + Number(parts['cents'] ?? '0')
    if (!Number.isSafeInteger(hundredths) || hundredths > hundredthsMax) return []
    const isNegative = (parts['minus'] ?? '').trim() !== '' || parts['behind'] !== undefined
    return [
      { hundredths: isNegative ? -hundredths : hundredths, raw: match[0].trim(), start, end, hasDecimals, hasCurrency },
    ]
  })
}

/** A billion: larger numbers on a receipt are numbers of articles and accounts. */
const hundredthsMax = 100_000_000_000

/** True unless the number is part of something longer: a date, a time, a number with letters, a percentage. */
function standsAlone(text: string, start: number, end: number): boolean {
  const before = text.slice(0, start)
  const after = text.slice(end)
  // "10 201.50" is two numbers, "10,201.50" is one: what stands before without a space belongs to it.
  if (/[\p{L}\d][.,/:-]?$/u.test(before) && !/[:=]$/.test(before)) return false
  if (/\d\s?[/]\s?$/.test(before)) return false
  if (/^\s?%/.test(after)) return false
  if (/^[.,/:-]?\d/.test(after)) return false
  return !/^\s?(?:kg|g|l|ml|km|pcs?|cm|mm|m|oz|lb)\b/i.test(after)
}

/** Letters that look like digits, where only digits can stand: beside a decimal point and other digits. */
function repairDigits(line: string): string {
  return line
    .replace(/(?<=\d[.,]?)[oOQ](?=[.,\d\s]|$)/g, '0')
    .replace(/(?<=\d[.,]\d?)[oOQ]/g, '0')
    .replace(/(?<=^|\s)[oOQ](?=[.,]\d)/g, '0')
    .replace(/(?<=\d[.,]?)[lI|](?=\d|$|\s)/g, '1')
    .replace(/(?<=\d)\s(?=[.,]\d{2}\b)/g, '')
    .replace(/(?<=\d[.,])\s(?=\d{2}(?:\s|$))/g, '')
    .replace(/(?<=^|\s)S(?=\d{1,4}\.\d{2}\b)/g, '$')
}
