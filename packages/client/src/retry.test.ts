import { exponential, fixed, type RetrySchedule } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import type { Clock } from './environment.ts'
import { isTransient, retry, type RetryOptions } from './retry.ts'

/** A clock that jumps to each timer, and remembers how long each wait was. */
function jumpingClock(): { readonly clock: Pick<Clock, 'now' | 'timer'>; readonly waits: number[] } {
  const waits: number[] = []
  let nowMs = Date.UTC(2026, 10, 20)
  const timer: Clock['timer'] = (delayMs, callback) => {
    waits.push(delayMs)
    let isCancelled = false
    queueMicrotask(() => {
      nowMs += delayMs
      if (!isCancelled) callback()
    })
    return () => {
      isCancelled = true
    }
  }
  return { clock: { now: () => nowMs, timer }, waits }
}

const failing = (errors: readonly unknown[]): (() => string) => {
  const left = [...errors]
  return () => {
    if (left.length > 0) throw left.shift()
    return 'done'
  }
}
const answer = (status: number, headers: Record<string, string> = {}): Response =>
  new Response(null, { status, headers })

async function tried(
  work: Parameters<typeof retry<string>>[0],
  schedule: RetrySchedule = fixed(1000, 5000, 15_000),
  options: RetryOptions = {},
): Promise<{ readonly result: unknown; readonly waits: readonly number[] }> {
  const { clock, waits } = jumpingClock()
  const result: unknown = await retry(work, schedule, { clock, random: () => 0.5, ...options }).catch(
    (error: unknown) => ({ thrown: error }),
  )
  return { result, waits }
}

describe('R117 retry', () => {
  test('gives what the work gives, at once where it succeeds at once', async () => {
    expect(await tried(() => 'done')).toEqual({ result: 'done', waits: [] })
  })

  test('R009 waits as the schedule says, and tells the work which attempt it is', async () => {
    const attempts: number[] = []
    const work = failing([new Error('one'), new Error('two'), new Error('three')])
    const { result, waits } = await tried(({ attempt }) => {
      attempts.push(attempt)
      return work()
    })
    expect({ result, waits, attempts }).toEqual({ result: 'done', waits: [1000, 5000, 15_000], attempts: [1, 2, 3, 4] })
  })

  test('R024 throws the last error once the attempts are used up', async () => {
    const last = new Error('last')
    const { result, waits } = await tried(failing([1, 2, last, 'never']), fixed(10, 20))
    expect(result).toEqual({ thrown: last })
    expect(waits).toEqual([10, 20])
  })

  test('F088 spreads its waits by chance', async () => {
    const { waits } = await tried(failing([1, 2]), exponential({ baseMs: 1000 }), { random: () => 0 })
    expect(waits).toEqual([750, 1500])
  })

  test.each<[string, Record<string, string>, number]>([
    ['seconds', { 'retry-after': '7' }, 7000],
    [
      'a date, against the clock of the server',
      { 'retry-after': 'Sun, 06 Nov 1994 08:49:47 GMT', date: 'Sun, 06 Nov 1994 08:49:37 GMT' },
      10_000,
    ],
    ['the year 9999', { 'retry-after': 'Fri, 31 Dec 9999 23:59:59 GMT' }, 86_400_000],
    ['a time that has passed', { 'retry-after': 'Sun, 06 Nov 1994 08:49:37 GMT' }, 1000],
    ['nothing that can be read', { 'retry-after': 'soon' }, 1000],
  ])('F023 F024 F098 a response that asks to wait is heeded: %s', async (_, headers, expectedMs) => {
    expect(await tried(failing([answer(503, headers)]))).toEqual({ result: 'done', waits: [expectedMs] })
    expect(await tried(failing([{ response: answer(429, headers) }]))).toEqual({ result: 'done', waits: [expectedMs] })
  })

  test('F027 what will not change is not tried again', async () => {
    const refusal = answer(422)
    expect(await tried(failing([refusal]))).toEqual({ result: { thrown: refusal }, waits: [] })
    expect((await tried(failing([refusal]), undefined, { isTransient: () => true })).waits).toEqual([1000])
  })

  test('tells of each wait', async () => {
    const heard: unknown[] = []
    await tried(failing(['a', 'b']), fixed(10, 20), { onWait: (wait) => heard.push(wait) })
    expect(heard).toEqual([
      { error: 'a', attempts: 1, delayMs: 10 },
      { error: 'b', attempts: 2, delayMs: 20 },
    ])
  })

  test('a signal ends it before it begins, while it works and while it waits', async () => {
    const reason = new Error('enough')
    let attempts = 0
    const work = (): string => {
      attempts += 1
      throw new Error('always')
    }
    expect((await tried(work, undefined, { signal: AbortSignal.abort(reason) })).result).toEqual({ thrown: reason })
    expect(attempts).toBe(0)
    for (const when of ['working', 'waiting']) {
      const controller = new AbortController()
      const { result } = await tried(
        () => {
          if (when === 'working') controller.abort(reason)
          return work()
        },
        fixed(10, 10, 10),
        { signal: controller.signal, onWait: () => controller.abort(reason) },
      )
      expect(result).toEqual({ thrown: reason })
    }
    expect(attempts).toBe(2)
  })

  test('refuses a schedule that would never be due', async () => {
    const { result } = await tried(failing(['a']), fixed(Number.NaN))
    expect(result).toMatchObject({ thrown: { code: 'invalid-definition' } })
  })
})

test.each<[number, boolean]>([
  [400, false],
  [401, false],
  [404, false],
  [408, true],
  [409, false],
  [421, true],
  [422, false],
  [425, true],
  [429, true],
  [500, true],
  [501, false],
  [503, true],
])('F025 F026 HTTP %i may change: %s', (status, expected) => {
  expect(isTransient(answer(status))).toBe(expected)
})

test('F030 a network error may pass, an abort was meant', () => {
  expect(isTransient(new TypeError('fetch failed'))).toBe(true)
  expect(isTransient(new DOMException('The user aborted it', 'AbortError'))).toBe(false)
})
