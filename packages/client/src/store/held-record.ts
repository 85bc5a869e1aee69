/** How a held entry is stored: with a copy of its body, found by id, listed by kind. */
import { isHeld, isRecord, priorities, type HeldState, type Operation } from '@holdfast/core'
import { textOf } from './operation-text.ts'
import { parseJson, parseStoredOperation } from './segment.ts'
import type { AttemptRecord, KeptBody, LiveEntry } from './store.ts'

/** A held entry as stored. */
export interface HeldRecord {
  readonly id: string
  /** The state's kind, for the index. */
  readonly kind: HeldState['kind']
  /** Two lines of JSON: what is known of the delivery, and the operation. */
  readonly text: string
}

/** Packs a held entry. */
export function packHeld({ operation, onDead, position, state, attempts, droppedAttempts }: LiveEntry): HeldRecord {
  if (!isHeld(state)) throw new RangeError(`a ${state.kind} entry is not held`)
  const head = JSON.stringify({ format: 1, onDead, position, state, attempts, droppedAttempts })
  return { id: operation.id, kind: state.kind, text: `${head}\n${textOf(operation)}` }
}

/** Reads a held entry; `undefined` when the record is damaged. */
export function unpackHeld(record: unknown): LiveEntry | undefined {
  if (!isRecord(record) || typeof record['text'] !== 'string') return undefined
  const [head = '', text = ''] = record['text'].split('\n')
  const header = parseJson(head)
  const operation = parseStoredOperation(text)
  if (operation === undefined || !isRecord(header)) return undefined
  const { state } = header
  const body = parseBody(header, operation)
  return body === undefined || !isStoredState(state) ? undefined : { ...body, size: text.length, state }
}

/** Reads what is stored beside an operation: its place, its attempts and what it does to its lane; `undefined` when damaged. */
export function parseBody(stored: { readonly [key: string]: unknown }, operation: Operation): KeptBody | undefined {
  const { onDead, position, attempts, droppedAttempts } = stored
  if (!isRecord(position) || !isAttempts(attempts)) return undefined
  const { segment, index } = position
  const priority = priorities.find((name) => name === position['priority'])
  if (priority === undefined || typeof segment !== 'number' || typeof index !== 'number') return undefined
  return {
    operation,
    priority,
    onDead: onDead === 'skip' ? 'skip' : 'block',
    position: { priority, segment, index },
    attempts,
    ...(typeof droppedAttempts === 'number' && { droppedAttempts }),
  }
}

/** What was stored by this code is a held state if its skeleton is. */
function isStoredState(value: unknown): value is HeldState {
  if (!isRecord(value) || typeof value['attempts'] !== 'number') return false
  switch (value['kind']) {
    case 'waiting':
      return typeof value['notBeforeMs'] === 'number' && isRecord(value['failure'])
    case 'conflicted':
      return isRecord(value['conflict'])
    case 'dead':
      return isRecord(value['reason'])
    default:
      return false
  }
}

function isAttempts(value: unknown): value is readonly AttemptRecord[] {
  return Array.isArray(value) && value.every((attempt) => isRecord(attempt) && typeof attempt['atMs'] === 'number')
}
