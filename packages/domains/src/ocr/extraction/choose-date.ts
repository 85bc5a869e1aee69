/** Which of the dates of a document is the day of the purchase, and which way its numbers are to be read. Pure. */
import { type DateReading, findDates, type FoundDate } from './dates.ts'
import { plainWords } from './labels.ts'
import type { TextLine } from './text-line.ts'

/** What else is known: the order that the document's country writes, and the day before which it must be. */
export type DateContext = {
  readonly countryOrder: 'day-first' | 'month-first' | undefined
  /** The day it is read, ISO; nothing is bought later than the day after, anywhere on earth. */
  readonly today: string | undefined
}

/** A chosen date, with the other days that it may as well mean. */
export type ChosenDate = {
  readonly iso: string
  readonly raw: string
  readonly line: TextLine
  readonly confidence: number
  readonly isLabelled: boolean
  readonly others: readonly string[]
}

type Candidate = {
  readonly date: FoundDate
  readonly line: TextLine
  readonly points: number
  readonly isLabelled: boolean
}

const purchaseLabel =
  /\b(date|datum|fecha|data|tarikh|dated|dt|bill date|invoice date|trans(action)? date|order date|sale date|le)\b/
const otherLabel =
  /\b(due|expiry|expires|exp|valid|until|delivery|birth|dob|effective|since|before|next|from|member|faellig|echeance|vencimiento|scadenza|print(ed)? on|warranty|return(s|ed)?|best|season|promo(tion)?|approval|permit|version|ver)\b/
/** The label of the day on which an invoice is to be paid. */
const dueLabel =
  /\b(due( date)?|pay(able)? (by|before)|payment due|faellig( am)?|zahlbar bis|echeance|vencimiento|scadenza|vervaldatum|jatuh tempo)\b/

/** Chooses the day of the purchase. */
export function chooseDate(lines: readonly TextLine[], context: DateContext): ChosenDate | undefined {
  const candidates = lines.flatMap((line) => candidatesOf(lines, line, context))
  const orders = provenOrder(candidates, context)
  let best: Candidate | undefined
  for (const candidate of candidates) {
    const repeated = candidates.filter(({ date }) => date.readings[0]?.iso === candidate.date.readings[0]?.iso).length
    const points = candidate.points + Math.min(2, repeated - 1) * 0.7 - candidate.line.index / 1000
    if (best === undefined || points > best.points) best = { ...candidate, points }
  }
  if (best === undefined) return undefined
  return chosen(best, orders)
}

/** The day by which it is to be paid, if the document says one. */
export function chooseDueDate(lines: readonly TextLine[], context: DateContext): ChosenDate | undefined {
  const labelled = lines.filter(({ text }) => dueLabel.test(plainWords(text)))
  const all = lines.flatMap((line) => candidatesOf(lines, line, { ...context, today: undefined }))
  const orders = provenOrder(all, context)
  for (const line of labelled) {
    const dates = findDates(line.text, true)
    const date = dates.at(-1)
    if (date !== undefined) return chosen({ date, line, points: 5, isLabelled: true }, orders)
  }
  return undefined
}

function chosen(best: Candidate, order: DateReading['order'] | undefined): ChosenDate | undefined {
  const { readings } = best.date
  const read = readings.find((reading) => reading.order === order) ?? readings[0]
  if (read === undefined) return undefined
  const isProven = read.order === 'named' || read.order === order
  const others = isProven ? [] : readings.map(({ iso }) => iso).filter((iso) => iso !== read.iso)
  return {
    iso: read.iso,
    raw: best.date.raw,
    line: best.line,
    confidence: best.line.confidence * (best.isLabelled ? 0.98 : 0.9) * (others.length === 0 ? 1 : 0.7),
    isLabelled: best.isLabelled,
    others: [...new Set(others)],
  }
}

function candidatesOf(lines: readonly TextLine[], line: TextLine, { today }: DateContext): Candidate[] {
  const plain = plainWords(line.text)
  // A table has its labels in the line above its values.
  const above = plainWords(lines[line.index - 1]?.text ?? '')
  const isLabelled = purchaseLabel.test(plain)
  const hasTime = /\d{1,2}\s?[:.]\s?\d{2}(\s?[:.]\s?\d{2})?\s?([ap]\.?m)?\b/i.test(line.text)
  return findDates(line.text, isLabelled || purchaseLabel.test(above)).flatMap((date) => {
    const before = plainWords(line.text.slice(0, date.start))
    const readings = date.readings.filter(({ iso }) => today === undefined || iso <= dayAfter(today))
    // A day to come is none of a purchase: it is due then, or was misread.
    if (readings.length === 0) return []
    let points = readings.some(({ order }) => order === 'named') ? 1 : 0
    if (purchaseLabel.test(before) || isLabelled) points += 3
    else if (purchaseLabel.test(above)) points += 1.5
    if (otherLabel.test(before) || (before === '' && otherLabel.test(above) && !isLabelled)) points -= 4
    if (hasTime) points += 1.5
    if (date.raw.length >= 8) points += 0.5
    return [{ date: { ...date, readings }, line, points, isLabelled: isLabelled || purchaseLabel.test(above) }]
  })
}

/** How this document writes its dates: by one that can be read in one way only, else by its country. */
function provenOrder(
  candidates: readonly Candidate[],
  { countryOrder }: DateContext,
): DateReading['order'] | undefined {
  for (const { date } of candidates) {
    const [only, ...rest] = date.readings
    const isSingle = rest.every(({ iso }) => iso === only?.iso)
    if (only !== undefined && rest.length === 0 && isSingle && only.order !== 'named' && only.order !== 'year-first')
      return only.order
  }
  return countryOrder
}

function dayAfter(iso: string): string {
  return new Date(Date.parse(`${iso}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10)
}
