/** What happens to submitted forms: they are kept as they came. */
import { applied, decide, on, refused, type Handler } from '@holdfast/server'
import { submitForm } from './operations.ts'

/** The handlers of the pack. */
export const formHandlers: readonly Handler[] = [
  on(
    submitForm,
    decide(({ payload }, existing, { user }) =>
      existing === undefined
        ? applied({ ...payload, submittedBy: user }, { ids: { submission: payload.id } })
        : refused(`Form ${payload.id} is on the server already.`),
    ),
  ),
]
