/** What happens to the work of an industry: its record is completed by the industry's row, and laid over what is there. */
import { isRecord } from '@holdfast/core'
import { applied, decide, on, type Handler } from '@holdfast/server'
import { industries, industryNames, workOperations } from './operations.ts'

/** The handlers of the pack. */
export const industryHandlers: readonly Handler[] = industryNames.map((name) =>
  on(
    workOperations[name],
    decide(({ payload }, work, { user }) => {
      const before = isRecord(work?.state) ? work.state : {}
      const { id, ...record } = payload
      return applied({
        ...industries[name].complete({ ...before, ...record }),
        industry: name,
        lastUpdate: id,
        updatedBy: user,
      })
    }),
  ),
)
