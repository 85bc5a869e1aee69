import type { Outbox } from '@holdfast/client'
import { renderToString } from 'react-dom/server'
import { expect, it } from 'vitest'
import { OutboxProvider, SyncStatus, useConnectivity } from './index.ts'
import { restingStatus } from './outbox.fixture.ts'
import { indicatorOf } from './sync-indicator.ts'

it('R155 hides when nothing waits, and says idle, syncing or error with the count when something does', () => {
  expect(indicatorOf(undefined)).toBeUndefined()
  expect(indicatorOf(restingStatus)).toBeUndefined()
  expect(indicatorOf({ ...restingStatus, pending: 3 })).toMatchObject({ state: 'idle', count: 3 })
  expect(indicatorOf({ ...restingStatus, pending: 3, sending: 1 })).toMatchObject({ state: 'syncing', count: 3 })
  expect(indicatorOf({ ...restingStatus, pending: 3, needsYou: 2 })).toMatchObject({ state: 'error', count: 2 })
  expect(indicatorOf({ ...restingStatus, needsYou: 1 })).toMatchObject({ state: 'error', count: 1 })
})

it('R008 tells the indicator how far the sending is, and only while it goes on', () => {
  const progress = { done: 4, total: 9 }
  expect(indicatorOf({ ...restingStatus, pending: 5, sending: 2, progress })?.progress).toEqual(progress)
  expect(indicatorOf({ ...restingStatus, pending: 5, progress })?.progress).toBeUndefined()
})

it('a server renders no status and an unknown way: nothing is claimed before the store has said it', () => {
  const never: Promise<Outbox> = new Promise(() => undefined)
  const Way = () => <p>{useConnectivity().kind}</p>
  const html = renderToString(
    <OutboxProvider outbox={never}>
      <SyncStatus />
      <Way />
    </OutboxProvider>,
  )
  expect(html).toBe('<p>unknown</p>')
})
