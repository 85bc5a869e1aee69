/** Medians and ratios. A ratio is taken within a round, where both sides met the same machine, and its median is quoted. */

/** The middle value; of an even number, the mean of the two in the middle. */
export function medianOf(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('a median needs at least one value')
  const sorted = values.toSorted((left, right) => left - right)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

/** `left[i] / right[i]`, round by round. */
export function ratiosOf(left: readonly number[], right: readonly number[]): readonly number[] {
  if (left.length !== right.length) {
    throw new RangeError(`rounds in pairs are expected; got ${left.length} and ${right.length}`)
  }
  return left.map((value, index) => value / (right[index] ?? Number.NaN))
}
