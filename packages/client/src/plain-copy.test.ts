import fc from 'fast-check'
import { expect, test } from 'vitest'
import { plainCopy } from './plain-copy.ts'

test('a copy of plain data is the same, and nothing of it is shared', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
      fc.pre(!JSON.stringify(value).includes('__proto__'))
      const before = JSON.stringify(value)
      const copy = plainCopy(value)
      expect(copy?.value).toEqual(value)
      shatter(value)
      expect(JSON.stringify(copy?.value)).toBe(before)
    }),
  )
})

test('what no copy could stand for is not copied', () => {
  const cycle: { self?: unknown } = {}
  cycle.self = cycle
  const hidden = Object.defineProperty({ seen: 1 }, 'hidden', { value: 2 })
  for (const value of [
    new Date(0),
    new Map(),
    new (class Money {
      cents = 1
    })(),
    { [Symbol('brand')]: 1 },
    hidden,
    JSON.parse('{"__proto__":{"x":1}}'),
    cycle,
    Array.from({ length: 2000 }, () => 0),
  ]) {
    expect(plainCopy({ deep: [value] })).toBeUndefined()
  }
})

test('a hole and a bare prototype stay what they are to whoever checks them', () => {
  const holes: unknown[] = []
  holes[2] = 'x'
  expect(plainCopy(holes)?.value).toEqual(holes)
  expect(plainCopy(Object.assign(Object.create(null), { a: 1 }))?.value).toEqual({ a: 1 })
})

/** Changes everything in a value that can be changed. */
function shatter(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  for (const member of Object.values(value)) shatter(member)
  if (Array.isArray(value)) value.length = 0
  else for (const key of Object.keys(value)) Reflect.deleteProperty(value, key)
}
