import type { SyncStatus } from '@holdfast/client'
import { describe, expect, test } from 'vitest'
import { parsePageMessage, statusMessageOf } from './status-messages.ts'

const quiet: SyncStatus = {
  pending: 0,
  needsYou: 0,
  counts: { queued: 0, waiting: 0, conflicted: 0, dead: 0 },
  sending: 0,
  sendingIds: [],
  progress: { done: 0, total: 0 },
  connectivity: 'online',
  circuit: 'closed',
  authentication: 'ok',
  paused: { isAll: false, types: [] },
  manual: { isAll: false, types: [] },
  warning: undefined,
  nextAttemptAtMs: undefined,
  acknowledgedAtMs: undefined,
  durable: true,
  storage: { kind: 'ok', kept: 0, damaged: 0 },
  isLeader: false,
}

describe('R156 sync-status messages', () => {
  test.each<[string, Partial<SyncStatus>, 'idle' | 'syncing' | 'error']>([
    ['nothing pending is idle', {}, 'idle'],
    ['offline with entries pending is idle, not an error', { pending: 3, connectivity: 'offline' }, 'idle'],
    ['entries in flight are syncing', { pending: 3, sending: 2 }, 'syncing'],
    ['a server that does not answer is an error', { pending: 1, connectivity: 'server-unreachable' }, 'error'],
    ['a captive portal is an error', { pending: 1, connectivity: 'captive' }, 'error'],
    ['a missing sign-in is an error', { pending: 1, authentication: 'required' }, 'error'],
    ['somebody else signed in is an error', { pending: 1, authentication: 'other' }, 'error'],
    ['an unreachable server with nothing to send is idle', { connectivity: 'server-unreachable' }, 'idle'],
    ['an entry that needs a person is an error', { needsYou: 1 }, 'error'],
  ])('%s', (_, change, status) => {
    const message = statusMessageOf({ ...quiet, ...change })
    expect(message).toEqual({ type: 'sync-status', status, pending: change.pending ?? 0 })
  })
})

describe('F084 messages from pages', () => {
  test('a request for a sync has the default tag when it names none', () => {
    expect(parsePageMessage({ type: 'request-sync' }, 'data-sync')).toEqual({ type: 'request-sync', tag: 'data-sync' })
    expect(parsePageMessage({ type: 'request-sync', tag: 'x' }, 'data-sync')).toEqual({
      type: 'request-sync',
      tag: 'x',
    })
  })

  test.each([
    undefined,
    null,
    'request-sync',
    [],
    {},
    { type: 'sync-status', status: 'idle', pending: 0 },
    { type: 'request-sync', tag: 7 },
    { type: 'request-sync', tag: 'x'.repeat(201) },
    { type: ['request-sync'] },
  ])('anything else is dropped: %j', (value) => {
    expect(parsePageMessage(value, 'data-sync')).toBeUndefined()
  })
})
