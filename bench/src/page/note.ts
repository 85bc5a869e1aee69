/** What every side stores and sends: an operation of about 400 bytes, as a small order would be. */
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

/** The type of a bench operation. */
export const noteType = 'note.add'

/** The operation that is measured; each note has a lane of its own. `batchMax` is the most that travel in one request. */
export function noteOperation(batchMax: number): OperationDefinition<Note> {
  return defineOperation({
    type: noteType,
    version: 1,
    payload: schema,
    lane: (note: Note) => noteLane(note.id),
    policy: { batch: { max: batchMax } },
  })
}

/** The first `count` notes, made before any clock starts. */
export function notesOf(count: number): readonly Note[] {
  const text = 'An order of a few items, as a waiter would take it at a table. '.repeat(4)
  return Array.from({ length: count }, (_, index) => ({ id: String(index), text }))
}
