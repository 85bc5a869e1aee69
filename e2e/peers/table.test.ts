import { describe, expect, test } from 'vitest'
import { faults } from './faults.ts'
import { subjects } from './subject.ts'
import { tableOf, type CellResult } from './table.ts'
import { tallyOf } from './tally.ts'

const kill = faults.filter(({ key }) => key === 'kill-before')
const pair = subjects.filter(({ page }) => page === 'holdfast' || page === 'workbox')
const nothing = tallyOf([], { effects: [], stored: [], held: [], told: [] })

const cell = (subject: string, more: Partial<CellResult> = {}): CellResult => ({
  fault: 'kill-before',
  subject,
  tally: nothing,
  quietAfterMs: 1000,
  isReopened: true,
  requests: 1,
  tookMs: 1,
  ...more,
})

describe('the table', () => {
  test('adds the rounds of a cell up, and says in how many of them something went wrong', () => {
    const table = tableOf(kill, pair, [
      cell('holdfast'),
      cell('holdfast'),
      cell('workbox', { tally: { ...nothing, lost: 1 } }),
      cell('workbox', { tally: { ...nothing, lost: 2 } }),
      cell('workbox'),
    ])
    expect(table).toContain('| each once, in order | **3 lost**, in 2 of 3 rounds |')
    expect(table).toContain('**0 / 0 / 0 / 0**; 1 of 1 faults clean | **3 / 0 / 0 / 0**; 0 of 1 faults clean')
  })

  test('says nothing of rounds when there was one', () => {
    expect(tableOf(kill, pair, [cell('workbox', { tally: { ...nothing, lost: 1 } })])).toContain('| – | **1 lost** |')
  })

  test('a round that the harness could not finish is never shown as clean', () => {
    expect(tableOf(kill, pair, [cell('holdfast'), cell('holdfast', { error: 'no page\nat x' })])).toContain(
      'not measured: no page',
    )
  })
})
