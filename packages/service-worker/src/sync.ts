/**
 * What happens in a `sync` event: everything that its tag stands for is sent, by this worker when no tab is open, and
 * otherwise by whichever tab leads, whose progress is then watched.
 *
 * The event is only a hint from the browser, and its promise is a hint back: it resolves when nothing sendable is left
 * and rejects otherwise, so that the browser comes again. When it will not (`lastChance`), the tag is armed anew.
 */
import type { EntryView, Outbox, Pause } from '@holdfast/client'
import { Bell } from './bell.ts'
import type { LeasedOutbox } from './lease.ts'

/** Types of operations by tag. A tag that is not listed stands for everything. */
export type TagTypes = { readonly [tag: string]: readonly string[] }

/** How long a sync event goes on without progress before the browser is asked to come again, ms. */
const patienceMs = 15_000

/** How long it goes on at most, ms: Chromium ends a worker's event after about three minutes. */
const eventMaxMs = 150_000

/** Entries read at once when looking for what is left of some types. */
const pageSize = 200

/** Work is left that the browser should come again for. */
export class NotDrainedError extends Error {
  override readonly name = 'NotDrainedError'
}

/** The types that a tag stands for; `undefined` for everything. */
export function typesOf(tag: string, tags: TagTypes): readonly string[] | undefined {
  return Object.hasOwn(tags, tag) ? tags[tag] : undefined
}

/** What an event is to send. */
export interface EventWish {
  /** Default: everything. */
  readonly types?: readonly string[] | undefined
  /** True when nobody asked for it but the browser: what is sent by hand stays. */
  readonly isAutomatic: boolean
}

/**
 * Sends what is due of some types (of all, without `types`) and stays while there is progress.
 *
 * @throws NotDrainedError when sendable entries are left
 */
export async function drainInEvent({ outbox, retired }: LeasedOutbox, wish: EventWish): Promise<void> {
  // The browser need not come again for what somebody holds back.
  if (heldBackOf(outbox, wish).some(({ isAll }) => isAll)) return
  const { types, isAutomatic } = wish
  const stop = new AbortController()
  const signal = AbortSignal.any([stop.signal, retired])
  const progress = watchProgress(outbox, signal, () => stop.abort())
  try {
    // One drain only: it passes over the entries' own backoff, so that repeating it would hammer a server in trouble.
    await untilAborted(outbox.drain({ ...(types !== undefined && { types }), isAutomatic, signal }), signal)
    while (!signal.aborted && (await isSendable(outbox, wish))) await progress.next()
  } finally {
    progress.stop()
  }
  // Somebody else is signed in now: what is left waits sealed, and no event can send it.
  if (!retired.aborted && (await isSendable(outbox, wish))) {
    throw new NotDrainedError(
      `Entries are left to send (${outbox.status().pending} pending); the browser is asked to come again.`,
    )
  }
}

/** True when entries are left that could go without anybody's help: a missing sign-in needs a person. */
async function isSendable(outbox: Outbox, wish: EventWish): Promise<boolean> {
  const back = heldBackOf(outbox, wish)
  if (outbox.status().authentication !== 'ok' || back.some(({ isAll }) => isAll)) return false
  const isWanted = ({ type, isParked }: EntryView): boolean =>
    !isParked && wish.types?.includes(type) !== false && !back.some((held) => held.types.includes(type))
  for (const state of ['queued', 'waiting'] as const) {
    if (await holdsAny(outbox, state, isWanted)) return true
  }
  return false
}

/** What this event leaves alone. */
function heldBackOf(outbox: Outbox, { isAutomatic }: EventWish): readonly Pause[] {
  const { paused, manual } = outbox.status()
  return isAutomatic ? [paused, manual] : [paused]
}

/** Asks the store itself: a status may be a moment old. */
async function holdsAny(
  outbox: Outbox,
  state: 'queued' | 'waiting',
  isWanted: (entry: EntryView) => boolean,
): Promise<boolean> {
  let page = await outbox.entries({ state, limit: pageSize })
  for (;;) {
    if (page.some(isWanted)) return true
    const after = page.at(-1)
    if (after === undefined || page.length < pageSize) return false
    page = await outbox.entries({ state, limit: pageSize, after })
  }
}

/** Watches the status, and gives up when it shows no progress for too long or when the event gets too old. */
function watchProgress(outbox: Outbox, signal: AbortSignal, giveUp: () => void) {
  const bell = new Bell()
  const wake = () => bell.ring()
  let seen = markOf(outbox)
  let patience = setTimeout(giveUp, patienceMs)
  const limit = setTimeout(giveUp, eventMaxMs)
  const unsubscribe = outbox.subscribe(() => {
    const mark = markOf(outbox)
    if (mark === seen) return
    seen = mark
    clearTimeout(patience)
    patience = setTimeout(giveUp, patienceMs)
    wake()
  })
  signal.addEventListener('abort', wake)
  return {
    /** Resolves after the next progress, or when it is over. */
    next: () => bell.next(),
    stop: () => {
      clearTimeout(patience)
      clearTimeout(limit)
      unsubscribe()
      signal.removeEventListener('abort', wake)
    },
  }
}

/** What counts as progress: fewer pending entries, or a fresh acknowledgement, or a sign-in that is missing. */
function markOf(outbox: Outbox): string {
  const { pending, acknowledgedAtMs, authentication } = outbox.status()
  return `${pending} ${acknowledgedAtMs ?? ''} ${authentication}`
}

/** Resolves when the work does or the signal is aborted, whichever is first; rejects only with the work's own error. */
async function untilAborted(work: Promise<unknown>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await Promise.race([
    work.catch((error: unknown) => {
      if (!signal.aborted) throw error
    }),
    new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true })),
  ])
}
