/** Tells linear work from quadratic work without trusting the clock's absolute value. */

/**
 * How many times longer `work` takes on a text of a million characters than on one of 62,500, at best of five runs
 * each. Linear work gives about 16, quadratic work about 256.
 */
export function growthOf(makeText: (length: number) => string, work: (text: string) => unknown): number {
  const shortText = makeText(62_500)
  const longText = makeText(1_000_000)
  // The floor keeps a start that is too quick to measure from looking like growth.
  return (
    bestMs(() => work(longText)) /
    Math.max(
      bestMs(() => work(shortText)),
      0.2,
    )
  )
}

function bestMs(work: () => unknown): number {
  let best = Number.POSITIVE_INFINITY
  for (let run = 0; run < 5; run += 1) {
    const startedAtMs = performance.now()
    work()
    best = Math.min(best, performance.now() - startedAtMs)
  }
  return best
}
