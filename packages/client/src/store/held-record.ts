/** How a held entry is stored: with a copy of its body, found by id, listed by kind. */
import { isHeld, type HeldState, type OnDead, type Priority } from '@holdfast/core'
import { textOf } from './operation-text.ts'
import { parseStoredOperation } from './segment.ts'
import type { AttemptRecord, LiveEntry } from './store.ts'

/** A held entry as stored. */
export interface HeldRecord {
  readonly format: 1
  readonly id: string
  /** The state's kind, once more, for the index. */
  readonly kind: HeldState['kind']
  readonly text: string
  readonly priority: Priority
  readonly onDead: OnDead
  readonly segment: number
  readonly index: number
  readonly state: HeldState
  readonly attempts: readonly AttemptRecord[]
}

/** Packs a held entry; `undefined` when the entry is not held. */
export function packHeld(entry: LiveEntry): HeldRecord | undefined {
  const { operation, priority, onDead, position, state, attempts } = entry
  if (!isHeld(state)) return undefined
  return {
    format: 1,
    id: operation.id,
    kind: state.kind,
    text: textOf(operation),
    priority,
    onDead,
    segment: position.segment,
    index: position.index,
    state,
    attempts,
  }
}

/** Reads a held entry; `undefined` when its text is damaged. */
export function unpackHeld(record: HeldRecord): LiveEntry | undefined {
  const operation = parseStoredOperation(record.text)
  if (operation === undefined) return undefined
  const { priority, onDead, segment, index, state, attempts, text } = record
  return { operation, priority, onDead, size: text.length, position: { priority, segment, index }, state, attempts }
}
