/**
 * Replacements: what an operation that takes another one's place says, and where it stands. Pure.
 *
 * A replacement names everything that stood in its place before it and that the server has not answered: each of those
 * may be on its way to the server, now or much later, and only what the server has been told about stays without effect.
 */
import {
  earlierMax,
  isIdTaken,
  linksOf,
  needsNewIdToRetry,
  SyncError,
  type Operation,
  type OperationId,
  type Waiting,
} from '@holdfast/core'
import { isLive, type LiveEntry, type StoredEntry } from './store/store.ts'

/** The links of what takes an entry's place. */
export type Links = Pick<Operation, 'supersedes' | 'earlier'>

/**
 * The links of what takes a live entry's place.
 *
 * @throws SyncError `illegal-act` when it has been replaced so often without an answer that no more can be named
 */
export function linksTo({ operation, state }: LiveEntry): Links {
  // Another operation bears its id: to name that would be to replace a stranger, and to be told that it was applied.
  if (isIdTaken(state)) return linksOver(placeholdersOf(operation))
  // A recorded refusal was an answer: what came before it can have no effect any more.
  return linksOver([operation.id, ...(needsNewIdToRetry(state) ? [] : placeholdersOf(operation))])
}

/**
 * The links of what takes the place of the first of some ids, and of the others before it.
 *
 * @throws SyncError `illegal-act` when there are too many
 */
export function linksOver([supersedes, ...earlier]: readonly OperationId[]): Links {
  if (earlier.length > earlierMax) {
    throw new SyncError(
      'illegal-act',
      `It has been changed ${earlierMax} times without an answer from the server. Wait until it has been sent.`,
    )
  }
  return { ...(supersedes !== undefined && { supersedes }), ...(earlier.length > 0 && { earlier }) }
}

/**
 * The links of the news that an entry was taken back: what it was to replace is taken back with it. `undefined` when
 * there is nothing to tell: another operation bears its id, and nothing came before it.
 */
export function linksOfCancel({
  operation: { id, supersedes, resolves, earlier = [], absorbs = [] },
  state,
}: LiveEntry): Pick<Operation, 'cancel' | 'supersedes' | 'earlier' | 'absorbs'> | undefined {
  const before = [supersedes, resolves, ...earlier].filter((link) => link !== undefined)
  const told = isIdTaken(state) ? (before.length > 0 ? before : absorbs.slice(0, 1)) : [id, ...before]
  const [cancel, ...others] = told
  if (cancel === undefined) return undefined
  return { cancel, ...linksOver(others), ...(absorbs.length > 0 && { absorbs }) }
}

/** What an operation says besides whose place it takes: that is another matter for each version. */
export function contentOf(operation: Operation): Omit<Operation, 'id'> {
  const { id: _, supersedes: __, earlier: ___, ...content } = operation
  return content
}

/** Where a replacement stands: due at once, at the head of its lane or in line. */
export function placeOf(isInLine: boolean, nowMs: number): Waiting {
  return {
    kind: 'waiting',
    attempts: 0,
    notBeforeMs: nowMs,
    delayMs: 0,
    isAsked: false,
    failure: { cause: 'problem' },
    ...(isInLine && { isInLine }),
  }
}

/** True for an entry that was not tried yet: others of its lane may have to go before it, and before what replaces it. */
export function isUntried(entry: StoredEntry): boolean {
  if (!isLive(entry)) return false
  return entry.state.kind === 'queued' || (entry.state.kind === 'waiting' && entry.state.isInLine === true)
}

/** What an operation stands for besides what it cancels: the latter's own versions. */
export function placeholdersOf({ supersedes, earlier }: Operation): readonly OperationId[] {
  return linksOf({ ...(supersedes !== undefined && { supersedes }), ...(earlier !== undefined && { earlier }) })
}
