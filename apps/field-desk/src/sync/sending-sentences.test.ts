import { expect, it } from 'vitest'
import { sentencesOf, type SendingStatus } from './sending-sentences.ts'

const nowMs = new Date(2026, 10, 20, 14, 0).getTime()
const none = { isAll: false, types: [] }
const all = { isAll: true, types: [] }
const resting: SendingStatus = {
  paused: none,
  manual: none,
  circuit: 'closed',
  nextAttemptAtMs: undefined,
  warning: undefined,
}
const say = (change: Partial<SendingStatus>) => sentencesOf({ ...resting, ...change }, nowMs).join(' | ')

it('says in words what holds sending back', () => {
  expect(say({})).toBe('What you write goes out by itself.')
  expect(say({ paused: { isAll: false, types: ['pos.order', 'payments.payment'] } })).toBe(
    'Paused: Order, Payment. Everything else goes out by itself.',
  )
  expect(say({ manual: all })).toBe('Things go out only when you send them.')
})

it('says of a server that fails when the next try is, and that the first is a trial', () => {
  expect(say({ circuit: 'open', nextAttemptAtMs: nowMs + 300_000 })).toBe(
    'The server has failed several times, so nothing is sent for now. Tries again at 14:05.',
  )
  expect(say({ circuit: 'half-open' })).toBe('The next one is a trial: if the server takes it, the others follow.')
})

it('promises no try while everything is paused, and says when something has waited too long', () => {
  expect(say({ paused: all, circuit: 'open', nextAttemptAtMs: nowMs + 300_000, warning: 'overdue' })).toBe(
    'Sending is paused. Everything is kept on this device until you resume it. | Something that is held back has waited for three days.',
  )
})
