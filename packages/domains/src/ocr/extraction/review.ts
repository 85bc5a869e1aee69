/** Why a person should look at a document: what is missing, what is uncertain, and what contradicts itself. Pure. */
import type { Findings } from './extract.ts'
import type { ReviewReason } from './read-document.ts'
import { sumOf } from './line-items.ts'
import type { Row } from './rows.ts'

/** Fields below this are read again by a person. */
const confidenceMin = 0.6
/** Handwriting is read worse than the engines know. */
const handwrittenMin = 0.85
/** Sums may be off by this much, in hundredths, by roundings of each line. */
const toleranceHundredths = 10

/** Lists the reasons; none means that nothing speaks against the fields. */
export function reviewReasons(findings: Findings): ReviewReason[] {
  return [...textReasons(findings), ...fieldReasons(findings), ...sumReasons(findings)]
}

function textReasons({ lines, jobType }: Findings): ReviewReason[] {
  if (lines.length === 0)
    return [
      {
        field: 'text',
        code: 'missing',
        detail: 'No text was found. Take the picture again, nearer and in better light.',
      },
    ]
  const mean = lines.reduce((sum, { confidence }) => sum + confidence, 0) / lines.length
  const min = jobType === 'handwritten' ? handwrittenMin : confidenceMin
  return mean < min
    ? [{ field: 'text', code: 'uncertain', detail: 'Much of the text is hard to read. Compare it with the picture.' }]
    : []
}

function fieldReasons({ fields, total, date, currency, jobType, lines, rows }: Findings): ReviewReason[] {
  const reasons: ReviewReason[] = []
  if (lines.length === 0) return reasons
  const wanted =
    jobType === 'invoice'
      ? (['merchantName', 'transactionDate', 'total', 'invoiceNumber'] as const)
      : (['merchantName', 'transactionDate', 'total'] as const)
  for (const name of wanted) {
    if (fields[name] === undefined)
      reasons.push({ field: name, code: 'missing', detail: `${names[name]} was not found. Type it in.` })
  }
  const min = jobType === 'handwritten' ? handwrittenMin : confidenceMin
  for (const name of wanted) {
    const confidence = fields[name]?.confidence
    if (
      confidence !== undefined &&
      confidence < min &&
      !(name === 'transactionDate' && (date?.others.length ?? 0) > 0)
    ) {
      reasons.push({
        field: name,
        code: 'uncertain',
        detail: `${names[name]} is hard to read or to tell. Compare it with the picture.`,
      })
    }
  }
  if (date !== undefined && date.others.length > 0) {
    reasons.push({
      field: 'transactionDate',
      code: 'ambiguous',
      detail: `${date.raw} is ${date.iso} or ${date.others.join(' or ')}. Choose one.`,
    })
  }
  if (total?.isDoubtful === true)
    reasons.push({ field: 'total', code: 'ambiguous', detail: 'More than one amount may be the total. Choose one.' })
  if (total !== undefined && total.source !== 'label' && rows.some(hasUnreadTotal)) {
    reasons.push({
      field: 'total',
      code: 'uncertain',
      detail:
        'The amount beside the word for the total could not be read, another takes its place. Compare it with the picture.',
    })
  }
  if (total !== undefined && currency === undefined) {
    reasons.push({ field: 'currency', code: 'missing', detail: 'No currency is printed. Choose one.' })
  }
  return reasons
}

/** A total is announced, digits follow, and they make no amount. */
function hasUnreadTotal({ label, amount, line, isInSummary }: Row): boolean {
  return (
    (label === 'total' || label === 'grand-total') && amount === undefined && !isInSummary && /\d{2}/.test(line.text)
  )
}

const names = {
  merchantName: 'The name of the merchant',
  transactionDate: 'The date',
  total: 'The total',
  invoiceNumber: 'The number of the invoice',
} as const

/** Sums that should fit, and do not. */
function sumReasons({ rows, items, total }: Findings): ReviewReason[] {
  if (total === undefined) return []
  const of = (label: string): number[] => [
    ...new Set(rows.flatMap((row) => (row.label === label && row.amount !== undefined ? [row.amount.hundredths] : []))),
  ]
  const fits = (sum: number): boolean => Math.abs(sum - total.hundredths) <= toleranceHundredths
  const adjustments = [0, ...of('charge'), ...of('rounding'), ...of('discount').map((each) => -Math.abs(each))]
  const printedTaxes = of('tax')
  // Two taxes of a country are often printed one by one; two equal ones are said once each.
  const taxes = [
    0,
    ...printedTaxes,
    ...printedTaxes.map((tax) => 2 * tax),
    printedTaxes.reduce((sum, tax) => sum + tax, 0),
  ]
  const reasons: ReviewReason[] = []
  const subtotals = of('subtotal')
  if (
    subtotals.length > 0 &&
    !subtotals.some((sum) => taxes.some((tax) => adjustments.some((adjustment) => fits(sum + tax + adjustment))))
  ) {
    reasons.push({
      field: 'total',
      code: 'contradiction',
      detail: 'Subtotal and tax do not add up to the total. Compare them with the picture.',
    })
  }
  const sum = sumOf(items)
  if (sum !== undefined && items.length > 1 && sum > total.hundredths * 1.5 + toleranceHundredths) {
    reasons.push({
      field: 'lineItems',
      code: 'contradiction',
      detail: 'The lines add up to more than the total. Compare them with the picture.',
    })
  }
  return reasons
}
