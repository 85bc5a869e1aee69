import { expect, it } from 'vitest'
import { outboxByHand, restingStatus } from './outbox.fixture.ts'
import { createSelection } from './sync-status.ts'

it('knows nothing while the outbox is being opened', () => {
  expect(createSelection(undefined, (status) => status.pending).snapshot()).toBeUndefined()
})

it('keeps the selected object when another part of the status changes', () => {
  const outbox = outboxByHand()
  const selection = createSelection(outbox, ({ pending, needsYou }) => ({ pending, needsYou }))
  const first = selection.snapshot()
  outbox.show({ status: { ...restingStatus, sending: 3 } })
  expect(selection.snapshot()).toBe(first)
})

it('gives a new object when a selected part changes', () => {
  const outbox = outboxByHand()
  const selection = createSelection(outbox, ({ pending }) => ({ pending }))
  const first = selection.snapshot()
  outbox.show({ status: { ...restingStatus, pending: 4 } })
  expect(selection.snapshot()).not.toBe(first)
  expect(selection.snapshot()).toEqual({ pending: 4 })
})

it('shows a change that happened between making the source and subscribing to it', () => {
  const outbox = outboxByHand()
  const selection = createSelection(outbox, (status) => status.connectivity)
  outbox.show({ status: { ...restingStatus, connectivity: 'offline' } })
  const stop = selection.subscribe(() => undefined)
  expect(selection.snapshot()).toBe('offline')
  stop()
  expect(outbox.listeners.size).toBe(0)
})
