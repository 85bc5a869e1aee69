import type { SyncStatus } from '@holdfast/client'
import { parseOperationId, problem, type DeliveryState, type Failure } from '@holdfast/core'
import { describe, expect, it } from 'vitest'
import { placeOrder } from '../operations.ts'
import { labelOf, type LabelContext, type LabelledEntry } from './entry-label.ts'

const nowMs = new Date(2026, 10, 20, 14, 0).getTime()
const minuteMs = 60_000
const dayMs = 24 * 60 * minuteMs
const busy: Failure = { cause: 'busy', status: 503 }
const by = parseOperationId('by')
if (by === undefined) throw new Error('no id')

const states = {
  queued: { kind: 'queued' },
  waiting: { kind: 'waiting', attempts: 1, notBeforeMs: nowMs + 5 * minuteMs, isAsked: false, failure: busy },
  conflicted: { kind: 'conflicted', attempts: 1, conflict: { outcome: 'conflict' } },
  dead: { kind: 'dead', attempts: 6, reason: { kind: 'attempts', failure: busy } },
  applied: { kind: 'applied', applied: { outcome: 'applied' } },
  discarded: { kind: 'discarded', cause: 'person', by, isCertain: true },
} as const satisfies Record<DeliveryState['kind'], DeliveryState>

const online: LabelContext = { nowMs, isSending: false, connectivity: 'online', authentication: 'ok' }
const entry = (state: DeliveryState, more: Partial<LabelledEntry> = {}): LabelledEntry => ({
  type: placeOrder.type,
  state,
  createdAtMs: nowMs - minuteMs,
  attempts: [],
  isParked: false,
  isSkipped: false,
  isCancel: false,
  canUndo: false,
  ...more,
})
const say = (state: DeliveryState, context: Partial<LabelContext> = {}, more: Partial<LabelledEntry> = {}) => {
  const { label, sentence } = labelOf(entry(state, more), { ...online, ...context })
  return `${label} | ${sentence}`
}

type Connectivity = SyncStatus['connectivity']

describe('every state, by the way to the server', () => {
  const saved = 'Saved on this device'
  const expected: Record<DeliveryState['kind'], Record<Connectivity, string>> = {
    queued: {
      unknown: `${saved} | Goes out next.`,
      online: `${saved} | Goes out next.`,
      offline: `${saved} | Goes out when you are back online.`,
      'server-unreachable': `${saved} | Goes out when the server can be reached again.`,
      captive: `${saved} | Goes out when this Wi-Fi lets you through.`,
    },
    waiting: {
      unknown: 'Tries again at 14:05 | The server was busy. Try 2 of 6.',
      online: 'Tries again at 14:05 | The server was busy. Try 2 of 6.',
      offline: `${saved} | Goes out when you are back online.`,
      'server-unreachable': `${saved} | Goes out when the server can be reached again.`,
      captive: `${saved} | Goes out when this Wi-Fi lets you through.`,
    },
    conflicted: everywhere('Needs you: changed in two places | Somebody changed it while this was on its way.'),
    dead: everywhere('Needs you: 6 tries failed | The server was busy.'),
    applied: everywhere('On the server | Since 14:00.'),
    discarded: everywhere('Discarded by you, 14:00 | '),
  }
  for (const [kind, state] of Object.entries(states)) {
    for (const [connectivity, words] of Object.entries(expected[state.kind])) {
      it(`${kind}, ${connectivity}`, () => {
        const known = (['unknown', 'online', 'offline', 'server-unreachable', 'captive'] as const).find(
          (name) => name === connectivity,
        )
        expect(say(state, { connectivity: known ?? 'unknown' })).toBe(words)
      })
    }
  }
})

describe('I12 nothing but an applied entry is ever said to be on the server', () => {
  const contexts: Partial<LabelContext>[] = [
    {},
    { isSending: true },
    { connectivity: 'offline' },
    { authentication: 'required' },
    { authentication: 'other' },
  ]
  for (const state of Object.values(states)) {
    it(state.kind, () => {
      for (const context of contexts) {
        expect(say(state, context).startsWith('On the server')).toBe(state.kind === 'applied')
      }
    })
  }
})

it('says who must sign in, and offers it', () => {
  expect(say(states.queued, { authentication: 'required' })).toBe('Saved on this device | Sign in again to send it.')
  expect(say(states.waiting, { authentication: 'other' })).toContain('goes out when you sign in again')
  expect(labelOf(entry(states.queued), { ...online, authentication: 'required' }).acts).toEqual(['sign-in'])
})

it('says what is paused, and what goes out by hand only', () => {
  const orders = { isAll: false, types: [placeOrder.type] }
  const all = { isAll: true, types: [] }
  const paused = 'Saved on this device | Sending is paused. It goes out when you resume it.'
  expect(say(states.queued, { paused: orders })).toBe(paused)
  expect(say(states.waiting, { paused: all, connectivity: 'offline' })).toBe(paused)
  expect(say(states.queued, { paused: { isAll: false, types: ['other'] } })).toContain('Goes out next.')
  expect(say(states.queued, { manual: all })).toBe('Saved on this device | Goes out when you send it.')
  expect(say(states.queued, { manual: all, connectivity: 'offline' })).toContain('back online')
  expect(labelOf(entry(states.queued), { ...online, manual: orders }).acts).toEqual(['send-now'])
})

