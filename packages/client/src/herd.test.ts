/** Many devices that come back in one moment, and a server that can take a few of them at a time. */
import { expect, test } from 'vitest'
import type { NetworkFault } from './testing/test-network.ts'
import { addNote, note } from './note.fixture.ts'
import { TestDevice } from './testing/test-device.ts'

/** The devices, and how many requests the server takes in a second. */
const [crowd, takenPerSecond] = [40, 8]
const retryAfterMs = 30_000

/** The most of some instants that fall within a span of time. */
function mostWithin(instants: readonly number[], spanMs: number): number {
  return Math.max(...instants.map((from) => instants.filter((at) => at >= from && at < from + spanMs).length))
}

test.each([
  ['come back to their network in one moment', true],
  ['have all been asked to wait in one moment', false],
])('F088 I10 I11 devices that %s spread, wait as they are asked to, and get through', async (_, isAway) => {
  const site = new TestDevice(7)
  const { clock, network } = site
  const [arrivals, asked] = [new Array<number>(), new Map<string, number>()]
  let early = 0
  network.roundTripMs = 50
  network.faultOf = ({ user }): NetworkFault | undefined => {
    const { nowMs } = clock
    if (nowMs < (asked.get(user) ?? 0)) early += 1
    arrivals.push(nowMs)
    if (arrivals.filter((at) => at > nowMs - 1000).length <= takenPerSecond) return undefined
    asked.set(user, nowMs + retryAfterMs)
    return { status: 429, retryAfter: `${retryAfterMs / 1000}` }
  }
  const outboxes = await Promise.all(
    Array.from({ length: crowd }, (__, nth) =>
      site.open({ operations: [addNote], session: { tenant: 'north', user: `user-${nth}` } }),
    ),
  )
  await site.advance(1000)
  if (isAway) site.goOffline()
  await Promise.all(outboxes.map((outbox, nth) => outbox.enqueue(addNote, note('text', `subject ${nth}`))))
  await site.advance(20_000)
  // Nobody is held back who does not know yet; after that, nobody comes with the others.
  const first = arrivals.length
  expect(first).toBe(isAway ? 0 : crowd)
  if (isAway) await site.goOnline()
  await site.advance(150_000)

  expect(mostWithin(arrivals.slice(first), 100), 'requests in a tenth of a second').toBeLessThanOrEqual(crowd / 4)
  expect(early, 'requests before the time that the server named').toBe(0)
  expect(arrivals.length, 'requests').toBeLessThanOrEqual(3 * crowd)
  expect(outboxes.map((outbox) => outbox.status().pending)).toEqual(outboxes.map(() => 0))
  await site.assertEverySettledOnce()
  await site.close()
})
