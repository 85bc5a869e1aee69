/** What every bench stores and sends: an operation of about 400 bytes, as a small order would be. */
import { defineLane, defineOperation, type OperationDefinition, type Schema } from '@holdfast/core'

/** The payload of a bench operation. */
export interface Note {
  readonly id: string
  readonly text: string
}

const schema: Schema<Note> = {
  '~standard': {
    version: 1,
    vendor: 'bench',
    validate: (value) =>
      typeof value === 'object' && value !== null && 'id' in value && 'text' in value
        ? { value: { id: String(value.id), text: String(value.text) } }
        : { issues: [{ message: 'expected a note' }] },
  },
}

const noteLane = defineLane('note')

/** The operation that is measured; each note has a lane of its own. `max` is the largest batch. */
export function noteOperation(max: number): OperationDefinition<Note> {
  return defineOperation({
    type: 'note.add',
    version: 1,
    payload: schema,
    lane: (note: Note) => noteLane(note.id),
    policy: { batch: { max } },
  })
}

/** The n-th note. */
export function noteOf(index: number): Note {
  return { id: String(index), text: 'An order of a few items, as a waiter would take it at a table. '.repeat(4) }
}