it('F047 says of what a newer release wrote that it is kept, and offers the update alone', () => {
  const label = labelOf(entry(states.queued, { isParked: true }), { ...online, connectivity: 'offline' })
  expect(label.label).toBe('Needs the new version')
  expect(label.sentence).toBe(
    'This was made by a newer version of the app. It is kept here and goes out after the update.',
  )
  expect(label.acts).toEqual(['update'])
  expect(say(states.dead, {}, { isParked: true })).toContain('6 tries failed')
})

it('says that it is being sent, and nothing more', () => {
  expect(say(states.queued, { isSending: true })).toBe('Sending | ')
  expect(say(states.waiting, { isSending: true })).toBe('Sending | ')
})

it('promises no try before the time that the server asked for', () => {
  const asked: DeliveryState = { ...states.waiting, isAsked: true }
  expect(say(asked)).toBe('Tries again at 14:05 | The server asked us to wait until 14:05. Try 2 of 6.')
  expect(labelOf(entry(asked), online).acts).not.toContain('try-now')
})

describe('each cause of a dead letter has words of its own', () => {
  const cases: [string, DeliveryState][] = [
    [
      'Needs you: refused | The item "Valve" is no longer sold.',
      {
        kind: 'dead',
        attempts: 1,
        reason: {
          kind: 'rejected',
          problem: problem('refused', 'x', { detail: 'The item "Valve" is no longer sold.' }),
        },
      },
    ],
    [
      'Needs you: not allowed | Your account may not do this. Ask an administrator.',
      { kind: 'dead', attempts: 1, reason: { kind: 'refused', problem: problem('forbidden', 'x') } },
    ],
    [
      'Needs the new version | This was made by another version of the app.',
      { kind: 'dead', attempts: 1, reason: { kind: 'rejected', problem: problem('unknown-type', 'x') } },
    ],
    [
      'Needs you: too large | It is larger than the server takes.',
      { kind: 'dead', attempts: 1, reason: { kind: 'too-large' } },
    ],
  ]
  it.each(cases)('%s', (words, state) => expect(say(state)).toBe(words))

  it('tries used up, with the last answer', () => {
    const attempts = [{ atMs: nowMs - 128 * minuteMs, failure: busy }]
    expect(say(states.dead, {}, { attempts })).toBe(
      'Needs you: 6 tries failed | Last answer at 11:52: the server was busy.',
    )
  })
})

it('adds how long an entry has waited, from a day up', () => {
  const after = (ageMs: number) => say(states.queued, {}, { createdAtMs: nowMs - ageMs })
  expect(after(26 * 60 * minuteMs)).toContain('Waiting for 26 hours.')
  expect(after(3 * dayMs)).toContain('Waiting for 3 days: goes first.')
  expect(after(31 * dayMs)).toContain('Waiting for 31 days: check that it is still right.')
})

it('says what is not certain about a discard until the server has answered', () => {
  const open: DeliveryState = { ...states.discarded, isCertain: false, reason: 'duplicate' }
  expect(say(open)).toBe(
    'Discarded by you, 14:00 | The server may have got it before. We are asking. Reason: duplicate.',
  )
})

it('uses no word of the machine', () => {
  const spoken = Object.values(states).map((state) => say(state))
  for (const text of spoken)
    expect(text).not.toMatch(/outbox|queue|dead letter|conflict|lane|lease|\b[45]\d\d\b|sync failed/i)
})

function everywhere(words: string): Record<Connectivity, string> {
  return { unknown: words, online: words, offline: words, 'server-unreachable': words, captive: words }
}

it('offers to restore what a person has discarded, for as long as it can be put back', () => {
  expect(labelOf(entry(states.discarded, { canUndo: true }), online).acts).toEqual(['restore'])
  expect(labelOf(entry(states.discarded), online).acts).toEqual([])
})

it('what needs a person can be edited and passed over; passed over it says so', () => {
  const refused: DeliveryState = {
    kind: 'dead',
    attempts: 1,
    reason: { kind: 'refused', problem: problem('refused', 'Not sold') },
  }
  expect(labelOf(entry(refused), online).acts).toEqual(['edit', 'try-again', 'discard', 'go-on'])
  const skipped = labelOf(entry(states.dead, { isSkipped: true }), online)
  expect(skipped.acts).not.toContain('go-on')
  expect(skipped.sentence).toContain('What comes after it goes on without it.')
})

it('the news of a discard has no content to edit', () => {
  expect(labelOf(entry(states.dead, { isCancel: true }), online).acts).toEqual(['try-again', 'discard'])
})
