/** The JSON text of an operation, made once: its size is asked for several times on its way into the log. */
import type { Operation } from '@holdfast/core'

const texts = new WeakMap<Operation, string>()

/** The JSON of an operation. Operations are immutable, so the text is kept for as long as the object lives. */
export function textOf(operation: Operation): string {
  let text = texts.get(operation)
  if (text === undefined) {
    text = JSON.stringify(operation)
    texts.set(operation, text)
  }
  return text
}
