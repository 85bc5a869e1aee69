/** Results as a table for people. */
import { ours } from './comparison.ts'
import type { LimitResult } from './limits.ts'
import type { ComparisonResult, PairResult, SubjectResult } from './measure.ts'
import { medianOf } from './statistics.ts'

const headings = ['bench', ours, 'against', '', 'ratio', 'rounds', 'bar', 'aim', ''] as const

/** Writes all results, a line for each pair: median times, the median ratio, the ratios' range, bar and aim. */
export function tableOf(results: readonly ComparisonResult[], limitMs: number): string {
  if (results.length === 0) return ''
  return linesOf([
    [...headings],
    ...results.flatMap((result) => result.pairs.map((pair) => rowOf(result, pair, limitMs))),
  ])
}

/** Writes the limits, a line each: the median, the range, bar and aim. Empty when there are none. */
export function limitsTableOf(results: readonly LimitResult[]): string {
  if (results.length === 0) return ''
  const rows = results.map(({ title, unit, median, values, bar, aim, isKept }) => [
    title,
    `${short(median)} ${unit}`,
    values.length > 1 ? [Math.min(...values), Math.max(...values)].map(short).join('–') : '',
    `≤ ${bar}`,
    `≤ ${aim}`,
    isKept ? 'kept' : 'MISSED',
  ])
  return linesOf([['limit', ours, 'rounds', 'bar', 'aim', ''], ...rows])
}

function linesOf(all: readonly (readonly string[])[]): string {
  const widths = (all[0] ?? []).map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function rowOf({ title, subjects }: ComparisonResult, pair: PairResult, limitMs: number): string[] {
  const { other, reading, ratio, ratios, goal, isLowerBound, isReached } = pair
  const sign = reading === 'times as long' ? '≤' : '≥'
  const mark = reading === 'of the ideal' ? '' : '×'
  const range = [Math.min(...ratios), Math.max(...ratios)].map(short).join('–')
  return [
    title,
    timeOf(subjects, ours, limitMs),
    other,
    timeOf(subjects, other, limitMs),
    `${isLowerBound ? '> ' : ''}${short(ratio)}${mark} ${reading === 'of the ideal' ? reading : reading.replace('times ', '')}`,
    ratios.length > 1 ? range : '',
    goal === undefined ? '' : `${sign} ${goal.bar}`,
    goal === undefined ? '' : `${sign} ${goal.aim}`,
    isReached === undefined ? '' : isReached ? 'reached' : 'MISSED',
  ]
}

/** The median time; where a round was cut off, only that it took longer than the limit. */
function timeOf(subjects: readonly SubjectResult[], name: string, limitMs: number): string {
  const times = subjects.find(({ subject }) => subject === name)?.tookMs ?? []
  const whole = times.filter((time) => time !== null)
  if (whole.length < times.length) return `> ${limitMs / 1000} s`
  return whole.length === 0 ? '' : `${short(medianOf(whole))} ms`
}

/** Three digits that count. */
function short(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3)
}
