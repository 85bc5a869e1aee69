import { parseOperationId } from '@holdfast/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeMessage, parseMessage, type Message } from './messages.ts'

const id = parseOperationId('some-id')
const messages: readonly Message[] = [
  { kind: 'joined' },
  { kind: 'stored', priorities: ['high', 'low'], count: 2 },
  { kind: 'acted' },
  { kind: 'paused' },
  { kind: 'leading' },
  { kind: 'authenticated' },
  { kind: 'settled', ids: id === undefined ? [] : [id] },
  { kind: 'drain', request: 'r' },
  { kind: 'drain', request: 'r', types: ['a'] },
  { kind: 'drain', request: 'r', isAutomatic: true },
  { kind: 'drained', request: 'r', report: { a: { synced: [], failed: [], remaining: 0, errors: [] } } },
  {
    kind: 'status',
    status: {
      counts: { queued: 1, waiting: 2, conflicted: 3, dead: 4 },
      sendingIds: id === undefined ? [] : [id],
      progress: { done: 1, total: 2 },
      connectivity: 'captive',
      circuit: 'closed',
      authentication: 'required',
      paused: { isAll: true, types: ['note.add'] },
      warning: 'overdue',
      nextAttemptAtMs: 5,
      acknowledgedAtMs: undefined,
    },
  },
]

describe('messages between contexts', () => {
  test.each(messages)('$kind survives the channel', (message) => {
    expect(parseMessage(structuredClone(encodeMessage(message)))).toEqual(message)
  })

  test('F084 whatever else is posted is dropped and harms nothing', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(parseMessage(value)).toBeUndefined()
      }),
    )
    const kinds = fc.constantFrom(...messages.map(({ kind }) => kind))
    const shape = fc.record({
      holdfast: fc.constant(1),
      kind: kinds,
      ids: fc.anything(),
      status: fc.anything(),
      report: fc.anything(),
    })
    fc.assert(fc.property(shape, (value) => void parseMessage(value)))
  })

  test('F084 a list of ids without an end and a count below zero are dropped', () => {
    const endless = Array.from({ length: 10_001 }, () => 'some-id')
    expect(parseMessage({ holdfast: 1, kind: 'settled', ids: endless })).toBeUndefined()
    expect(parseMessage({ holdfast: 1, kind: 'settled', ids: endless.slice(1) })).toBeDefined()
    expect(parseMessage({ holdfast: 1, kind: 'stored', priorities: [], count: -1 })).toBeUndefined()
  })
})
