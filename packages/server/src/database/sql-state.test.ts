import { expect, test } from 'vitest'
import { isAboutStatement, isOutage } from './sql-state.ts'

const reported = (code: string, severity = 'ERROR') => Object.assign(new Error('as if'), { code, severity })

test('a statement with too many parameters is no outage, a pooler that ends the connection with the same state is', () => {
  const wrong = reported('08P01')
  const gone = reported('08P01', 'FATAL')
  expect([isOutage(wrong), isAboutStatement(wrong)]).toEqual([false, true])
  expect([isOutage(gone), isAboutStatement(gone)]).toEqual([true, false])
  expect(isOutage(reported('08006'))).toBe(true)
})
