/** Runs the rounds of a comparison and forms its ratios. */
import { withBrowser, type Backend } from './browser.ts'
import { ours, type Comparison, type Pair } from './comparison.ts'
import { medianOf, ratiosOf } from './statistics.ts'

/** What is measured of one subject. */
export interface SubjectResult {
  readonly subject: string
  /** One time for each round, ms; `null` where it was cut off at the limit. After a cut there are no more rounds. */
  readonly tookMs: readonly (number | null)[]
  /** How many operations it was found to have handled in each round. */
  readonly operations: readonly number[]
}

/** What came of a pair. */
export interface PairResult extends Pair {
  readonly ratios: readonly number[]
  /** The median of the rounds' ratios. */
  readonly ratio: number
  /** True when the other side was cut off: the ratio is then at least this. */
  readonly isLowerBound: boolean
  /** Whether the bar is reached; `undefined` where there is none. */
  readonly isReached: boolean | undefined
}

/** What came of a comparison. */
export interface ComparisonResult {
  readonly bench: string
  readonly title: string
  readonly subjects: readonly SubjectResult[]
  readonly pairs: readonly PairResult[]
}

/** How to measure, and whom to tell. */
export interface MeasureOptions {
  readonly origin: string
  readonly isSqlite: boolean
  readonly rounds: number
  /** The longest that the peer may take for one measurement, ms. */
  readonly limitMs: number
  readonly onSession: (progress: string) => void
  readonly onBrowser: (version: string, backend: Backend | undefined) => void
}

/**
 * Measures one comparison: in each round every session once, the first one taking turns.
 *
 * @throws Error when a subject has not handled the operations it was given: its time would say nothing
 */
export async function measure(comparison: Comparison, options: MeasureOptions): Promise<ComparisonResult> {
  const { bench, title, sessions, operations, pairs } = comparison
  const found = new Map<string, { tookMs: (number | null)[]; operations: number[] }>()
  const isCut = new Set<string>()
  for (let round = 0; round < options.rounds; round += 1) {
    const first = round % sessions.length
    for (const { subjects, run } of [...sessions.slice(first), ...sessions.slice(0, first)]) {
      // What was cut off once would only be cut off again.
      if (subjects.some((subject) => isCut.has(subject))) continue
      options.onSession(`${title}, round ${round + 1} of ${options.rounds}: ${subjects.join(', ')}`)
      const measurements = await withBrowser(options, async ({ page, version, backend }) => {
        const result = await run(page, options.limitMs)
        options.onBrowser(version, await backend())
        return result
      })
      for (const subject of subjects) {
        const measurement = measurements[subject]
        const record = found.get(subject) ?? { tookMs: [], operations: [] }
        found.set(subject, record)
        record.tookMs.push(measurement?.tookMs ?? null)
        if (measurement === undefined) {
          isCut.add(subject)
          continue
        }
        if (measurement.operations !== operations) {
          throw new Error(
            `${title}: ${subject} was to handle ${operations} operations, found ${measurement.operations}.`,
          )
        }
        record.operations.push(measurement.operations)
      }
    }
  }
  const timesOf = (subject: string): readonly (number | null)[] => found.get(subject)?.tookMs ?? []
  return {
    bench,
    title,
    subjects: [...found].map(([subject, record]) => ({ subject, ...record })),
    pairs: pairs.map((pair) => judge(pair, timesOf(ours), timesOf(pair.other), options.limitMs)),
  }
}

function judge(
  pair: Pair,
  ourTimes: readonly (number | null)[],
  otherTimes: readonly (number | null)[],
  limitMs: number,
): PairResult {
  const rounds = Math.min(ourTimes.length, otherTimes.length)
  const left = ourTimes.slice(0, rounds).map((time) => time ?? limitMs)
  const right = otherTimes.slice(0, rounds).map((time) => time ?? limitMs)
  const isLess = pair.reading === 'times as long'
  const ratios = isLess ? ratiosOf(left, right) : ratiosOf(right, left)
  const ratio = medianOf(ratios)
  const bar = pair.goal?.bar
  const isReached = bar === undefined ? undefined : isLess ? ratio <= bar : ratio >= bar
  return { ...pair, ratios, ratio, isLowerBound: otherTimes.includes(null), isReached }
}
