/** Every entry that is kept on this device, read page by page. */
import type { EntriesQuery, EntryView, Outbox } from '@holdfast/client'

const pageMax = 500

/** Live entries, then settled ones. */
export async function allEntries(outbox: Pick<Outbox, 'entries'>): Promise<readonly EntryView[]> {
  const found = new Map<string, EntryView>()
  for (const query of [{}, { state: 'applied' }, { state: 'discarded' }] as const satisfies EntriesQuery[]) {
    let after: EntryView | undefined
    do {
      const page: readonly EntryView[] = await outbox.entries({
        ...query,
        limit: pageMax,
        ...(after !== undefined && { after }),
      })
      // Read later, and truer: an entry may have been settled since.
      for (const entry of page) found.set(entry.id, entry)
      after = page.length < pageMax ? undefined : page.at(-1)
    } while (after !== undefined)
  }
  return [...found.values()]
}
