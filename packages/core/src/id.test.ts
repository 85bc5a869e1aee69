import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isOperationId, operationIdFrom, operationIdRandomBytes, parseOperationId, timeOfOperationId } from './id.ts'

const randomBytes = fc.uint8Array({ minLength: operationIdRandomBytes, maxLength: operationIdRandomBytes })
const timeMax = 2 ** 48 - 1

describe('operationIdFrom', () => {
  it('makes a UUID of version 7, variant 10, that gives its time back', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: timeMax }), randomBytes, (timeMs, random) => {
        const id = operationIdFrom(timeMs, random)
        expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
        expect(timeOfOperationId(id)).toBe(timeMs)
      }),
    )
  })

  it('writes the example of RFC 9562, appendix A.6', () => {
    const random = Uint8Array.from([0x0c, 0xc3, 0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f])
    expect(operationIdFrom(0x017f22e279b0, random)).toBe('017f22e2-79b0-7cc3-98c4-dc0c0c07398f')
  })

  it('sorts by time', () => {
    fc.assert(
      fc.property(
        fc.nat(timeMax - 1),
        fc.integer({ min: 1, max: 1e9 }),
        randomBytes,
        randomBytes,
        (at, later, a, b) => {
          fc.pre(at + later <= timeMax)
          return operationIdFrom(at, a) < operationIdFrom(at + later, b)
        },
      ),
    )
  })

  it('F090 keeps 74 random bits: each byte of chance shows in the id', () => {
    const zero = operationIdFrom(0, new Uint8Array(operationIdRandomBytes))
    for (let index = 0; index < operationIdRandomBytes; index += 1) {
      expect(operationIdFrom(0, new Uint8Array(operationIdRandomBytes).fill(1, index, index + 1))).not.toBe(zero)
    }
  })

  it('F035 clamps an absurd clock and still makes a valid id', () => {
    for (const [nowMs, timeMs] of [
      [-1, 0],
      [Number.NaN, 0],
      [1e300, timeMax],
      [1.9, 1],
    ] as const) {
      expect(timeOfOperationId(operationIdFrom(nowMs, new Uint8Array(10)))).toBe(timeMs)
    }
  })

  it('refuses too little chance', () => {
    expect(() => operationIdFrom(0, new Uint8Array(9))).toThrow(RangeError)
  })
})

describe('parseOperationId', () => {
  it.each(['a', 'offline_pos_1', 'A-b.c:d_9', 'x'.repeat(128)])('takes %s', (id) => {
    expect(parseOperationId(id)).toBe(id)
  })

  it.each(['', 'x'.repeat(129), 'a b', 'a\n', 'ä', 'a/b', '\u0000', 1, null, {}, ['a']])('refuses %j', (value) => {
    expect(parseOperationId(value)).toBeUndefined()
  })

  it('never throws', () => {
    fc.assert(fc.property(fc.anything(), (value) => typeof isOperationId(value) === 'boolean'))
  })
})

describe('timeOfOperationId', () => {
  it.each(['a', 'not-a-uuid', '017f22e2-79b0-4cc3-98c4-dc0c0c07398f'])('knows no time of %s', (id) => {
    expect(timeOfOperationId(id)).toBeUndefined()
  })
})
