/** Tabs of one person in the small world, for tests of several contexts. */
import { defineLane, defineOperation, type Lane, type OperationDefinition, type Schema } from '@holdfast/core'
import type { Environment } from './environment.ts'
import { openOutboxWith } from './open-outbox.ts'
import type { Outbox } from './outbox.ts'
import type { OnAuthRequired } from './sign-in-request.ts'
import { openMemoryStore, type MemoryDisk } from './store/memory-store.ts'
import { openMemoryRegistry, type MemoryRegistryDisk } from './store/memory-registry.ts'
import type { Transport } from './transport/transport.ts'
import type { World } from './world.fixture.ts'

const text: Schema<string> = {
  '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value: String(value) }) },
}
/** The lane of notes. */
export const calm: (id: string) => Lane = defineLane('calm')
const urgent = defineLane('urgent', { priority: 'high' })
/** Adds a note; all notes with the same text share a lane. */
export const addNote: OperationDefinition<string> = defineOperation({
  type: 'note.add',
  version: 1,
  payload: text,
  lane: calm,
})
/** Adds an alarm, which is urgent. */
export const addAlarm: OperationDefinition<string> = defineOperation({
  type: 'alarm.add',
  version: 1,
  payload: text,
  lane: urgent,
})

/** What is different about a tab. */
export interface TabOptions {
  readonly transport?: Transport
  readonly registry?: MemoryRegistryDisk
  readonly environment?: Environment
  readonly onAuthRequired?: OnAuthRequired
}

/** Opens a tab of one person. */
export function openTab(
  world: World,
  disk: MemoryDisk,
  { transport, registry, environment = world.environment(), onAuthRequired }: TabOptions = {},
): Promise<Outbox> {
  return openOutboxWith(
    {
      environment,
      openStore: () => Promise.resolve(openMemoryStore(disk)),
      openRegistry: () => Promise.resolve(openMemoryRegistry(environment.random, registry)),
    },
    {
      name: 'test',
      operations: [addNote, addAlarm],
      session: { tenant: 'north', user: 'ana' },
      transport: transport ?? world.server.transport(),
      ...(onAuthRequired !== undefined && { onAuthRequired }),
    },
  )
}
