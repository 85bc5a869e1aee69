/** What people call an entry, and what they see of its body. */
import type { EntryView } from '@holdfast/client'
import { orderIdOf, shortName } from '../orders/order-rows.ts'
import { retryOf } from '../operations.ts'
import { kindWords } from '../words/center-words.ts'
import { syncWords } from '../words/words.ts'

/** What the things of a type are called: "Order". */
export function kindName(type: string): string {
  return (retryOf(type) === undefined ? undefined : kindWords[type]) ?? syncWords.unknownKind
}

/** The name of an entry: "Order A3F2", or that it takes one back. */
export function entryName(entry: Pick<EntryView, 'type' | 'lane' | 'isCancel'>): string {
  const kind = kindName(entry.type)
  if (kind === syncWords.unknownKind) return kind
  const name = `${kind} ${shortName(orderIdOf(entry))}`
  return entry.isCancel ? syncWords.takingBack(name) : name
}
