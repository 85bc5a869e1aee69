/** Lines with what their amount is: a label and an amount may stand on one line, or one above the other. Pure. */
import { type Amount, findAmounts } from './amounts.ts'
import { isTaxSummary, type Label, labelOf } from './labels.ts'
import type { TextLine } from './text-line.ts'

/** A line with its label and amount. */
export type Row = {
  readonly line: TextLine
  readonly label: Label | undefined
  /** The amount that the label is about: the last of its line, or the one of a line beside. */
  readonly amount: Amount | undefined
  /** The line that the amount stands on. */
  readonly amountLine: TextLine
  /** All amounts of the line itself. */
  readonly amounts: readonly Amount[]
  /** True inside the table that sums up taxes. */
  readonly isInSummary: boolean
}

/** How many lines a table of taxes has at most. */
const summaryLinesMax = 8

/** Makes rows of lines. */
export function toRows(lines: readonly TextLine[]): Row[] {
  let summaryLeft = 0
  const rows = lines.map((line): Row => {
    const label = labelOf(line.text)
    const amounts = findAmounts(line.text)
    if (isTaxSummary(line.text) && !isStrong(label, amounts)) summaryLeft = summaryLinesMax
    // What was paid ends the table: totals behind it are those of the document.
    else if (summaryLeft > 0 && (label === 'paid' || label === 'change')) summaryLeft = 0
    const isInSummary = summaryLeft > 0
    if (summaryLeft > 0) summaryLeft--
    return { line, label, amount: amounts.at(-1), amountLine: line, amounts, isInSummary }
  })
  return rows.map((row, index) => {
    if (row.label === undefined || row.amount !== undefined || row.isInSummary) return row
    // Other columns of a table may come between, so the line below is asked first, then the one above.
    const beside = [rows[index + 1], rows[index - 1]].find((other) => other !== undefined && isBareAmount(other))
    return beside === undefined ? row : { ...row, amount: beside.amount, amountLine: beside.line }
  })
}

function isStrong(label: Label | undefined, amounts: readonly Amount[]): boolean {
  return label === 'grand-total' && amounts.length === 1
}

/** A line with an amount and hardly a letter. */
function isBareAmount({ line, amounts, label }: Row): boolean {
  return label === undefined && amounts.length > 0 && line.text.replaceAll(/[^\p{L}]/gu, '').length <= 3
}
