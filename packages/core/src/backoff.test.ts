import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  askedDelayMs,
  attemptsMaxOf,
  clampRetryAfterMs,
  defaultSchedule,
  exponential,
  fixed,
  longestDelayMs,
  retryAfterMaxMs,
  retryAfterMinMs,
  retryAfterMs,
  retryDelayMs,
  transportDelayMs,
} from './backoff.ts'

const nowMs = Date.UTC(2026, 10, 20, 12)
const middle = 0.5
const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

describe('fixed', () => {
  it('R009 R024 waits 1, 5 and 15 s without jitter and then gives up: four attempts', () => {
    const schedule = fixed(1000, 5000, 15_000)
    expect(attemptsMaxOf(schedule)).toBe(4)
    for (const random of [0, 0.999]) {
      expect([1, 2, 3, 4].map((attempts) => retryDelayMs(schedule, attempts, random))).toEqual([
        1000,
        5000,
        15_000,
        undefined,
      ])
    }
  })
})

describe('exponential', () => {
  it('R114 starts at 1 s and doubles, with five attempts', () => {
    const schedule = exponential()
    expect([1, 2, 3, 4, 5].map((attempts) => retryDelayMs(schedule, attempts, middle))).toEqual([
      1000,
      2000,
      4000,
      8000,
      undefined,
    ])
  })

  it('R114 never waits longer than 5 min before jitter, however many attempts', () => {
    const schedule = exponential({ attempts: 10_000 })
    expect(retryDelayMs(schedule, 9, middle)).toBe(256_000)
    expect(retryDelayMs(schedule, 10, middle)).toBe(300_000)
    expect(retryDelayMs(schedule, 9999, middle)).toBe(300_000)
  })

  it('R071 makes the waits of an order, 30 s to 480 s, when the cap lets it', () => {
    const schedule = exponential({ baseMs: 30_000, attempts: 6, capMs: 480_000 })
    const waits = [1, 2, 3, 4, 5, 6].map((attempts) => retryDelayMs(schedule, attempts, middle))
    expect(waits).toEqual([30_000, 60_000, 120_000, 240_000, 480_000, undefined])
  })

  it('R142 makes the waits of a plain request: 1 s doubled up to 30 s', () => {
    const schedule = exponential({ capMs: 30_000, attempts: 7 })
    expect([1, 5, 6].map((attempts) => retryDelayMs(schedule, attempts, middle))).toEqual([1000, 16_000, 30_000])
  })

  it('R115 spreads every wait by up to 25 % either way, and reaches both ends', () => {
    const schedule = exponential({ attempts: 30 })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 29 }), chance, (attempts, random) => {
        const plainMs = Math.min(1000 * 2 ** (attempts - 1), 300_000)
        const delayMs = retryDelayMs(schedule, attempts, random) ?? Number.NaN
        return delayMs >= plainMs * 0.75 - 1 && delayMs <= plainMs * 1.25 + 1
      }),
    )
    expect(retryDelayMs(schedule, 1, 0)).toBe(750)
    expect(retryDelayMs(schedule, 1, 1 - Number.EPSILON)).toBe(1250)
  })

  it('R048 makes eight, five or three attempts by urgency where a type says nothing', () => {
    expect(attemptsMaxOf(defaultSchedule('high'))).toBe(8)
    expect(attemptsMaxOf(defaultSchedule('medium'))).toBe(5)
    expect(attemptsMaxOf(defaultSchedule('low'))).toBe(3)
  })
})

describe('longestDelayMs', () => {
  it('is never exceeded by a wait', () => {
    const schedules = [
      exponential({ attempts: 40 }),
      exponential({ baseMs: 7, capMs: 11, jitter: 1 }),
      fixed(3, 2),
      fixed(),
    ]
    fc.assert(
      fc.property(
        fc.constantFrom(...schedules),
        fc.integer({ min: 1, max: 39 }),
        chance,
        (schedule, attempts, random) => {
          return (retryDelayMs(schedule, attempts, random) ?? 0) <= longestDelayMs(schedule)
        },
      ),
    )
  })
})

