/** Marks: which entries of a segment are no longer queued, one bit each. The only thing that is ever written beside a segment. */
import { isRecord } from '@holdfast/core'

/** One bit per entry. */
export type Marks = Uint8Array

/** The marks of one segment, as stored. */
export interface MarksRecord {
  /** The key of the segment. */
  readonly segment: number
  readonly bits: Marks
}

/** True when the entry at an index is marked. */
export function isMarked(marks: Marks | undefined, index: number): boolean {
  return marks !== undefined && ((marks[index >> 3] ?? 0) & (1 << (index & 7))) !== 0
}

/** Marks for `count` entries with one more set. */
export function withMark(marks: Marks | undefined, count: number, index: number): Marks {
  const next = new Uint8Array(Math.ceil(count / 8))
  if (marks !== undefined) next.set(marks.subarray(0, next.length))
  next[index >> 3] = (next[index >> 3] ?? 0) | (1 << (index & 7))
  return next
}

/** How many entries are marked. */
export function countMarked(marks: Marks): number {
  let count = 0
  for (const byte of marks) for (let bits = byte; bits !== 0; bits &= bits - 1) count += 1
  return count
}

/** Reads a stored record of marks; `undefined` when it is damaged. */
export function parseMarks(value: unknown): MarksRecord | undefined {
  if (!isRecord(value)) return undefined
  const { segment, bits } = value
  return typeof segment === 'number' && bits instanceof Uint8Array ? { segment, bits } : undefined
}
