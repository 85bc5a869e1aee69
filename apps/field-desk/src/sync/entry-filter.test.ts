import type { EntryView } from '@holdfast/client'
import { parseOperationId } from '@holdfast/core'
import { expect, it } from 'vitest'
import { matching, noFilter } from './entry-filter.ts'

function entry(name: string, type: string, payload: EntryView['payload']): EntryView {
  const id = parseOperationId(name)
  if (id === undefined) throw new Error('no id')
  return {
    id,
    type,
    lane: `order:${name}`,
    state: { kind: 'queued' },
    createdAtMs: 1,
    ...(payload !== undefined && { payload }),
    attempts: [],
    droppedAttempts: 0,
    replaces: [],
    isParked: false,
    isCancel: false,
    isSkipped: false,
    canUndo: false,
  }
}

const soup = entry('aaaa-1111', 'pos.order', { notes: 'Window seat', items: [{ name: 'Soup', quantity: 2 }] })
const card = entry('bbbb-2222', 'payments.payment', { method: 'card', tableNumber: 12 })
const sent = entry('cccc-3333', 'pos.order', undefined)
const all = [soup, card, sent]
const ids = (filter: Partial<typeof noFilter>) => matching(all, { ...noFilter, ...filter }).map(({ id }) => id)

it('leaves the list as it is while nothing is looked for', () => {
  expect(matching(all, { ...noFilter, text: '  ' })).toBe(all)
})

it('finds by every word, in the name and in what people wrote', () => {
  expect(ids({ text: 'soup WINDOW' })).toEqual([soup.id])
  expect(ids({ text: 'soup card' })).toEqual([])
  expect(ids({ text: '3333' })).toEqual([sent.id])
  expect(ids({ text: '12' })).toEqual([card.id])
})

it('does not find the names of fields, which nobody wrote', () => {
  expect(ids({ text: 'quantity' })).toEqual([])
})

it('leaves one kind', () => {
  expect(ids({ type: 'pos.order' })).toEqual([soup.id, sent.id])
  expect(ids({ type: 'pos.order', text: 'window' })).toEqual([soup.id])
})
