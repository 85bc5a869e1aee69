/**
 * Which amount is the total. Each amount gathers points from independent witnesses: its label, what was paid less the
 * change, the sum of subtotal and tax, the sum of the lines, where it stands and how large it is printed. An amount
 * that nothing but its place speaks for is not presented as a reading: its source says so. Pure.
 */
import type { Row } from './rows.ts'
import type { Source } from './read-document.ts'

/** The chosen total. `isDoubtful` if another amount has nearly as much to say for it. */
export type ChosenTotal = {
  readonly hundredths: number
  readonly row: Row
  readonly source: Source
  readonly certainty: number
  readonly isDoubtful: boolean
}

type Evidence = { points: number; row: Row; hasLabel: boolean; isProven: boolean }

/** Chooses the total. `itemsSum` is the sum of the lines of goods, if they were read. */
export function chooseTotal(rows: readonly Row[], itemsSum: number | undefined): ChosenTotal | undefined {
  const candidates = gather(rows)
  const proofs = arithmetic(rows, itemsSum)
  for (const [hundredths, points] of proofs) {
    const known = candidates.get(hundredths)
    // Sums prove an amount that is printed; they do not make one up.
    if (known === undefined) continue
    known.points += points
    known.isProven = known.isProven || points >= 2
  }
  preferTaxed(rows, candidates)
  preferRounded(rows, candidates)
  const sorted = [...candidates]
    .filter(([hundredths]) => hundredths > 0)
    .toSorted(([, a], [, b]) => b.points - a.points)
  const [first, second] = sorted
  if (first === undefined) return undefined
  const [hundredths, best] = first
  const lead = best.points - (second?.[1].points ?? 0)
  return {
    hundredths,
    row: best.row,
    source: best.hasLabel ? 'label' : best.isProven ? 'arithmetic' : 'position',
    certainty: best.hasLabel && best.isProven ? 0.98 : best.hasLabel ? 0.92 : best.isProven ? 0.85 : 0.4,
    isDoubtful: lead < 1 && !best.isProven,
  }
}

const labelPoints: Readonly<Record<string, number>> = { 'grand-total': 5.5, total: 4, subtotal: 1 }

function gather(rows: readonly Row[]): Map<number, Evidence> {
  const candidates = new Map<number, Evidence>()
  for (const [index, row] of rows.entries()) {
    const isTotal = row.label === 'grand-total' || row.label === 'total'
    const own = row.amount
    if (own === undefined) continue
    let points = row.label === undefined ? 0 : (labelPoints[row.label] ?? -1)
    if (row.isInSummary) points -= isTotal ? 3.5 : 2
    // Totals stand in the lower half, and are printed larger than the goods.
    points += (index / rows.length) * 0.8 + Math.min(1, Math.max(0, row.line.size - 1.15)) * (isTotal ? 1.2 : 0.4)
    if (own.hasCurrency) points += 0.3
    if (isTotal && /\b(?:payable|due|pay|zahlen|pagar|pagare|payer|betalen)\b/i.test(row.line.text)) points += 0.7
    const known = candidates.get(own.hundredths)
    const hasLabel = isTotal && !row.isInSummary
    if (known === undefined) candidates.set(own.hundredths, { points, row, hasLabel, isProven: false })
    else {
      // A total that is said twice is surer; the better row is the one that is shown.
      const isBetter = points > known.points
      candidates.set(own.hundredths, {
        points: Math.max(points, known.points) + (hasLabel && known.hasLabel ? 0.6 : 0.2),
        row: isBetter ? row : known.row,
        hasLabel: hasLabel || known.hasLabel,
        isProven: false,
      })
    }
  }
  return candidates
}

/** Amounts that others prove, with how much that is worth. */
function arithmetic(rows: readonly Row[], itemsSum: number | undefined): Map<number, number> {
  const of = (label: Row['label']): number[] => [
    ...new Set(rows.flatMap((row) => (row.label === label && row.amount !== undefined ? [row.amount.hundredths] : []))),
  ]
  const proofs = new Map<number, number>()
  const prove = (hundredths: number, points: number): void => {
    if (hundredths > 0) proofs.set(hundredths, Math.max(proofs.get(hundredths) ?? 0, points))
  }
  const [paid, changes, taxes, subtotals] = [of('paid'), of('change'), of('tax'), of('subtotal')]
  for (const sum of paid) {
    prove(sum, 1)
    for (const change of changes) if (change !== 0) prove(sum - Math.abs(change), 3)
    // Paid in full, and said so.
    if (changes.includes(0)) prove(sum, 2.5)
  }
  const adjustments = [0, ...of('rounding'), ...of('charge'), ...of('discount').map((each) => -Math.abs(each))]
  // Two taxes of a country are often printed one by one, and what is called a net total has its tax still to come.
  const taxesSum = taxes.reduce((sum, tax) => sum + tax, 0)
  for (const before of [...subtotals, ...of('total'), ...of('grand-total')]) {
    for (const tax of new Set([...taxes, taxesSum])) {
      for (const adjustment of adjustments) if (tax > 0) prove(before + tax + adjustment, 2)
    }
  }
  if (itemsSum !== undefined) {
    for (const adjustment of adjustments) prove(itemsSum + adjustment, 1.5)
  }
  return proofs
}

/** Of two labelled totals that differ by a printed tax, the one with the tax is to be paid, whatever their labels say. */
function preferTaxed(rows: readonly Row[], candidates: Map<number, Evidence>): void {
  for (const tax of rows.flatMap(({ label, amount }) =>
    label === 'tax' && amount !== undefined ? [amount.hundredths] : [],
  )) {
    if (tax <= 0) continue
    for (const [hundredths, before] of candidates) {
      if (before.hasLabel && candidates.get(hundredths + tax)?.hasLabel === true) before.points -= 2.5
    }
  }
}

/** With a rounding, the total is what it leads to: that is what was paid. */
function preferRounded(rows: readonly Row[], candidates: Map<number, Evidence>): void {
  for (const row of rows) {
    const step = row.label === 'rounding' ? (row.amount?.hundredths ?? 0) : 0
    // Roundings go to the nearest five or ten of the smallest coin; anything larger was misread.
    if (step === 0 || Math.abs(step) > 50) continue
    for (const [hundredths, before] of candidates) {
      if (!before.hasLabel) continue
      // A minus is lost easily, so both ways are tried; only an amount that is printed counts.
      for (const signed of [step, -step]) {
        const after = candidates.get(hundredths + signed)
        if (after === undefined || (hundredths + signed) % 5 !== 0 || hundredths % 5 === 0) continue
        after.points += 2
        before.points -= 1.5
      }
    }
  }
}
