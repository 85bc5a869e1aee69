/**
 * Entries in line: held ones that took the place of a queued entry and were not tried yet. The window puts them back
 * among the queued entries, where they stand, so that they neither overtake what is before them nor block it. Pure.
 */
import type { Priority } from '@holdfast/core'
import type { LiveEntry, LogPage, Position } from './store/store.ts'
import { isBefore } from './window-entry.ts'

/** True for a held entry that stands in line. */
export function standsInLine({ state }: LiveEntry): boolean {
  return state.kind === 'waiting' && state.isInLine === true
}

/** A page of the log that was read from behind `after`, with the entries in line that stand in that part of it. */
export function withInLine(
  page: LogPage,
  priority: Priority,
  after: Position | undefined,
  inLine: readonly LiveEntry[],
): LogPage {
  const joining = inLine.filter(({ position }) => {
    if (position.priority !== priority || (after !== undefined && !isBefore(after, position))) return false
    return page.isEnd || (page.last !== undefined && !isBefore(page.last, position))
  })
  if (joining.length === 0) return page
  const entries = [...page.entries, ...joining].toSorted((left, right) =>
    isBefore(left.position, right.position) ? -1 : 1,
  )
  const reached = entries.at(-1)?.position
  const isFurther = reached !== undefined && (page.last === undefined || isBefore(page.last, reached))
  return { ...page, entries, last: isFurther ? reached : page.last }
}
