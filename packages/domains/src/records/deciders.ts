/** What happens to customers, invoices and visits: pure deciders. */
import { describeIssues, isRecord } from '@holdfast/core'
import { applied, applyJsonPatch, applyMergePatch, decide, on, refused, type Handler } from '@holdfast/server'
import * as v from 'valibot'
import { createInvoice, customerSchema, patchCustomer, saveCustomer, updateSchedule } from './operations.ts'

/** The handlers of the pack. */
export const recordHandlers: readonly Handler[] = [
  on(
    saveCustomer,
    decide(({ payload }) => applied({ ...payload }, { ids: { customer: payload.id } })),
  ),
  on(
    patchCustomer,
    decide(({ payload: { customerId, format, patch } }, customer) => {
      if (customer === undefined) return refused(`There is no customer ${customerId} on the server.`)
      const patched =
        format === 'merge-patch' ? applyMergePatch(customer.state, patch) : applyJsonPatch(customer.state, patch)
      if (patched.kind === 'refused') return refused(patched.reason)
      const checked = v.safeParse(customerSchema, patched.value)
      if (!checked.success) {
        const issues = checked.issues.map(({ message, path }) => ({
          message,
          path: path?.map(({ key }) => String(key)),
        }))
        return refused(`The customer would not be one: ${describeIssues(issues)}`)
      }
      if (checked.output.id !== customerId) return refused('id: a patch must not make another customer of this one')
      return applied({ ...checked.output })
    }),
  ),
  on(
    createInvoice,
    decide(({ payload: invoice }, existing, { user }) => {
      if (existing !== undefined) return refused(`Invoice ${invoice.id} is on the server already.`)
      const sum = invoice.lines.reduce((cents, { amountCents }) => cents + amountCents, 0)
      if (sum !== invoice.totalCents) {
        return refused(`The total is ${invoice.totalCents} cents, but the lines come to ${sum} cents.`)
      }
      return applied({ ...invoice, createdBy: user }, { ids: { invoice: invoice.id } })
    }),
  ),
  on(
    updateSchedule,
    decide(({ payload: { id, visitId, ...change } }, visit) => {
      const before = isRecord(visit?.state) ? visit.state : { status: 'planned' }
      return applied({ ...before, ...change, id: visitId, lastUpdate: id })
    }),
  ),
]
