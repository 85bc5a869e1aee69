/**
 * Days in a line of text, in the forms that receipts carry. A date of three numbers may be read in more than one way:
 * all ways are kept, and {@link chooseDate} decides by the rest of the document. Pure.
 */

/** A day that a text may mean. `order` says how three numbers were taken; names of months leave no choice. */
export type DateReading = { readonly iso: string; readonly order: 'day-first' | 'month-first' | 'year-first' | 'named' }

/** A date in a line, with every way to read it, the usual one first. */
export type FoundDate = {
  readonly readings: readonly DateReading[]
  readonly raw: string
  readonly start: number
  readonly end: number
}

const months: readonly RegExp[] = [
  /^(jan|jän|ene|gen|sty|led)/,
  /^(feb|fev|fév|fbr|lut)/,
  /^(mar|mär|mac|mrt|maa)/,
  /^(apr|avr|abr|kwi)/,
  /^(may|mai|mei|mag|maj)/,
  /^(jun|juin|giu|cze)/,
  /^(jul|juil|lug|lip)/,
  /^(aug|aou|aoû|ago|ogo|sie)/,
  /^(sep|set|wrz)/,
  /^(oct|okt|out|ott|paz)/,
  /^(nov|lis)/,
  /^(dec|dez|dic|déc|dis|gru)/,
]

const name = String.raw`(?<name>(?:jan|jän|ene|gen|feb|fev|fév|mar|mär|mac|mrt|apr|avr|abr|may|mai|mei|mag|maj|jun|juin|giu|jul|juil|lug|aug|aou|aoû|ago|ogo|sep|set|oct|okt|out|ott|nov|dec|dez|dic|déc|dis)\p{L}{0,7})`
const year = String.raw`(?<y>(?:19|20)\d{2}|\d{2})`
// What may follow: nothing of the number, or a time whose space was lost ("09/08/1712:30").
const end = String.raw`(?=\D|$|\d{2}:\d{2})`
const yearFirst = new RegExp(
  String.raw`(?<!\d)(?<y>(?:19|20)\d{2})\s?[-/.年]\s?(?<a>\d{1,2})\s?[-/.月]\s?(?<b>\d{1,2})${end}`,
  'giu',
)
const forms: readonly RegExp[] = [
  new RegExp(
    String.raw`(?<!\d)(?<a>\d{1,2})(?:st|nd|rd|th)?[\s.,'/-]{0,3}(?:de |of )?${name}[\s.,'/-]{0,3}(?:de |del )?${year}${end}`,
    'giu',
  ),
  new RegExp(String.raw`(?<!\p{L})${name}[\s.-]{0,2}(?<a>\d{1,2})(?:st|nd|rd|th)?[\s.,'-]{1,3}${year}${end}`, 'giu'),
  new RegExp(String.raw`(?<!\d)(?<y>20\d{2})[\s-]{0,2}${name}[\s-]{0,2}(?<a>\d{1,2})${end}`, 'giu'),
  new RegExp(
    String.raw`(?<![\d.,/-])(?<a>\d{1,2})\s?(?<s>[-/.])\s?(?<b>\d{1,2})\s?\k<s>\s?(?<y>(?:19|20)\d{2})${end}`,
    'giu',
  ),
  new RegExp(
    String.raw`(?<![\d.,/-])(?<a>\d{1,2})\s?(?<s>[-/.'])\s?(?<b>\d{1,2})\s?[-/.']\s?(?<y>\d{2})(?=[^\d.,/-]|[.,](?!\d)|$|\d{2}:\d{2})`,
    'giu',
  ),
]
/** Digits alone are a date only where a label says so. */
const compact =
  /(?<!\d)(?<y>20\d{2})(?<a>0[1-9]|1[0-2])(?<b>[0-2]\d|3[01])(?!\d)|(?<!\d)(?<d>[0-2]\d|3[01])(?<m>0[1-9]|1[0-2])(?<z>20\d{2})(?!\d)/g

/** Finds the dates of a line. With `isLabelled`, eight digits in a row count too. */
export function findDates(line: string, isLabelled: boolean): FoundDate[] {
  const text = repairSeparators(line)
  const found: FoundDate[] = []
  const add = (match: RegExpMatchArray, readings: readonly DateReading[]): void => {
    const start = match.index ?? 0
    const last = start + match[0].length
    if (readings.length === 0 || found.some((other) => start < other.end && last > other.start)) return
    found.push({ readings, raw: match[0].trim(), start, end: last })
  }
  for (const match of text.matchAll(yearFirst)) {
    const { y, a, b } = match.groups ?? {}
    const iso = isoDay(y, a, b)
    add(match, iso === undefined ? [] : [{ iso, order: 'year-first' }])
  }
  for (const form of forms) for (const match of text.matchAll(form)) add(match, readingsOf(match.groups ?? {}))
  if (isLabelled) {
    for (const match of text.matchAll(compact)) {
      const { y, a, b, d, m, z } = match.groups ?? {}
      const iso = y === undefined ? isoDay(z, m, d) : isoDay(y, a, b)
      add(match, iso === undefined ? [] : [{ iso, order: y === undefined ? 'day-first' : 'year-first' }])
    }
  }
  return found.toSorted((a, b) => a.start - b.start)
}

function readingsOf({ name: word, y, a, b }: Record<string, string | undefined>): DateReading[] {
  if (word !== undefined) {
    const month = months.findIndex((each) => each.test(word.toLowerCase())) + 1
    const iso = month === 0 ? undefined : isoDay(y, String(month), a)
    return iso === undefined ? [] : [{ iso, order: 'named' }]
  }
  const ways: [string | undefined, DateReading['order']][] = [
    [isoDay(y, b, a), 'day-first'],
    [isoDay(y, a, b), 'month-first'],
    // "18-03-15" may begin with its year.
    [y?.length === 2 && Number(a) >= 13 ? isoDay(a, b, y) : undefined, 'year-first'],
  ]
  return ways.flatMap(([iso, order]): DateReading[] => (iso === undefined ? [] : [{ iso, order }]))
}

/** The ISO day, or undefined if there is no such day. Two digits of a year are of this century. */
function isoDay(y: string | undefined, m: string | undefined, d: string | undefined): string | undefined {
  const [fullYear, month, day] = [Number(y) + (y?.length === 2 ? 2000 : 0), Number(m), Number(d)]
  if (!(fullYear >= 1990 && fullYear < 2100 && month >= 1 && month <= 12 && day >= 1)) return undefined
  const isLeap = fullYear % 4 === 0 && (fullYear % 100 !== 0 || fullYear % 400 === 0)
  const days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0
  if (day > days) return undefined
  return `${String(fullYear)}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`
}

/** Letters in place of digits beside separators, and separators that were doubled or split. */
function repairSeparators(line: string): string {
  return line
    .replace(/(?<=\d)[oOQ](?=[\d\s/.:-]|$)/g, '0')
    .replace(/(?<=[\s/.:-]|^)[oOQ](?=\d[/.-])/g, '0')
    .replace(/(?<=[/.-])[oOQ](?=\d)/g, '0')
    .replace(/(?<=\d[/-])[lI|](?=\d)/g, '1')
    .replace(/(?<=[/-]\d)[lI|](?=[/-])/g, '1')
    .replace(/(?<=^|\s)[lI|](?=\d[/-]\d)/g, '1')
}
