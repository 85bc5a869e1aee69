import type { EntryView } from '@holdfast/client'
import { parseOperationId } from '@holdfast/core'
import { expect, it } from 'vitest'
import { timelineOf } from './timeline.ts'

const noon = new Date(2026, 10, 20, 12, 0).getTime()
const id = parseOperationId('a')
if (id === undefined) throw new Error('no id')
const entry: EntryView = {
  id,
  type: 'pos.order',
  lane: 'order:a',
  state: { kind: 'waiting', attempts: 2, notBeforeMs: noon + 300_000, isAsked: false, failure: { cause: 'timeout' } },
  createdAtMs: noon - 120_000,
  attempts: [
    { atMs: noon - 110_000, failure: { cause: 'busy', status: 503 } },
    { atMs: noon - 60_000, failure: { cause: 'timeout' } },
  ],
  droppedAttempts: 0,
  replaces: [],
  isParked: false,
  isCancel: false,
  isSkipped: false,
  canUndo: false,
}

it('tells what happened in the words of people, and what comes next', () => {
  expect(timelineOf(entry, noon)).toEqual([
    { atMs: noon - 120_000, text: 'saved on this device' },
    { atMs: noon - 110_000, text: 'tried: the server was busy' },
    { atMs: noon - 60_000, text: 'tried: the server did not answer in time' },
    { atMs: undefined, text: 'tries again at 12:05' },
  ])
})

it('I12 has no arrival before the entry is applied', () => {
  const texts = timelineOf(entry, noon).map(({ text }) => text)
  expect(texts).not.toContain('on the server')
  const applied = timelineOf(
    { ...entry, state: { kind: 'applied', applied: { outcome: 'applied' } }, settledAtMs: noon },
    noon,
  )
  expect(applied.at(-1)).toEqual({ atMs: noon, text: 'on the server' })
})
