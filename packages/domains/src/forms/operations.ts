/** Forms that people filled in, sent as they were: shared by page, service worker and server. */
import { defineLane, defineOperation, type AnyOperationDefinition, type OperationDefinition } from '@holdfast/core'
import * as v from 'valibot'
import { instant, listOf, recordId, strict, text } from '../schema-parts.ts'

/** A field's value: a list where the form has several controls of one name, or a choice of several. */
export type FormValue = string | readonly string[]

/** A form that was submitted. */
export type FormSubmission = {
  readonly id: string
  readonly fields: { readonly [name: string]: FormValue }
  readonly submittedAt?: string
  readonly metadata: { readonly formId: string; readonly type: 'form' }
}

/** The kind of entity that a submitted form is. */
export const submissionKind = 'form-submission'

/** Most fields of a form. */
export const formFieldsMax = 500

const formLane = defineLane('form', { priority: 'medium', onDead: 'skip' })
const line = v.pipe(v.string('must be text'), v.maxLength(20_000, 'must have at most 20000 characters'))

/** Submits a form. */
export const submitForm: OperationDefinition<FormSubmission> = defineOperation({
  type: 'forms.submission',
  version: 1,
  payload: v.strictObject(
    {
      id: recordId(),
      fields: v.pipe(
        v.record(text(200), v.union([line, listOf<string>(line, 0, 500)], 'must be text, or a list of texts')),
        v.check((fields) => Object.keys(fields).length <= formFieldsMax, `must have at most ${formFieldsMax} fields`),
      ),
      submittedAt: v.exactOptional(instant()),
      metadata: v.strictObject({ formId: text(100), type: v.literal('form', 'must be form') }, strict),
    },
    strict,
  ),
  lane: ({ metadata }) => formLane(metadata.formId),
  entity: ({ id }) => ({ kind: submissionKind, id }),
  policy: { conflict: 'manual' },
})

/** All operations of the pack. */
export const formOperations: readonly AnyOperationDefinition[] = [submitForm]

/**
 * The fields of a form's data: a name that stands once is text, one that stands several times is a list, in its order.
 * What is no text (a file) is left out: it travels as an attachment.
 */
export function fieldsOf(entries: Iterable<readonly [string, unknown]>): { readonly [name: string]: FormValue } {
  const fields = new Map<string, string | string[]>()
  for (const [name, value] of entries) {
    if (typeof value !== 'string') continue
    const before = fields.get(name)
    if (before === undefined) fields.set(name, value)
    else fields.set(name, typeof before === 'string' ? [before, value] : [...before, value])
  }
  return Object.fromEntries(fields)
}
