/**
 * Segments: groups of entries that were appended together, one record each. The key says where a segment stands and how
 * many entries it holds, so that counting needs no bodies: `sequence × 1024 + count`.
 */
import {
  isRecord,
  parseOperationId,
  type OnDead,
  type Operation,
  type Priority,
  type QueuedOperation,
} from '@holdfast/core'
import { textOf } from './operation-text.ts'
import type { LiveEntry } from './store.ts'

/** Most entries in a segment. */
export const segmentEntriesMax = 128
/** Most UTF-16 code units in a segment; one entry alone may be larger. */
export const segmentSizeMax: number = 128 * 1024

const countSpan = 1024

/** A segment as stored. Operations are texts, so that those which are settled already are never parsed. */
export interface SegmentRecord {
  readonly format: 1
  readonly texts: readonly string[]
  /** Indexes of entries whose lane skips dead letters. */
  readonly skips?: readonly number[]
}

/** The key of a segment. */
export function segmentKey(sequence: number, count: number): number {
  return sequence * countSpan + count
}

/** The sequence in a key. */
export function sequenceOf(key: number): number {
  return Math.floor(key / countSpan)
}

/** The number of entries in a key's segment. A count of 0 is a placeholder that only keeps the sequence. */
export function countOf(key: number): number {
  return key % countSpan
}

/** Cuts a group into segments' worth of entries. */
export function cutIntoSegments(group: readonly QueuedOperation[]): readonly (readonly QueuedOperation[])[] {
  const segments: QueuedOperation[][] = []
  let size = 0
  for (const queued of group) {
    const length = textOf(queued.operation).length
    const current = segments.at(-1)
    size += length
    if (current === undefined || current.length >= segmentEntriesMax || size > segmentSizeMax) {
      segments.push([queued])
      size = length
    } else current.push(queued)
  }
  return segments
}

/** Packs entries into a record. */
export function packSegment(entries: readonly QueuedOperation[]): SegmentRecord {
  const skips = entries.flatMap(({ onDead }, index) => (onDead === 'skip' ? [index] : []))
  return { format: 1, texts: entries.map(({ operation }) => textOf(operation)), ...(skips.length > 0 && { skips }) }
}

/** An entry of a segment; `undefined` when its text is damaged. It stays where it is: nothing is deleted for that. */
export function entryAt(
  record: SegmentRecord,
  priority: Priority,
  segment: number,
  index: number,
): LiveEntry | undefined {
  const text = record.texts[index]
  const operation = text === undefined ? undefined : parseStoredOperation(text)
  if (text === undefined || operation === undefined) return undefined
  const onDead: OnDead = record.skips?.includes(index) === true ? 'skip' : 'block'
  return {
    operation,
    priority,
    onDead,
    size: text.length,
    position: { priority, segment, index },
    state: { kind: 'queued' },
    attempts: [],
  }
}

/** Reads a stored operation; `undefined` when the text is damaged. */
export function parseStoredOperation(text: string): Operation | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isOperation(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** What was stored by this code is an operation if its skeleton is: the rest was checked at enqueue. */
function isOperation(value: unknown): value is Operation {
  return (
    isRecord(value) &&
    parseOperationId(value['id']) !== undefined &&
    typeof value['type'] === 'string' &&
    typeof value['version'] === 'number' &&
    typeof value['lane'] === 'string' &&
    typeof value['createdAtMs'] === 'number' &&
    value['payload'] !== undefined
  )
}
