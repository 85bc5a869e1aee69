/** Reads the three date forms of HTTP without a Date object, so that the core stays free of clocks. */

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

// "Sun, 06 Nov 1994 08:49:37 GMT", the form that servers should send.
const imfFixdate = /^[a-z]{3}, (\d{2}) ([a-z]{3}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) gmt$/i
// "Sunday, 06-Nov-94 08:49:37 GMT", obsolete, with a year of two digits.
const rfc850 = /^[a-z]{6,9}, (\d{2})-([a-z]{3})-(\d{2}) (\d{2}):(\d{2}):(\d{2}) gmt$/i
// "Sun Nov  6 08:49:37 1994", obsolete, from C's asctime.
const asctime = /^[a-z]{3} ([a-z]{3}) ([ \d]\d) (\d{2}):(\d{2}):(\d{2}) (\d{4})$/i

/**
 * The instant of an HTTP-date in ms since 1970, or `undefined` when it is none of the three forms or no real time.
 *
 * @param nowMs needed only for years of two digits, which mean the latest such year not over 50 years ahead
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7
 */
export function parseHttpDate(text: string, nowMs: number): number | undefined {
  const standard = imfFixdate.exec(text)
  if (standard !== null) {
    const [, day, month, year, hour, minute, second] = standard
    return instant(Number(year), month, day, hour, minute, second)
  }
  const obsolete = rfc850.exec(text)
  if (obsolete !== null) {
    const [, day, month, year, hour, minute, second] = obsolete
    return instant(fullYear(Number(year), nowMs), month, day, hour, minute, second)
  }
  const c = asctime.exec(text)
  if (c !== null) {
    const [, month, day, hour, minute, second, year] = c
    return instant(Number(year), month, day, hour, minute, second)
  }
  return undefined
}

function instant(
  year: number,
  monthName: string | undefined,
  day: string | undefined,
  hour: string | undefined,
  minute: string | undefined,
  second: string | undefined,
): number | undefined {
  const month = months.indexOf((monthName ?? '').toLowerCase()) + 1
  const [d, h, m, s] = [Number(day), Number(hour), Number(minute), Number(second)]
  // A second of 60 is a leap second, which RFC 9110 allows.
  if (month === 0 || d < 1 || d > daysIn(year, month) || h > 23 || m > 59 || s > 60) return undefined
  return ((daysFromCivil(year, month, d) * 24 + h) * 60 + m) * 60_000 + s * 1000
}

function fullYear(twoDigits: number, nowMs: number): number {
  const thisYear = 1970 + Math.floor(nowMs / 31_556_952_000)
  const latest = thisYear + 50
  return latest - ((latest - twoDigits) % 100)
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

/**
 * Days from 1970-01-01 in the proleptic Gregorian calendar, counting years from March so that the leap day is last.
 *
 * @see https://howardhinnant.github.io/date_algorithms.html#days_from_civil
 */
function daysFromCivil(year: number, month: number, day: number): number {
  const marchYear = month <= 2 ? year - 1 : year
  const era = Math.floor(marchYear / 400)
  const yearOfEra = marchYear - era * 400
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}
