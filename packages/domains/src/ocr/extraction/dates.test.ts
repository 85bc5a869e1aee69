import { describe, expect, it } from 'vitest'
import { chooseDate, chooseDueDate } from './choose-date.ts'
import { findDates } from './dates.ts'
import { linesOf } from './sheet.fixture.ts'

const first = (line: string): string | undefined => findDates(line, true)[0]?.readings[0]?.iso

it.each([
  ['Date: 23/08/2025', '2025-08-23'],
  ['23-08-25', '2025-08-23'],
  ['23.08.2025', '2025-08-23'],
  ['2025-08-23', '2025-08-23'],
  ['2025/8/3 10:15', '2025-08-03'],
  ['2025年8月23日', '2025-08-23'],
  ['23 AUG 2025', '2025-08-23'],
  ['23-Aug-25', '2025-08-23'],
  ['23AUG2025', '2025-08-23'],
  ['3rd August 2025', '2025-08-03'],
  ['Aug 23, 2025', '2025-08-23'],
  ['August 3rd, 2025', '2025-08-03'],
  ['05. Oktober 2025', '2025-10-05'],
  ['5 de mayo de 2025', '2025-05-05'],
  ['14 août 2025', '2025-08-14'],
  ['2 Ogos 2025', '2025-08-02'],
  ['Date 20250823', '2025-08-23'],
  ['08/23/2025', '2025-08-23'],
  ["23/08'25", '2025-08-23'],
])('reads "%s"', (line, iso) => {
  expect(first(line)).toBe(iso)
})

it('reads a date whose space before the time was lost', () => {
  expect(first('23/08/2514:35')).toBe('2025-08-23')
  expect(first('23/08/202514:35')).toBe('2025-08-23')
  expect(first('23AUG202514:35')).toBe('2025-08-23')
})

it('reads letters between separators as the digits that they look like', () => {
  expect(first('Date 23/O8/2025')).toBe('2025-08-23')
})

it.each(['31/02/2025', '45/13/2025', 'Tel 03-6263-6977', '192.168.10.20', 'Total 12.50', 'Lot 11995-12-2'])(
  'finds no date in "%s"',
  (line) => {
    expect(first(line)).toBeUndefined()
  },
)

it('takes eight digits for a date only beside a label', () => {
  expect(findDates('Order 20250823', false)).toEqual([])
})

describe('of several dates', () => {
  const context = { countryOrder: undefined, today: '2026-01-31' } as const
  const chosen = (text: string): string | undefined => chooseDate(linesOf(text), context)?.iso

  it('takes the labelled one', () => {
    expect(chosen('Member since 01/01/2019\nDate: 23/08/2025\nReturn before 22/09/2025')).toBe('2025-08-23')
  })

  it('takes the one beside a time over one without', () => {
    expect(chosen('GST approval 01/04/2015\n23/08/2025 14:35')).toBe('2025-08-23')
  })

  it('takes none that is still to come', () => {
    expect(chosen('23/08/2027\n24/08/2025')).toBe('2025-08-24')
    expect(chosen('Date 23/08/2027')).toBeUndefined()
  })

  it('finds the label in the line above', () => {
    expect(chosen('Valid until 30/09/2025 or so\nDate Time Cashier\n23/08/2025 14:35 7')).toBe('2025-08-23')
  })

  it('takes the due date for what it is', () => {
    const lines = linesOf('Invoice date 23/08/2025\nDue date 22/09/2025')
    expect(chooseDate(lines, context)?.iso).toBe('2025-08-23')
    expect(chooseDueDate(lines, context)?.iso).toBe('2025-09-22')
  })
})

describe('three numbers that may be read in two ways', () => {
  const chosen = (text: string, countryOrder: 'day-first' | 'month-first' | undefined) =>
    chooseDate(linesOf(text), { countryOrder, today: '2026-01-31' })

  it('are read day first, and flagged', () => {
    expect(chosen('Date 03/04/2025', undefined)).toMatchObject({ iso: '2025-04-03', others: ['2025-03-04'] })
  })

  it('are read as the country writes them, without a flag', () => {
    expect(chosen('Date 03/04/2025', 'month-first')).toMatchObject({ iso: '2025-03-04', others: [] })
  })

  it('are read as another date of the document proves', () => {
    expect(chosen('Date 03/04/2025\nPosted 23/04/2025', undefined)).toMatchObject({ iso: '2025-04-03', others: [] })
  })
})
