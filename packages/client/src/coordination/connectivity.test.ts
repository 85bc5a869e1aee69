import { describe, expect, test } from 'vitest'
import { afterGrowth, afterHint, afterProbe, isProbeDue, openWay, unknownWay, type WayState } from './connectivity.ts'

const context = { nowMs: 1_000_000, random: 0.5, isOnlineHint: true, isIdle: false }

function failTimes(count: number, isOnlineHint = true): WayState {
  let way: WayState = unknownWay
  for (let index = 0; index < count; index += 1) way = afterProbe(way, 'red', { ...context, isOnlineHint })
  return way
}

describe('the way to the server', () => {
  test('opens with a green probe, whatever was before', () => {
    expect(afterProbe(failTimes(3), 'green', context)).toEqual(openWay)
  })

  test('R157 is probed again after 5 s at first and never less often than every 72 s', () => {
    const delays = [1, 2, 3, 4, 5, 6, 40].map((count) => {
      const way = failTimes(count)
      return way.kind === 'down' ? way.nextProbeAtMs - context.nowMs : undefined
    })
    expect(delays).toEqual([5000, 10_000, 20_000, 40_000, 60_000, 60_000, 60_000])
    const latest = afterProbe(failTimes(40), 'red', { ...context, random: 0.999_999 })
    expect(latest.kind === 'down' && latest.nextProbeAtMs - context.nowMs).toBeLessThanOrEqual(72_000)
  })

  test('is probed less and less often while nothing is pending, down to four times an hour', () => {
    let way: WayState = unknownWay
    const delays = Array.from({ length: 10 }, () => {
      way = afterProbe(way, 'red', { ...context, isIdle: true })
      return way.kind === 'down' ? way.delayMs / 1000 : undefined
    })
    expect(delays).toEqual([5, 10, 20, 40, 80, 160, 320, 640, 900, 900])
    expect(isProbeDue(afterHint(way, context.nowMs, 0), context.nowMs + 1000)).toBe(true)
  })

  test('F031 is judged by the probe: the browser only says which word people read', () => {
    expect(failTimes(1, false)).toMatchObject({ connectivity: 'offline' })
    expect(failTimes(1, true)).toMatchObject({ connectivity: 'server-unreachable' })
    expect(afterProbe(unknownWay, 'captive', { ...context, isOnlineHint: false })).toMatchObject({
      connectivity: 'captive',
    })
  })

  test('a hint brings the next probe forward, but not to more than one a second', () => {
    const hinted = afterHint(failTimes(5), context.nowMs, 0)
    expect(isProbeDue(hinted, context.nowMs + 999)).toBe(false)
    expect(isProbeDue(hinted, context.nowMs + 1000)).toBe(true)
    expect(afterHint(openWay, context.nowMs, 0)).toBe(openWay)
  })

  test('F088 devices that hear of their network in one moment do not probe in one moment', () => {
    const delaysMs = [0, 0.5, 0.999_999].map((random) => {
      const way = afterHint(failTimes(5), context.nowMs, random)
      return way.kind === 'down' ? way.nextProbeAtMs - context.nowMs : undefined
    })
    expect(delaysMs).toEqual([1000, 2000, 3000])
  })

  test('I10 what is stored ends the wait of an idle way, and not the backoff of a busy one', () => {
    const busy = failTimes(5)
    expect(isProbeDue(afterGrowth(busy, context.nowMs), context.nowMs + 59_999)).toBe(false)
    expect(isProbeDue(afterGrowth(busy, context.nowMs), context.nowMs + 60_000)).toBe(true)
    const idle = afterProbe(failTimes(20), 'red', { ...context, isIdle: true })
    const later = context.nowMs + 300_000
    expect(isProbeDue(idle, later)).toBe(false)
    expect(isProbeDue(afterGrowth(idle, later), later + 1000)).toBe(true)
    expect(afterGrowth(openWay, context.nowMs)).toBe(openWay)
  })

  test('F034 a clock that was set back a day does not put the next probe off for a day', () => {
    expect(isProbeDue(failTimes(5), context.nowMs - 86_400_000)).toBe(true)
  })
})
