/** Which entries a person wants to see. Pure. */
import type { EntryView } from '@holdfast/client'
import type { Json } from '@holdfast/core'
import { entryName } from './entry-name.ts'

/** The parts of the page that a filter may leave alone on it. */
export const shownStates = ['needs-you', 'waiting', 'on-server', 'discarded'] as const

/** A part of the page. */
export type ShownState = (typeof shownStates)[number]

/** What is looked for. */
export interface EntryFilter {
  /** Words; an entry matches when it has all of them. */
  readonly text: string
  /** A type, or the empty text for all. */
  readonly type: string
  readonly state: ShownState | 'all'
}

/** Looks for nothing in particular. */
export const noFilter: EntryFilter = { text: '', type: '', state: 'all' }

/** Whether anything is looked for inside the parts of the page. */
export function isLooking({ text, type }: EntryFilter): boolean {
  return text.trim() !== '' || type !== ''
}

/** The entries that match, by their name and by what people wrote into them. */
export function matching(entries: readonly EntryView[], filter: EntryFilter): readonly EntryView[] {
  if (!isLooking(filter)) return entries
  const words = filter.text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '')
  return entries.filter((entry) => {
    if (filter.type !== '' && entry.type !== filter.type) return false
    const text = `${entryName(entry)} ${textOf(entry.payload)}`.toLowerCase()
    return words.every((word) => text.includes(word))
  })
}

/** Everything that can be read in a payload; names of fields are not. */
function textOf(value: Json | undefined): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return String(value)
  if (typeof value !== 'object' || value === null) return ''
  return Object.values(value).map(textOf).join(' ')
}
