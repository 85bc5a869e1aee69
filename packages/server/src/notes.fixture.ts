/** A tiny domain for tests: notes with a counter, so that an effect that happens twice shows. */
import {
  defineLane,
  defineOperation,
  isRecord,
  parseOperationId,
  type ConflictStrategy,
  type Json,
  type OperationDefinition,
  type OperationId,
  type Schema,
  type WireOperation,
} from '@holdfast/core'
import { applied, decide, on, refused, type Handler } from './handler.ts'

/** What every operation on notes carries. */
export interface NoteChange {
  readonly id: string
  readonly text?: string
  readonly add?: number
}

/** A Standard Schema for note changes. */
const noteSchema: Schema<NoteChange> = {
  '~standard': {
    version: 1,
    vendor: 'tests',
    validate: (value) => {
      if (!isRecord(value) || typeof value['id'] !== 'string')
        return { issues: [{ message: 'must have an id', path: ['id'] }] }
      const { id, text, add } = value
      if (text !== undefined && typeof text !== 'string')
        return { issues: [{ message: 'must be text', path: ['text'] }] }
      if (add !== undefined && typeof add !== 'number')
        return { issues: [{ message: 'must be a number', path: ['add'] }] }
      return { value: { id, ...(text !== undefined && { text }), ...(add !== undefined && { add }) } }
    },
  },
}

const noteLane = defineLane('note')

function noteOperation(type: string, conflict: ConflictStrategy): OperationDefinition<NoteChange> {
  return defineOperation({
    type,
    version: 2,
    payload: noteSchema,
    lane: ({ id }) => noteLane(id),
    entity: ({ id }) => ({ kind: 'note', id }),
    policy: { conflict },
    upgrade: (_from, payload) =>
      isRecord(payload) ? { id: payload['name'] ?? null, text: payload['text'] ?? null } : payload,
  })
}

/** Makes a note that does not exist yet; refuses one that does. */
export const createNote: OperationDefinition<NoteChange> = noteOperation('note.create', 'manual')
/** Changes text and counter, by strategy. */
export const changeNote: OperationDefinition<NoteChange> = noteOperation('note.change', 'manual')
/** As changeNote; the device wins. */
export const changeNoteClientWins: OperationDefinition<NoteChange> = noteOperation('note.change-client', 'client_wins')
/** As changeNote; the server wins. */
export const changeNoteServerWins: OperationDefinition<NoteChange> = noteOperation('note.change-server', 'server_wins')
/** As changeNote; merge rules are not given. */
export const changeNoteMerge: OperationDefinition<NoteChange> = noteOperation('note.change-merge', 'merge')
/** Removes a note. */
export const removeNote: OperationDefinition<NoteChange> = noteOperation('note.remove', 'manual')
/** Has a bug in its decider. */
export const breakNote: OperationDefinition<NoteChange> = noteOperation('note.break', 'manual')

const change = decide<NoteChange>(({ payload: { id, text, add = 0 } }, entity) => {
  if (add < 0) return refused('The counter only goes up.')
  const state = isRecord(entity?.state) ? entity.state : { count: 0 }
  const count = typeof state['count'] === 'number' ? state['count'] + add : add
  const next: { readonly [key: string]: Json } = { id, count, ...textOf(text ?? state['text']) }
  return applied(next, { ids: { note: id } })
})

function textOf(text: unknown): { readonly text?: string } {
  return typeof text === 'string' ? { text } : {}
}

/** All handlers of notes. */
export const noteHandlers: readonly Handler[] = [
  on(
    createNote,
    decide(({ payload: { id, text, add = 0 } }, entity) => {
      if (entity !== undefined) return refused(`There is a note ${id} already.`)
      return applied({ id, count: add, ...textOf(text) })
    }),
  ),
  on(changeNote, change),
  on(changeNoteClientWins, change),
  on(changeNoteServerWins, change),
  on(changeNoteMerge, change),
  on(
    removeNote,
    decide((_operation, entity) => (entity === undefined ? refused('There is no such note.') : applied(null))),
  ),
  on(
    breakNote,
    decide(() => {
      throw new TypeError('a bug in a decider')
    }),
  ),
]

/** Reads an operation id that a test wrote. */
export function idOf(text: string): OperationId {
  const id = parseOperationId(text)
  if (id === undefined) throw new TypeError(`not an operation id: ${text}`)
  return id
}

/** An operation on a note as a client would send it. */
export function noteOp(
  id: string,
  definition: { readonly type: string },
  payload: { readonly [key: string]: Json } & { readonly id: string },
  more: Partial<Omit<WireOperation, 'id' | 'type' | 'payload'>> = {},
): WireOperation {
  return {
    id: idOf(id),
    type: definition.type,
    version: 2,
    lane: `note:${payload.id}`,
    entity: { kind: 'note', id: payload.id },
    payload,
    ageMs: 0,
    ...more,
  }
}