describe('transportDelayMs', () => {
  it('F025 is never used up, grows from 1 s to 60 s and keeps its jitter', () => {
    expect([0, 1, 2, 3, 7, 1e6].map((failures) => transportDelayMs(failures, middle))).toEqual([
      1000, 1000, 2000, 4000, 60_000, 60_000,
    ])
    fc.assert(
      fc.property(fc.nat(1e9), chance, (failures, random) => {
        const delayMs = transportDelayMs(failures, random)
        return delayMs >= 750 && delayMs <= 75_000
      }),
    )
  })

  it('F088 F098 a wait that a server has asked for is never shorter, and at most a quarter or ten minutes longer', () => {
    expect([0, 0.5, 0.999_999].map((random) => askedDelayMs(30_000, random))).toEqual([30_000, 33_750, 37_500])
    expect(askedDelayMs(86_400_000, 0.999_999) - 86_400_000).toBe(599_999)
  })

  it('F088 spreads devices that failed together', () => {
    const delays = new Set(Array.from({ length: 100 }, (_, index) => transportDelayMs(5, index / 100)))
    expect(delays.size).toBeGreaterThan(90)
  })
})

describe('retryAfterMs', () => {
  const at = new Date(nowMs + 90_000)
  const pad = (value: number): string => String(value).padStart(2, '0')
  const time = `${pad(at.getUTCHours())}:${pad(at.getUTCMinutes())}:${pad(at.getUTCSeconds())}`

  it('F023 reads seconds', () => {
    expect(retryAfterMs('120', undefined, nowMs)).toBe(120_000)
    expect(retryAfterMs(' 7 ', undefined, nowMs)).toBe(7000)
  })

  it.each([at.toUTCString(), `Friday, 20-Nov-26 ${time} GMT`, `Fri Nov 20 ${time} 2026`])(
    'F024 reads the date %s',
    (header) => {
      expect(retryAfterMs(header, undefined, nowMs)).toBe(90_000)
    },
  )

  it("F034 F035 counts a date against the server's own clock, whatever the device's says", () => {
    const dateHeader = new Date(nowMs).toUTCString()
    for (const deviceMs of [0, nowMs - 86_400_000, nowMs, nowMs + 10 * 31_536_000_000]) {
      expect(retryAfterMs(at.toUTCString(), dateHeader, deviceMs)).toBe(90_000)
    }
    expect(retryAfterMs(at.toUTCString(), 'no date', nowMs)).toBe(90_000)
  })

  it('F024 F098 takes zero, and a date that has passed, for the shortest wait: never a tight loop', () => {
    expect(retryAfterMs('0', undefined, nowMs)).toBe(retryAfterMinMs)
    expect(retryAfterMs(new Date(nowMs - 5000).toUTCString(), undefined, nowMs)).toBe(retryAfterMinMs)
  })

  it('F024 F098 clamps absurd waits to a day', () => {
    for (const header of ['999999999', '9'.repeat(400), 'Fri, 31 Dec 9999 23:59:59 GMT']) {
      expect(retryAfterMs(header, undefined, nowMs)).toBe(retryAfterMaxMs)
    }
  })

  it.each([undefined, '', '-1', '1.5', '0x10', '1e3', 'soon', '١٢', 'Fri, 99 Dec 2026 00:00:00 GMT'])(
    'F024 takes no wait from %j',
    (header) => {
      expect(retryAfterMs(header, undefined, nowMs)).toBeUndefined()
    },
  )

  it('F024 F098 gives a wait between the limits or none, for whatever headers', () => {
    const header = fc.oneof(
      fc.string(),
      fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
      fc.nat().map(String),
    )
    fc.assert(
      fc.property(header, fc.option(header, { nil: undefined }), (text, dateHeader) => {
        const waitMs = retryAfterMs(text, dateHeader, nowMs)
        return waitMs === undefined || waitMs === clampRetryAfterMs(waitMs)
      }),
    )
  })
})
