import type { SyncStatus } from '@holdfast/client'
import { describe, expect, it } from 'vitest'
import { pillOf } from './pill.ts'

const noon = new Date(2026, 10, 20, 13, 59).getTime()
const resting: SyncStatus = {
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
  acknowledgedAtMs: noon,
  durable: true,
  storage: { kind: 'ok', kept: 0, damaged: 0 },
  isLeader: true,
}
const textOf = (change: Partial<SyncStatus>, isSending = false) =>
  pillOf({ ...resting, ...change }, isSending, noon).text

it('says nothing of what it does not know yet', () => {
  expect(pillOf(undefined, false, noon).text).toBe('Opening…')
})

it('I12 says that all is on the server only after the server has acknowledged something', () => {
  expect(textOf({})).toBe('All on the server · 13:59')
  expect(textOf({ acknowledgedAtMs: undefined })).toBe('Nothing waiting')
  expect(textOf({ pending: 1 })).toBe('1 waiting')
})

describe('the most serious state wins', () => {
  // Each line adds something more serious to the line before.
  const steps: [string, Partial<SyncStatus>][] = [
    ['4 waiting', { pending: 4 }],
    ['Offline · 4 waiting', { connectivity: 'offline' }],
    ['Server not reachable · 4 waiting', { connectivity: 'server-unreachable' }],
    ['Wi-Fi wants a sign-in · 4 waiting', { connectivity: 'captive' }],
    ['Sign in to send 4', { authentication: 'required' }],
    ['2 need you', { needsYou: 2 }],
    ['Not kept on this device', { durable: false }],
  ]
  it.each(steps.map(([text], index) => [text, index] as const))('%s', (text, index) => {
    const change = steps.slice(0, index + 1).reduce<Partial<SyncStatus>>((all, [, step]) => ({ ...all, ...step }), {})
    expect(textOf(change)).toBe(text)
  })
})

it('counts what is being sent, and never past the end', () => {
  expect(textOf({ pending: 5, progress: { done: 2, total: 7 } }, true)).toBe('Sending 3 of 7')
  expect(textOf({ pending: 1, progress: { done: 0, total: 0 } }, true)).toBe('Sending 1 of 1')
  expect(textOf({ pending: 0, progress: { done: 7, total: 7 } }, true)).toBe('All on the server · 13:59')
})

it('leaves out a count of nothing', () => {
  expect(textOf({ connectivity: 'offline' })).toBe('Offline')
  expect(textOf({ authentication: 'other' })).toBe('Signed out')
  expect(textOf({ needsYou: 1 })).toBe('1 needs you')
})
