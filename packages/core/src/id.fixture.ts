/** Ids for tests, from plain text. */
import { parseOperationId, type OperationId } from './id.ts'

/** The text as an operation id; throws where it is none, so that a test cannot go on with nonsense. */
export function idOf(text: string): OperationId {
  const id = parseOperationId(text)
  if (id === undefined) throw new RangeError(`not an operation id: ${text}`)
  return id
}
