/** Notes: a small app for tests of acts. Its server refuses what says so, until it is told otherwise. */
import { defineLane, defineOperation, type FinalOutcome, type Json, type Schema } from '@holdfast/core'
import { openOutboxWith } from './open-outbox.ts'
import type { Outbox } from './outbox.ts'
import { openMemoryStore, type MemoryDisk } from './store/memory-store.ts'
import { openMemoryRegistry } from './store/memory-registry.ts'
import type { Store } from './store/store.ts'
import type { World } from './world.fixture.ts'

/** A note about a subject. */
export interface Note {
  readonly subject: string
  readonly text: string
}

const noteSchema: Schema<Note> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) =>
      typeof value === 'object' && value !== null && 'subject' in value && 'text' in value
        ? { value: { subject: String(value.subject), text: String(value.text) } }
        : { issues: [{ message: 'expected a note' }] },
  },
}

const noteLane = defineLane('note')

/** The one type of operation: a lane per subject. */
export const addNote = defineOperation({
  type: 'note.add',
  version: 1,
  payload: noteSchema,
  lane: (note: Note) => noteLane(note.subject),
})

/** A tab of the app; `wrap` gives its store a fault. */
export function openNotes(
  world: World,
  disk: MemoryDisk,
  wrap: (store: Store) => Store = (store) => store,
): Promise<Outbox> {
  const environment = world.environment()
  return openOutboxWith(
    {
      environment,
      openStore: () => Promise.resolve(wrap(openMemoryStore(disk))),
      openRegistry: () => Promise.resolve(openMemoryRegistry(environment.random)),
    },
    {
      name: 'test',
      operations: [addNote],
      session: { tenant: 'north', user: 'ana' },
      transport: world.server.transport(),
    },
  )
}

/** A note. */
export function note(text: string, subject = 'a'): Note {
  return { subject, text }
}

/** The texts that took effect, in their order. */
export function textsOf(world: World): readonly (Json | undefined)[] {
  return world.server.effects.map(({ payload }) =>
    typeof payload === 'object' && payload !== null && 'text' in payload ? payload['text'] : undefined,
  )
}

/** Refuses a note with this text. */
export function refusing(text: string): (operation: { readonly payload: Json }) => FinalOutcome {
  return ({ payload }) =>
    JSON.stringify(payload).includes(`"${text}"`)
      ? { outcome: 'rejected', problem: { type: 'urn:x', title: 'No', status: 422, detail: 'Not sold any more.' } }
      : { outcome: 'applied', version: 1 }
}
