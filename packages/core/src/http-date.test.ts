import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseHttpDate } from './http-date.ts'

const nowMs = Date.UTC(2026, 10, 20)
const second = (fromYear: number, toYear: number): fc.Arbitrary<number> =>
  fc
    .integer({ min: Date.UTC(fromYear, 0, 1) / 1000, max: Date.UTC(toYear + 1, 0, 1) / 1000 - 1 })
    .map((seconds) => seconds * 1000)

const parts = (atMs: number): { day: string; month: string; year: string; time: string; weekday: number } => {
  const [, day = '', month = '', year = '', time = ''] = new Date(atMs).toUTCString().split(' ')
  return { day, month, year, time, weekday: new Date(atMs).getUTCDay() }
}
const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']

describe('parseHttpDate', () => {
  it('reads the standard form as Date does, from year 1000 to 9999', () => {
    fc.assert(fc.property(second(1000, 9999), (atMs) => parseHttpDate(new Date(atMs).toUTCString(), nowMs) === atMs))
  })

  it('reads the form of RFC 850 as Date does, for 49 years back and 50 ahead', () => {
    fc.assert(
      fc.property(second(1977, 2076), (atMs) => {
        const { day, month, year, time, weekday } = parts(atMs)
        return parseHttpDate(`${weekdays[weekday]}, ${day}-${month}-${year.slice(2)} ${time} GMT`, nowMs) === atMs
      }),
    )
  })

  it('reads the form of asctime as Date does', () => {
    fc.assert(
      fc.property(second(1000, 9999), (atMs) => {
        const { day, month, year, time, weekday } = parts(atMs)
        const text = `${weekdays[weekday]?.slice(0, 3)} ${month} ${String(Number(day)).padStart(2)} ${time} ${year}`
        return parseHttpDate(text, nowMs) === atMs
      }),
    )
  })

  it('reads the three examples of RFC 9110 as one instant', () => {
    const atMs = Date.UTC(1994, 10, 6, 8, 49, 37)
    expect(parseHttpDate('Sun, 06 Nov 1994 08:49:37 GMT', nowMs)).toBe(atMs)
    expect(parseHttpDate('Sunday, 06-Nov-94 08:49:37 GMT', nowMs)).toBe(atMs)
    expect(parseHttpDate('Sun Nov  6 08:49:37 1994', nowMs)).toBe(atMs)
  })

  it('takes a year of two digits over the turn of a century', () => {
    const in2099 = Date.UTC(2099, 5, 1)
    expect(parseHttpDate('Monday, 01-Jan-01 00:00:00 GMT', in2099)).toBe(Date.UTC(2101, 0, 1))
    expect(parseHttpDate('Monday, 01-Jan-50 00:00:00 GMT', in2099)).toBe(Date.UTC(2050, 0, 1))
  })

  it('F035 takes a leap second for the second after it', () => {
    expect(parseHttpDate('Sat, 31 Dec 2016 23:59:60 GMT', nowMs)).toBe(Date.UTC(2017, 0, 1))
  })

  it.each([
    'Sun, 29 Feb 2026 00:00:00 GMT',
    'Sun, 31 Apr 2026 00:00:00 GMT',
    'Sun, 00 Jan 2026 00:00:00 GMT',
    'Sun, 01 Foo 2026 00:00:00 GMT',
    'Sun, 01 Jan 2026 24:00:00 GMT',
    'Sun, 01 Jan 2026 00:60:00 GMT',
    'Sun, 01 Jan 2026 00:00:61 GMT',
    'Sun, 01 Jan 2026 00:00:00 CET',
    'Sun, 1 Jan 2026 00:00:00 GMT',
    '2026-01-01T00:00:00Z',
    '',
    'soon',
  ])('refuses %j', (text) => {
    expect(parseHttpDate(text, nowMs)).toBeUndefined()
  })

  it('keeps leap days where the calendar has them', () => {
    expect(parseHttpDate('Tue, 29 Feb 2000 00:00:00 GMT', nowMs)).toBe(Date.UTC(2000, 1, 29))
    expect(parseHttpDate('Tue, 29 Feb 1900 00:00:00 GMT', nowMs)).toBeUndefined()
  })

  it('never throws, and gives an instant or nothing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const atMs = parseHttpDate(text, nowMs)
        return atMs === undefined || Number.isFinite(atMs)
      }),
    )
  })
})
