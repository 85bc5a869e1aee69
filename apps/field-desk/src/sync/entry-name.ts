/** What people call an entry, and what they see of its body. */
import type { EntryView } from '@holdfast/client'
import { orderIdOf, shortName } from '../orders/order-rows.ts'
import { retryOf } from '../operations.ts'
import { orderWords, syncWords } from '../words/words.ts'

/** The name of an entry: "Order A3F2", or that it takes one back. */
export function entryName(entry: Pick<EntryView, 'type' | 'lane' | 'isCancel'>): string {
  if (retryOf(entry.type) === undefined) return syncWords.unknownKind
  const name = orderWords.name(shortName(orderIdOf(entry)))
  return entry.isCancel ? syncWords.takingBack(name) : name
}
