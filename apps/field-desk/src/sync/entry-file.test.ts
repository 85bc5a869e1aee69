import type { EntryView } from '@holdfast/client'
import { parseOperationId } from '@holdfast/core'
import { expect, it } from 'vitest'
import { csvCell, csvFileOf, jsonFileOf } from './entry-file.ts'

const id = parseOperationId('aaaa-1111')
if (id === undefined) throw new Error('no id')
const entry: EntryView = {
  id,
  type: 'pos.order',
  lane: 'order:aaaa-1111',
  state: { kind: 'queued' },
  createdAtMs: 0,
  payload: { notes: 'two\nlines, "quoted"' },
  attempts: [],
  droppedAttempts: 3,
  replaces: [],
  isParked: false,
  isCancel: false,
  isSkipped: false,
  canUndo: false,
}

it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1'])(
  'F086 a cell that begins like a formula is text: %j',
  (text) => {
    expect(csvCell(text)).toBe(`"'${text}"`)
  },
)

it('F086 line breaks, commas and quotes stay inside their cell', () => {
  const [head, line, rest] = csvFileOf([entry], () => '=HYPERLINK("x")').split('\r\n')
  expect(head).toBe('"Name","Kind","Where it is","Made","Settled","Tries","Content","Identifier"')
  expect(line).toBe(
    `"Order 1111","Order","'=HYPERLINK(""x"")","1970-01-01T00:00:00.000Z","","3","{""notes"":""two\\nlines, \\""quoted\\""""}","aaaa-1111"`,
  )
  expect(rest).toBe('')
})

it('the JSON file says what it is and holds the entries whole', () => {
  expect(JSON.parse(jsonFileOf([entry], 5))).toEqual({
    format: 'field-desk-entries',
    version: 1,
    madeAtMs: 5,
    entries: [JSON.parse(JSON.stringify(entry))],
  })
})
