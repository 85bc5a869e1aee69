/**
 * A person's acts on single entries: retry, edit, discard, skip. What has to be told to the server becomes an operation
 * of its own that takes the entry's place in its lane; taking acts back is in undo.ts.
 */
import {
  findJsonFault,
  needsNewIdToRetry,
  SyncError,
  type AnyOperationDefinition,
  type Operation,
  type OperationId,
} from '@holdfast/core'
import { carryOut, illegal, liveEntry, storedEntry, type ActGround } from './act.ts'
import { newId } from './new-id.ts'
import type { EditOptions } from './outbox.ts'
import { prepare } from './prepare.ts'
import { contentOf, linksOfCancel, linksTo } from './replacement.ts'
import type { UpdateReport } from './store/store.ts'

/** The longest reason for a discard, in characters. */
const reasonMax = 500

/** Tries an entry again: at once, or under a new id where the server's ledger keeps a refusal of the old one. */
export async function retryEntry(ground: ActGround, id: OperationId): Promise<readonly UpdateReport[]> {
  const entry = await liveEntry(ground, id, 'retry')
  if (!needsNewIdToRetry(entry.state)) return carryOut(ground, [{ entry, event: { kind: 'retry' } }])
  const by = newId(ground.environment)
  const replacement: Operation = { ...contentOf(entry.operation), id: by, ...linksTo(entry) }
  return carryOut(ground, [{ entry, event: { kind: 'supersede', by }, replacement }])
}

/** Puts another payload in an entry's place. */
export async function editEntry(
  ground: ActGround,
  definitions: ReadonlyMap<string, AnyOperationDefinition>,
  id: OperationId,
  payload: unknown,
  options: EditOptions,
): Promise<readonly UpdateReport[]> {
  const entry = await liveEntry(ground, id, 'edit')
  const { type, lane, createdAtMs, after, traceparent, resolves, absorbs, cancel, base: baseBefore } = entry.operation
  if (cancel !== undefined) throw illegal(entry, 'edit', 'it is the news of a discard')
  const definition = definitions.get(type)
  if (definition === undefined) {
    throw new SyncError('unknown-type', `"${type}" is not among the operations this outbox was opened with.`)
  }
  const by = newId(ground.environment)
  const base = options.base ?? baseBefore
  const { operation } = await prepare(
    definition,
    payload,
    {
      id: by,
      ...(base !== undefined && { base }),
      ...(after !== undefined && { after }),
      ...(traceparent !== undefined && { traceparent }),
    },
    ground.environment,
  )
  await assertKnown(ground, operation.after?.filter((parent) => after?.includes(parent) !== true) ?? [])
  if (operation.lane !== lane) {
    throw new SyncError(
      'illegal-act',
      `An edit stays in its lane, "${lane}"; this payload belongs to "${operation.lane}". Discard the entry and enqueue a new one.`,
    )
  }
  const replacement: Operation = {
    ...operation,
    createdAtMs,
    ...(resolves !== undefined && { resolves }),
    ...(absorbs !== undefined && { absorbs }),
    ...linksTo(entry),
  }
  return carryOut(ground, [{ entry, event: { kind: 'supersede', by }, replacement, keepsBody: true }])
}

/** What an edited payload refers to anew must be stored here: a slip would wait for ever. */
async function assertKnown({ store }: ActGround, parents: readonly OperationId[]): Promise<void> {
  for (const parent of parents) await storedEntry(store, parent)
}

/** Takes an entry back and tells the server so. */
export async function discardEntry(
  ground: ActGround,
  id: OperationId,
  reason: string | undefined,
): Promise<readonly UpdateReport[]> {
  const entry = await liveEntry(ground, id, 'discard')
  const { type, version, lane, entity, cancel: cancelled } = entry.operation
  if (cancelled !== undefined) throw illegal(entry, 'discard', 'it is the news of a discard')
  if (reason !== undefined && (reason.length > reasonMax || findJsonFault(reason) !== undefined)) {
    throw new SyncError('invalid-payload', `A reason is at most ${reasonMax} characters of text that can be stored.`)
  }
  const { environment } = ground
  const by = newId(environment)
  const event = { kind: 'discard', by, ...(reason !== undefined && { reason }) } as const
  const links = linksOfCancel(entry)
  if (links === undefined) return carryOut(ground, [{ entry, event, keepsBody: true }])
  const replacement: Operation = {
    id: by,
    type,
    version,
    lane,
    payload: null,
    createdAtMs: environment.clock.now(),
    ...links,
    ...(entity !== undefined && { entity }),
  }
  return carryOut(ground, [{ entry, event, replacement, keepsBody: true }])
}

/** Lets the lane of a dead letter or a conflict go on without it. The entry stays where it is, for a person to settle. */
export async function skipEntry(ground: ActGround, id: OperationId): Promise<readonly UpdateReport[]> {
  const entry = await liveEntry(ground, id, 'skip')
  return carryOut(ground, [{ entry, event: { kind: 'skip' }, onDead: 'skip' }])
}
