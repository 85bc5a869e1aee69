import { expect, it } from 'vitest'
import { clockTime, dueTime, waitedFor } from './time.ts'

const noon = new Date(2026, 10, 20, 12, 0).getTime()
const minuteMs = 60_000
const dayMs = 24 * 60 * minuteMs

it('says the hour today, the weekday this week, and the date beyond', () => {
  expect(clockTime(noon + 125 * minuteMs, noon)).toBe('14:05')
  expect(clockTime(noon - 3 * dayMs, noon)).toBe('Tue 12:00')
  expect(clockTime(noon - 20 * dayMs, noon)).toBe('31 Oct 12:00')
})

it('promises no minute that is not a minute away', () => {
  expect(dueTime(noon - 5, noon)).toBe('in a moment')
  expect(dueTime(noon + 59_999, noon)).toBe('in a moment')
  expect(dueTime(noon + 5 * minuteMs, noon)).toBe('at 12:05')
})

it('counts hours for three days and then days', () => {
  expect(waitedFor(26 * 60 * minuteMs)).toBe('26 hours')
  expect(waitedFor(3 * dayMs)).toBe('3 days')
  expect(waitedFor(31.9 * dayMs)).toBe('31 days')
})
