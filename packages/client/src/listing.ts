/** Listings: pages of entries for people to look at. Live ones in the order in which they need somebody, settled ones latest first. */
import { priorities } from '@holdfast/core'
import { viewOf, type EntryView } from './entry.ts'
import type { EntriesQuery } from './outbox.ts'
import { idOf, isLive, type Store, type StoredEntry } from './store/store.ts'

/** Listings never give more than this. */
export const listingMax = 500

/** What a listing of all live entries goes through, in this order. */
const heldKinds = ['dead', 'conflicted', 'waiting'] as const
const liveKinds: readonly string[] = [...heldKinds, 'queued']

/** The types that this release knows. */
type KnownTypes = Parameters<typeof viewOf>[1]

/** Lists entries; see `Outbox.entries`. */
export async function listEntries(
  store: Store,
  known: KnownTypes,
  { state, limit = 50, after }: EntriesQuery,
): Promise<readonly EntryView[]> {
  const most = Math.min(Math.max(1, limit), listingMax)
  const from = after === undefined ? undefined : await store.find(after.id)
  if (state === 'applied' || state === 'discarded') return settledEntries(store, known, state, most, from)
  // Read before the held ones: entries move from the log to those, and none is missed on its way.
  const queued: EntryView[] = []
  if (state === undefined || state === 'queued') await addQueued(store, known, queued, most, from)
  const views: EntryView[] = []
  for (const kind of heldKinds) {
    if (state !== undefined && state !== kind) continue
    // A listing of all kinds goes on with the kind that it had reached.
    if (state === undefined && from !== undefined && liveKinds.indexOf(kind) < liveKinds.indexOf(from.state.kind))
      continue
    const start = from?.state.kind === kind ? { after: idOf(from) } : {}
    const page = await store.readHeld(kind, { limit: most - views.length, ...start })
    views.push(...page.map((entry) => viewOf(entry, known)))
    if (views.length >= most) return views
  }
  const held = new Set(views.map(({ id }) => id))
  return [...views, ...queued.filter(({ id }) => !held.has(id))].slice(0, most)
}

async function settledEntries(
  store: Store,
  known: KnownTypes,
  kind: 'applied' | 'discarded',
  most: number,
  after: StoredEntry | undefined,
): Promise<readonly EntryView[]> {
  const views: EntryView[] = []
  let before = after !== undefined && !isLive(after) ? after : undefined
  for (;;) {
    const page = await store.readSettled({ limit: listingMax, ...(before !== undefined && { before }) })
    for (const entry of page) {
      if (entry.state.kind === kind) views.push(viewOf(entry, known))
      if (views.length >= most) return views
    }
    before = page.at(-1)
    if (page.length < listingMax || before === undefined) return views
  }
}

async function addQueued(
  store: Store,
  known: KnownTypes,
  views: EntryView[],
  most: number,
  after: StoredEntry | undefined,
): Promise<void> {
  const from = after !== undefined && isLive(after) && after.state.kind === 'queued' ? after.position : undefined
  const start = from === undefined ? 0 : priorities.indexOf(from.priority)
  for (const priority of priorities.slice(start)) {
    let cursor = from?.priority === priority ? from : undefined
    while (views.length < most) {
      const page = await store.readLog(priority, cursor, { entriesMax: most - views.length, bytesMax: 1 << 20 })
      views.push(...page.entries.map((entry) => viewOf(entry, known)))
      cursor = page.last ?? cursor
      if (page.isEnd) break
    }
  }
}
