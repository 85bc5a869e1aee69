/**
 * The things that were bought: lines with words and an amount, between the head and the first sum. Their words may
 * stand on the line above the amount. Pure.
 */
import type { Row } from './rows.ts'

/** A thing with what was paid for it, in hundredths. */
export type FoundItem = {
  readonly description: string
  readonly quantity: number | null
  readonly hundredths: number
  readonly row: Row
}

const endOfItems = new Set<Row['label']>(['subtotal', 'total', 'grand-total', 'rounding', 'paid', 'change', 'count'])

/** Finds them. */
export function findItems(rows: readonly Row[]): FoundItem[] {
  const first = rows.findIndex(({ label, amount }) => amount !== undefined && !endOfItems.has(label))
  if (first === -1) return []
  const items: FoundItem[] = []
  for (const [index, row] of rows.entries()) {
    if (index < first) continue
    const isSum = endOfItems.has(row.label) && row.amount !== undefined
    if (isSum && items.length > 0) break
    if (row.label !== undefined || row.amount === undefined || row.amountLine !== row.line) continue
    const own = wordsOf(row.line.text.slice(0, row.amounts[0]?.start))
    const above = rows[index - 1]
    const borrowed =
      above !== undefined && above.amount === undefined && above.label === undefined ? wordsOf(above.line.text) : ''
    const description = letters(own) >= 3 ? own : borrowed
    if (letters(description) < 2) continue
    items.push({ description, quantity: quantityOf(row.line.text), hundredths: row.amount.hundredths, row })
  }
  return items
}

function letters(text: string): number {
  return text.replaceAll(/[^\p{L}]/gu, '').length
}

/** Without numbers of articles in front, and without quantities and signs at the end. */
function wordsOf(text: string): string {
  return text
    .replace(/^\s*(?:\d{4,}\s+|\d{1,2}[.)]\s+)/, '')
    .replace(/[\s\d.,xX*@:$€£-]+$/, '')
    .trim()
}

/** How many: "2 x 5.00", "3 PCS", "QTY 2", or a small number in front of the words. */
function quantityOf(text: string): number | null {
  const match =
    /(?:^|\s)(\d{1,3}(?:[.,]\d{1,3})?)\s?(?:[xX*@]\s?(?:RM|[$€£])?\s?\d|(?:pcs?|set|unit|ea|nos?|btl|pkt|stk)\b)/i.exec(
      text,
    ) ??
    /\bqty\s?:?\s?(\d{1,3})\b/i.exec(text) ??
    /^(\d{1,2})\s+\p{L}/u.exec(text)
  const quantity = Number(match?.[1]?.replace(',', '.'))
  return quantity > 0 ? quantity : null
}

/** The sum of the things, if there are any. */
export function sumOf(items: readonly FoundItem[]): number | undefined {
  return items.length === 0 ? undefined : items.reduce((sum, { hundredths }) => sum + hundredths, 0)
}
