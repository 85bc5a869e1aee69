import { expect, test } from 'vitest'
import { parseChangesAnswer, parseFeedHead } from './changes.ts'

const change = (seq: number) => ({ seq, kind: 'note', id: 'n', version: seq, deleted: false, state: { seq } })
const page = { epoch: 'e1', head: 9, from: 3, changes: [change(4), change(5)] }

test('a page of changes is read with its states', () => {
  expect(parseChangesAnswer(JSON.parse(JSON.stringify(page)))).toEqual(page)
  const removed = { ...page, changes: [{ seq: 4, kind: 'note', id: 'n', version: 2, deleted: true }] }
  expect(parseChangesAnswer(removed)).toEqual(removed)
  expect(parseChangesAnswer({ ...page, from: 9, changes: [] })).toMatchObject({ changes: [] })
})

test('F020 a page with a gap, a repeat or another shape is no page', () => {
  const wrong: readonly unknown[] = [
    null,
    [],
    'x',
    {},
    { ...page, changes: [change(5)] },
    { ...page, changes: [change(4), change(4)] },
    { ...page, changes: [change(4), change(6)] },
    { ...page, head: 4 },
    { ...page, head: -1 },
    { ...page, epoch: 7 },
    { ...page, epoch: 'e'.repeat(201) },
    { ...page, from: 3.5 },
    { ...page, changes: {} },
    { ...page, changes: [{ ...change(4), deleted: 'no' }] },
    { ...page, changes: [{ ...change(4), id: undefined }] },
    { ...page, changes: [{ ...change(4), version: '4' }] },
    { ...page, changes: [4] },
  ]
  for (const value of wrong) expect(parseChangesAnswer(value), JSON.stringify(value)).toBeUndefined()
})

test('where a feed stands is read alone too', () => {
  expect(parseFeedHead({ epoch: '', head: 0 })).toEqual({ epoch: '', head: 0 })
  expect(parseFeedHead({ epoch: '', head: Number.MAX_VALUE })).toBeUndefined()
  expect(parseFeedHead('e:1')).toBeUndefined()
})
