/** How much of what a person has written down of a receipt was read. Pure. */
import { findDates } from '../extraction/dates.ts'

/** What a person has written down: of `truth.json`, by file. */
export type Truth = {
  readonly company?: string
  /** In any printed form, day first. */
  readonly date?: string
  readonly total?: string
  readonly lines: readonly { readonly text: string }[]
}

/** What was read. */
export type Prediction = {
  readonly text: string
  readonly merchantName: string | null
  /** A decimal, such as 12.50. */
  readonly total: string | null
  /** An ISO day. */
  readonly date: string | null
}

/** How one file was read; undefined where the truth says nothing. */
export type Measure = {
  readonly words: number
  readonly found: number
  readonly isTotalRight: boolean | undefined
  readonly isDateRight: boolean | undefined
  readonly isMerchantRight: boolean | undefined
}

/** Measures one file. A word is found as often as it was read, wherever it stands. */
export function measure(truth: Truth, prediction: Prediction): Measure {
  const wanted = wordsOf(truth.lines.map(({ text }) => text).join(' '))
  const read = new Map<string, number>()
  for (const word of wordsOf(prediction.text)) read.set(word, (read.get(word) ?? 0) + 1)
  let found = 0
  for (const word of wanted) {
    const left = read.get(word) ?? 0
    if (left === 0) continue
    read.set(word, left - 1)
    found++
  }
  const { total, date, company } = truth
  return {
    words: wanted.length,
    found,
    isTotalRight: total === undefined ? undefined : centsOf(total) === centsOf(prediction.total ?? ''),
    isDateRight: date === undefined ? undefined : dayOf(date) === prediction.date,
    isMerchantRight: company === undefined ? undefined : similarity(company, prediction.merchantName ?? '') >= 0.8,
  }
}

/** Sums of many files, in percent. */
export function summarize(
  measures: readonly Measure[],
): Record<'wordRecall' | 'total' | 'date' | 'merchant', number | null> {
  const words = measures.reduce((sum, each) => sum + each.words, 0)
  const found = measures.reduce((sum, each) => sum + each.found, 0)
  const share = (of: (each: Measure) => boolean | undefined): number | null => {
    const known = measures.map(of).filter((each) => each !== undefined)
    return known.length === 0 ? null : percent(known.filter(Boolean).length / known.length)
  }
  return {
    wordRecall: words === 0 ? null : percent(found / words),
    total: share(({ isTotalRight }) => isTotalRight),
    date: share(({ isDateRight }) => isDateRight),
    merchant: share(({ isMerchantRight }) => isMerchantRight),
  }
}

function percent(share: number): number {
  return Math.round(share * 1000) / 10
}

/** Words without case and without the signs around them; signs alone are no words. */
function wordsOf(text: string): string[] {
  return text
    .normalize('NFKC')
    .toUpperCase()
    .split(/\s+/)
    .map((word) => word.replaceAll(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, ''))
    .filter((word) => word !== '')
}

/** Whole cents; NaN, which equals nothing, for what is no amount. */
function centsOf(amount: string): number {
  return Math.round(Number(amount.replaceAll(/[^\d.-]/g, '') || Number.NaN) * 100)
}

function dayOf(date: string): string | undefined {
  return findDates(date, true)[0]?.readings[0]?.iso
}

/** One less the share of letters and digits that must be changed to make one of the other. */
function similarity(a: string, b: string): number {
  const [x, y] = [a, b].map((text) => text.toUpperCase().replaceAll(/[^\p{L}\p{N}]/gu, ''))
  if (x === undefined || y === undefined || x === '' || y === '') return 0
  let row = Array.from({ length: y.length + 1 }, (_, index) => index)
  for (let i = 1; i <= x.length; i++) {
    const next = [i]
    for (let j = 1; j <= y.length; j++) {
      const change = (row[j - 1] ?? 0) + (x[i - 1] === y[j - 1] ? 0 : 1)
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return 1 - (row.at(-1) ?? 0) / Math.max(x.length, y.length)
}
