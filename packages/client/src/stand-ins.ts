/**
 * Stand-ins: a payload that holds references is checked by its schema with a text in the place of each, and stored with
 * the references themselves. A schema thus sees text where the server will put an id, and knows nothing of references.
 */
import {
  isTagged,
  putReferences,
  replaceReferences,
  SyncError,
  type Json,
  type OperationId,
  type Reference,
} from '@holdfast/core'

/** A payload with texts in the place of its references. */
export interface StandIns {
  /** What the schema is to check. */
  readonly payload: unknown
  /** The operations whose ids it needs. */
  readonly parents: readonly OperationId[]
  /** True when a text was made from a stand-in: it would depend on an id that nobody knows yet. */
  readonly isIn: (text: string) => boolean
  /**
   * Puts the references back into what the schema made of the payload.
   *
   * @throws SyncError `invalid-payload` when the schema has changed or dropped one
   */
  readonly restore: (checked: Json) => Json
}

/**
 * Puts a text in the place of each reference, the same one for the same id; `undefined` when there are none.
 *
 * @param newText makes a text that stands nowhere else, such as a new operation id
 * @throws SyncError `invalid-payload` when something is marked as a reference and is none
 */
export function standIn(payload: unknown, type: string, newText: () => string): StandIns | undefined {
  if (!isTagged(payload)) return undefined
  const texts = new Map<string, string>()
  const references = new Map<string, Reference>()
  const replaced = replaceReferences(payload, (reference) => {
    const key = `${reference.operation} ${reference.name}`
    const text = texts.get(key) ?? newText()
    texts.set(key, text)
    references.set(text, reference)
    return text
  })
  if (isTagged(replaced)) {
    throw new SyncError(
      'invalid-payload',
      `The payload of "${type}" has a "$holdfast" that is no reference. Make references with \`ref\`, and use the key for nothing else.`,
    )
  }
  const isIn = (text: string): boolean => [...references.keys()].some((standing) => text.includes(standing))
  return {
    payload: replaced,
    parents: [...new Set([...references.values()].map(({ operation }) => operation))],
    isIn,
    restore: (checked) => {
      const restored = putReferences(checked, references)
      const text = JSON.stringify(restored)
      const lost = [...references.values()].find((reference) => !text.includes(JSON.stringify(reference)))
      if (lost === undefined && !isIn(text)) return restored
      throw new SyncError(
        'invalid-payload',
        `The schema of "${type}" changes the reference to "${lost?.name ?? 'an id'}". It must keep ids as they are: the server puts them in later.`,
      )
    },
  }
}
