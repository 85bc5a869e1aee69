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

/** New marks for `count` entries, with those that are set in others. */
export function roomForMarks(count: number, marks?: Marks): Marks {
  const room = new Uint8Array(Math.ceil(count / 8))
  if (marks !== undefined) room.set(marks.subarray(0, room.length))
  return room
}

/** Marks one more entry, in place; an index for which there is no room is ignored. */
export function setMark(marks: Marks, index: number): void {
  const byte = marks[index >> 3]
  if (byte !== undefined) marks[index >> 3] = byte | (1 << (index & 7))
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
