/** A small type of operation for the tests of this package. */
import { defineLane, defineOperation, isRecord, type OperationDefinition, type Schema } from '@holdfast/core'

/** A note. */
export interface Note {
  readonly text: string
  readonly id?: string
}

const schema: Schema<Note> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) => {
      if (!isRecord(value) || typeof value['text'] !== 'string') return { issues: [{ message: 'expected a text' }] }
      const { text, id } = value
      return { value: typeof id === 'string' ? { text, id } : { text } }
    },
  },
}

const noteLane = defineLane('note')

/** Adds a note. */
export const addNote: OperationDefinition<Note> = defineOperation({
  type: 'note.add',
  version: 1,
  payload: schema,
  lane: ({ id }) => noteLane(id ?? 'all'),
})

/** Adds a note to another pile. */
export const addMemo: OperationDefinition<Note> = defineOperation({
  type: 'memo.add',
  version: 1,
  payload: schema,
  lane: ({ id }) => noteLane(`memo-${id ?? 'all'}`),
})
