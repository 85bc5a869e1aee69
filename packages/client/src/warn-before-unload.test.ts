import { afterEach, expect, test, vi } from 'vitest'
import { StatusBoard } from './status.ts'
import { warnBeforeUnload } from './warn-before-unload.ts'
import { World } from './world.fixture.ts'

afterEach(() => {
  vi.unstubAllGlobals()
})

/** A page that somebody wants to close; gives whether the browser asks. */
function closePage(): boolean {
  return !globalThis.dispatchEvent(new Event('beforeunload', { cancelable: true }))
}

function outboxOf(durable: boolean): { unstored: number; board: StatusBoard; status: () => StatusBoard['snapshot'] } {
  const board = new StatusBoard(new World().environment().clock, durable)
  return { unstored: 0, board, status: () => board.snapshot }
}

test('asks while something is not stored yet, and at no other time', () => {
  const page = new EventTarget()
  vi.stubGlobal('addEventListener', page.addEventListener.bind(page))
  vi.stubGlobal('removeEventListener', page.removeEventListener.bind(page))
  vi.stubGlobal('dispatchEvent', page.dispatchEvent.bind(page))
  const outbox = outboxOf(true)
  const stop = warnBeforeUnload(outbox)
  expect(closePage()).toBe(false)
  outbox.unstored = 1
  expect(closePage()).toBe(true)
  outbox.unstored = 0
  outbox.board.set({ counts: { queued: 3, waiting: 1, conflicted: 1, dead: 1 } })
  expect(closePage()).toBe(false)
  outbox.unstored = 1
  stop()
  expect(closePage()).toBe(false)
})

test('F045 an outbox in memory asks for as long as anything is left in it', () => {
  const page = new EventTarget()
  vi.stubGlobal('addEventListener', page.addEventListener.bind(page))
  vi.stubGlobal('dispatchEvent', page.dispatchEvent.bind(page))
  const outbox = outboxOf(false)
  warnBeforeUnload(outbox)
  expect(closePage()).toBe(false)
  outbox.board.set({ counts: { queued: 0, waiting: 0, conflicted: 0, dead: 1 } })
  expect(closePage()).toBe(true)
})
