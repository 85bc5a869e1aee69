/** The results as people read them: one row for each fault, one column for each subject. */
import type { Fault } from './faults.ts'
import type { Subject } from './subject.ts'
import { isClean, sumOf, type Tally } from './tally.ts'

/** One fault put to one subject, once. */
export interface CellResult {
  readonly fault: string
  readonly subject: string
  readonly tally: Tally
  /** How long after the fault was over nothing was on its way any more, ms. */
  readonly quietAfterMs: number
  /** True when the app had to be opened again for that. */
  readonly isReopened: boolean
  /** Requests that carried writes, seen on the way. */
  readonly requests: number
  /** How long the cell took, ms. */
  readonly tookMs: number
  /** What kept the harness from finishing, if anything did. */
  readonly error?: string
}

/** A Markdown table. */
export function tableOf(
  faults: readonly Fault[],
  subjects: readonly Subject[],
  results: readonly CellResult[],
): string {
  const rows = faults.map((fault) => [
    fault.name,
    ...subjects.map((subject) => {
      const rounds = results.filter((one) => one.fault === fault.key && one.subject === subject.page)
      return rounds.length === 0 ? '–' : wordsOf(rounds)
    }),
  ])
  const total = [
    '**lost / doubled / reordered / stuck, in all**',
    ...subjects.map((subject) => {
      const own = results.filter((result) => result.subject === subject.page)
      const { lost, doubled, reordered, stuck } = sumOf(own.map(({ tally }) => tally))
      const dirty = new Set(own.filter(({ tally }) => !isClean(tally)).map(({ fault }) => fault)).size
      const met = new Set(own.map(({ fault }) => fault)).size
      return `**${lost} / ${doubled} / ${reordered} / ${stuck}**; ${met - dirty} of ${met} faults clean`
    }),
  ]
  const quiet = [
    'median time until nothing was on its way any more, after the fault was over',
    ...subjects.map(({ page }) => {
      const times = results.filter(({ subject }) => subject === page).map(({ quietAfterMs }) => quietAfterMs)
      const median = times.toSorted((left, right) => left - right)[Math.floor(times.length / 2)] ?? 0
      return `${(median / 1000).toFixed(1)} s`
    }),
  ]
  const header = ['fault', ...subjects.map(({ name }) => name)]
  return [header, header.map(() => '---'), ...rows, total, quiet].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

/** What came of all rounds, in words; what is zero is left out. */
function wordsOf(rounds: readonly CellResult[]): string {
  const failed = rounds.find(({ error }) => error !== undefined)
  if (failed?.error !== undefined) return `not measured: ${failed.error.split('\n', 1).join('')}`
  const { lost, doubled, reordered, stuck, held, told } = sumOf(rounds.map(({ tally }) => tally))
  const dirty = rounds.filter(({ tally }) => !isClean(tally)).length
  const bad = Object.entries({ lost, doubled, reordered, stuck }).filter(([, count]) => count > 0)
  const words = [
    ...bad.map(([word, count]) => `**${count} ${word}**`),
    ...(held > 0 ? [`${held} shown to a person`] : []),
    ...(told > 0 ? [`${told} told to the app`] : []),
  ]
  const seen = rounds.length > 1 ? `, in ${dirty} of ${rounds.length} rounds` : ''
  return words.length === 0 ? 'each once, in order' : `${words.join(', ')}${dirty > 0 ? seen : ''}`
}
