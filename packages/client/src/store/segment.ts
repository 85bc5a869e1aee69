/**
 * Segments: groups of entries that were appended together, one record each, never rewritten.
 *
 * A key says where a segment stands and how many entries it holds, so that counting needs no bodies:
 * `sequence × 1024 + count`. The highest sequence of a log is never given up: when its last segment is deleted, a
 * placeholder takes over the sequence, so that no position is ever used twice. Placeholders end in 1023, just below the
 * next sequence: the range that deletes the segment behind one takes the placeholder along.
 *
 * A record is text of lines. The first is a header, each other one the JSON of an operation (JSON has no raw line
 * breaks), so that one record is one string to copy and what is settled is never parsed.
 */
import {
  isRecord,
  parseOperationId,
  type OnDead,
  type Operation,
  type Priority,
  type Queued,
  type QueuedOperation,
} from '@holdfast/core'
import { textOf } from './operation-text.ts'
import type { AttemptRecord, LiveEntry, Position } from './store.ts'

/** Most entries in a segment. */
export const segmentEntriesMax = 128
/** Most UTF-16 code units in a segment; one entry alone may be larger. */
export const segmentSizeMax: number = 128 * 1024

const span = 1024
const placeholderSlot = span - 1

/** The key of a segment. */
export function segmentKey(sequence: number, count: number): number {
  return sequence * span + count
}

/** The key of what keeps a sequence when its segment is deleted. */
export function placeholderKey(sequence: number): number {
  return sequence * span + placeholderSlot
}

/** The sequence in a key. */
export function sequenceOf(key: number): number {
  return Math.floor(key / span)
}

/** The number of entries in a key's segment; a placeholder has none. */
export function countOf(key: number): number {
  const slot = key % span
  return slot === placeholderSlot ? 0 : slot
}

/** The first key of the range that deletes a segment: just low enough for a placeholder before it. */
export function deletionStart(key: number): number {
  return sequenceOf(key) * span - 1
}

/** Where a reader of this segment goes on when the last position looked at is `after`. */
export function indexAfter(after: Position | undefined, key: number): number {
  return after?.segment === key ? after.index + 1 : 0
}

/** True when nothing of the segment stands behind the position. */
export function isLastOfSegment({ segment, index }: Position): boolean {
  return index >= countOf(segment) - 1
}

/** An entry on its way into a segment. */
export interface SegmentItem {
  readonly queued: QueuedOperation
  /** Its place in the group: the same operation may stand in a group twice. */
  readonly nth: number
  /** Its JSON. */
  readonly text: string
}

/** Cuts what a group has for one priority into segments' worth of entries. */
export function cutIntoSegments(
  group: readonly QueuedOperation[],
  priority: Priority,
): readonly (readonly SegmentItem[])[] {
  const segments: SegmentItem[][] = []
  let current: SegmentItem[] = []
  let size = 0
  for (const [nth, queued] of group.entries()) {
    if (queued.priority !== priority) continue
    const text = textOf(queued.operation)
    size += text.length
    if (current.length === 0 || current.length >= segmentEntriesMax || size > segmentSizeMax) {
      current = []
      segments.push(current)
      size = text.length
    }
    current.push({ queued, nth, text })
  }
  return segments
}

/** Packs entries into the text of a record. */
export function packSegment(items: readonly SegmentItem[]): string {
  const skips = items.flatMap(({ queued }, index) => (queued.onDead === 'skip' ? [index] : []))
  const lines = [JSON.stringify({ format: 1, ...(skips.length > 0 && { skips }) })]
  for (const { text } of items) lines.push(text)
  return lines.join('\n')
}

/** A record, cut into lines but not parsed. */
export interface Segment {
  readonly priority: Priority
  readonly key: number
  /** The JSON of each operation. */
  readonly texts: readonly string[]
  readonly skips: readonly number[]
}

/** Opens a record; `undefined` when it is damaged. It stays where it is: nothing is deleted for that. */
export function openSegment(priority: Priority, key: number, record: unknown): Segment | undefined {
  if (typeof record !== 'string') return undefined
  const [head = '', ...texts] = record.split('\n')
  const header = parseJson(head)
  if (!isRecord(header) || texts.length !== countOf(key)) return undefined
  const { skips } = header
  return { priority, key, texts, skips: Array.isArray(skips) ? skips.filter((index) => typeof index === 'number') : [] }
}

/** An entry of a segment, as queued; `undefined` when its text is damaged. */
export function entryAt({ priority, key, texts, skips }: Segment, index: number): LiveEntry | undefined {
  const text = texts[index]
  const operation = text === undefined ? undefined : parseStoredOperation(text)
  if (text === undefined || operation === undefined) return undefined
  const onDead: OnDead = skips.includes(index) ? 'skip' : 'block'
  return queuedEntry({ operation, priority, onDead }, text.length, { priority, segment: key, index })
}

const queuedState: Queued = { kind: 'queued' }
const noAttempts: readonly AttemptRecord[] = []

/** An entry as it stands in the log. */
export function queuedEntry(
  { operation, priority, onDead }: QueuedOperation,
  size: number,
  position: Position,
): LiveEntry {
  return { operation, priority, onDead, size, position, state: queuedState, attempts: noAttempts }
}

/** Reads a stored operation; `undefined` when the text is damaged. */
export function parseStoredOperation(text: string): Operation | undefined {
  const value = parseJson(text)
  return isStoredOperation(value) ? value : undefined
}

/** Reads JSON; `undefined` when the text is damaged. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** What was stored by this code is an operation if its skeleton is: the rest was checked at enqueue. */
export function isStoredOperation(value: unknown): value is Operation {
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
