/**
 * Signing out of a device, with what is not on the server yet: kept sealed, sent first, or discarded after the person
 * was told how many entries that are. What happens at the server (its cookie) is the app's own matter, after this.
 *
 *   signed in ──keep-sealed────────────▶ signed out, sealed
 *       ├──────flush-first── all sent ──▶ signed out
 *       │          └──────── some left ──▶ still signed in: the person chooses again
 *       └──────discard ── number right ──▶ signed out, nothing left on the device
 *                  └───── number wrong ──▶ still signed in: the person is told the right one
 */
import { SyncError, type OperationId } from '@holdfast/core'
import type { EntryView } from './entry.ts'
import { withRegistry } from './identity.ts'
import { listingMax } from './listing.ts'
import type { Outbox } from './outbox.ts'
import { shredKeys } from './sealing/key-ring.ts'
import { asStoreError } from './store/indexeddb-request.ts'
import { countWork, eraseBeside, eraseWork } from './store/kept-work.ts'
import { databaseName, isSameSession, type Session } from './store/registry.ts'

/** What is to become of the entries that are not on the server yet. */
export type SignOutChoice =
  /** They stay on the device, for this person alone. */
  | { readonly how: 'keep-sealed' }
  /** They are sent first. The signal limits how long that may take, as `AbortSignal.timeout(15_000)` does. */
  | { readonly how: 'flush-first'; readonly signal?: AbortSignal }
  /** They are lost. `count` is the number that the person was shown; with any other number nothing happens. */
  | { readonly how: 'discard'; readonly count: number; readonly signal?: AbortSignal }

/** What came of signing out. */
export type SignOutAnswer =
  | {
      readonly kind: 'signed-out'
      /** Entries that are kept on the device. */
      readonly sealed: number
      /** Discarded ones that the server has not confirmed: one that was on its way may have been applied. */
      readonly unconfirmed: number
    }
  /** Still signed in, because something could not be sent. */
  | {
      readonly kind: 'not-sent'
      readonly count: number
      /** The first of them, at most 50. */
      readonly entries: readonly EntryView[]
    }
  /** Still signed in, and nothing was erased: there is another number of entries than the person was told. */
  | { readonly kind: 'other-count'; readonly count: number }

/** What came of removing a sealed queue. */
export type RemovalAnswer =
  | { readonly kind: 'removed' }
  /** Nothing was removed: there is another number of entries than the person was told. */
  | { readonly kind: 'other-count'; readonly count: number }

/**
 * Signs the outbox's person out of this device and closes the outbox.
 *
 * @param application the name that the outbox was opened with
 * @throws SyncError `storage` or `closed`; then nobody was signed out
 * @example
 * const answer = await signOut('field-desk', outbox, { how: 'discard', count: 7 })
 * if (answer.kind === 'other-count') ask(answer.count)
 */
export async function signOut(
  application: string,
  outbox: Outbox,
  choice: SignOutChoice = { how: 'keep-sealed' },
): Promise<SignOutAnswer> {
  const name = databaseName(application, outbox.session)
  switch (choice.how) {
    case 'keep-sealed':
      break
    case 'flush-first': {
      await drainWithin(outbox, choice.signal)
      const count = await counted(name)
      if (count > 0) return { kind: 'not-sent', count, entries: await outbox.entries({ limit: 50 }) }
      break
    }
    case 'discard': {
      const count = await counted(name)
      return count === choice.count
        ? discardAndLeave(application, outbox, choice.signal)
        : { kind: 'other-count', count }
    }
  }
  await withRegistry(application, (registry) => registry.leave(outbox.session))
  await outbox.close()
  // Counted last: another tab may have stored something until now.
  return { kind: 'signed-out', sealed: await counted(name), unconfirmed: 0 }
}

/**
 * Removes the work of somebody who is not signed in from this device, for good. An act of its own that names how many
 * entries are lost; their owner can also sign in and decide.
 *
 * @throws SyncError `illegal-act` for whoever is signed in (that is `signOut`), `storage`
 */
export async function removeFromDevice(
  application: string,
  session: Session,
  { count }: { readonly count: number },
): Promise<RemovalAnswer> {
  return withRegistry(application, async (registry) => {
    const current = await registry.current()
    if (current !== undefined && isSameSession(current, session)) {
      throw new SyncError('illegal-act', 'This person is signed in. Sign out with the choice to discard instead.')
    }
    const held = await erased(databaseName(application, session), count)
    if (held !== count) return { kind: 'other-count', count: held }
    await eraseBeside(databaseName(application, session)).catch(rethrow)
    await shredKeys(application, session)
    await registry.forget(session)
    return { kind: 'removed' }
  })
}

/** Takes every entry back, tells the server as far as it answers, and erases what is left. */
async function discardAndLeave(
  application: string,
  outbox: Outbox,
  signal: AbortSignal | undefined,
): Promise<SignOutAnswer> {
  const own = new Set<OperationId>()
  for (const { id, isCancel } of await liveEntries(outbox)) {
    own.add(id)
    if (!isCancel) await discardUnlessSettled(outbox, id)
  }
  // Whoever leads has heard of it and sends none of them any more, only that they are discarded.
  await drainWithin(outbox, signal)
  const left = await liveEntries(outbox)
  const fresh = left.filter(({ id, isCancel }) => !isCancel && !own.has(id))
  if (fresh.length > 0) return { kind: 'other-count', count: left.length }
  const held = await erased(databaseName(application, outbox.session), left.length)
  if (held !== left.length) return { kind: 'other-count', count: held }
  await eraseBeside(databaseName(application, outbox.session)).catch(rethrow)
  await withRegistry(application, (registry) => registry.leave(outbox.session))
  await outbox.close()
  await shredKeys(application, outbox.session)
  await withRegistry(application, (registry) => registry.forget(outbox.session))
  return { kind: 'signed-out', sealed: 0, unconfirmed: held }
}

async function discardUnlessSettled(outbox: Outbox, id: OperationId): Promise<void> {
  try {
    await outbox.discard(id)
  } catch (error) {
    // It has reached the server in the meantime, or was discarded elsewhere.
    if (!(error instanceof SyncError && (error.code === 'illegal-act' || error.code === 'unknown-entry'))) throw error
  }
}

/** Sends what can be sent until the signal says that it is enough. What could not be sent is seen by counting. */
async function drainWithin(outbox: Outbox, signal: AbortSignal | undefined): Promise<void> {
  try {
    await outbox.drain(signal === undefined ? {} : { signal })
  } catch (error) {
    if (signal?.aborted !== true) throw error
  }
}

/** All live entries. Read to the end before anything is changed, which would move what a page continues after. */
async function liveEntries(outbox: Outbox): Promise<readonly EntryView[]> {
  const entries: EntryView[] = []
  for (let page = await outbox.entries({ limit: listingMax }); ;) {
    entries.push(...page)
    const after = page.at(-1)
    if (after === undefined || page.length < listingMax) return entries
    page = await outbox.entries({ limit: listingMax, after })
  }
}

async function counted(name: string): Promise<number> {
  return (await countWork(name).catch(rethrow)) ?? 0
}

async function erased(name: string, expected: number): Promise<number> {
  return eraseWork(name, expected).catch(rethrow)
}

function rethrow(error: unknown): never {
  throw asStoreError(error)
}
