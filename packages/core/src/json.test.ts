import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalText, findJsonFault, isJson, isRecord, jsonDepthMax, jsonValuesMax } from './json.ts'

/** JSON text of arrays nested to a depth; made as text, so that making it costs no call stack. */
const nestedArrays = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels))
const nestedObjects = (levels: number): unknown => JSON.parse('{"a":'.repeat(levels) + '1' + '}'.repeat(levels))

const storableText = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\u0000') && text.isWellFormed())
const storable = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    storableText,
    fc.array(tie('value')),
    fc.dictionary(
      storableText.filter((key) => key !== '__proto__'),
      tie('value'),
    ),
  ),
})).value

describe('findJsonFault', () => {
  it('accepts every JSON value that PostgreSQL can store', () => {
    fc.assert(fc.property(storable, (value) => findJsonFault(value) === undefined))
  })

  it.each([
    ['undefined', undefined, ''],
    ['a member that is undefined', { a: undefined }, '/a'],
    ['a function', { a: [() => 1] }, '/a/0'],
    ['a symbol', [Symbol('s')], '/0'],
    ['a bigint', 1n, ''],
    ['NaN', { n: Number.NaN }, '/n'],
    ['a class instance', { at: new Date(0) }, '/at'],
    ['a Map', new Map(), ''],
    ['a hole in an array', Array.from({ length: 2 }), '/0'],
  ])('refuses %s and names the place', (_name, value, path) => {
    expect(findJsonFault(value)).toMatchObject({ path })
  })

  it('F073 refuses 1e400, NUL and lone surrogates, in values and in keys', () => {
    expect(findJsonFault(JSON.parse('{"n":1e400}'))).toMatchObject({ path: '/n' })
    expect(findJsonFault({ t: 'a\u0000b' })).toMatchObject({ path: '/t' })
    expect(findJsonFault({ t: '\ud800' })).toMatchObject({ path: '/t' })
    expect(findJsonFault({ a: { '\u0000': 1 } })).toMatchObject({ path: '/a' })
    expect(findJsonFault({ a: { 'x\udfff': 1 } })).toMatchObject({ path: '/a' })
    expect(findJsonFault(-0)).toBeUndefined()
  })

  it('reports a path that can be stored itself, whatever the key', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.constant(Number.NaN)), (value) => {
        const path = findJsonFault(value)?.path ?? ''
        return path.isWellFormed() && !path.includes('\u0000')
      }),
    )
  })

  it('escapes ~ and / in the path as RFC 6901 says', () => {
    expect(findJsonFault({ 'a/b': { '~c': undefined } })?.path).toBe('/a~1b/~0c')
  })

  it('F074 refuses a __proto__ key, and leaves prototypes alone', () => {
    expect(findJsonFault(JSON.parse('{"a":{"__proto__":{"x":1}}}'))).toMatchObject({ path: '/a/__proto__' })
    expect(isJson(JSON.parse('{"constructor":{"prototype":{"x":1}}}'))).toBe(true)
    expect('x' in {}).toBe(false)
  })

  it(`takes exactly ${jsonDepthMax} levels`, () => {
    expect(isJson(nestedObjects(jsonDepthMax))).toBe(true)
    expect(isJson(nestedObjects(jsonDepthMax + 1))).toBe(false)
  })

  it.each([10_000, 100_000])('F073 refuses %d levels without running out of stack', (levels) => {
    expect(findJsonFault(nestedArrays(levels))?.reason).toContain('nesting')
    expect(findJsonFault(nestedObjects(levels))?.reason).toContain('nesting')
  })

  it('refuses a cycle', () => {
    const cycle: { self?: unknown; other?: unknown } = {}
    cycle.self = cycle
    cycle.other = cycle
    expect(findJsonFault(cycle)?.reason).toContain('nesting')
  })

  it('does not stall on one reference that is repeated at each of 60 levels', () => {
    let value: unknown = 1
    for (let level = 0; level < 60; level += 1) value = [value, value]
    expect(findJsonFault(value)?.reason).toContain(String(jsonValuesMax))
  })

  it('gives a reason for whatever is refused', () => {
    fc.assert(
      fc.property(
        fc.anything({ withSparseArray: true, withBigInt: true, withDate: true, withNullPrototype: true }),
        (value) => {
          expect(findJsonFault(value) === undefined).toBe(isJson(value))
        },
      ),
    )
  })

  it('accepts objects of another realm and objects without a prototype', () => {
    const bare: unknown = Object.create(null)
    expect(isJson(bare)).toBe(true)
    const foreign: unknown = runInNewContext('({ a: [{}] })')
    expect(isJson(foreign)).toBe(true)
  })
})

describe('isRecord', () => {
  it('is true for objects alone', () => {
    expect([{}, Object.create(null)].every(isRecord)).toBe(true)
    expect([null, [], 'a', 1, undefined].some(isRecord)).toBe(false)
  })
})

describe('canonicalText', () => {
  it('is JSON of the same value', () => {
    fc.assert(
      fc.property(storable, (value) => {
        if (!isJson(value)) return false
        expect(JSON.parse(canonicalText(value))).toEqual(JSON.parse(JSON.stringify(value)))
        return true
      }),
    )
  })

  it('does not depend on the order of keys', () => {
    fc.assert(
      fc.property(fc.dictionary(storableText, fc.integer()), (value) => {
        const reversed = Object.fromEntries(Object.entries(value).toReversed())
        return canonicalText(value) === canonicalText(reversed)
      }),
    )
  })

  it('writes the example of RFC 8785, section 3.2.3, with keys by UTF-16 code units', () => {
    const value = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, '\u00f6': 7 }
    expect([...canonicalText(value).matchAll(/:(\d)/g)].map(([, digit]) => Number(digit))).toEqual([
      2, 4, 6, 7, 1, 5, 3,
    ])
  })

  it('leaves out members that are undefined, and writes -0 as 0', () => {
    expect(canonicalText({ b: undefined, a: -0 })).toBe('{"a":0}')
  })

  it('tells different values apart', () => {
    expect(canonicalText({ a: '1' })).not.toBe(canonicalText({ a: 1 }))
    expect(canonicalText([[1], 2])).not.toBe(canonicalText([1, [2]]))
  })

  it('reads whatever findJsonFault passes, to the last level', () => {
    const deepest = nestedObjects(jsonDepthMax)
    expect(isJson(deepest) && canonicalText(deepest)).toBe(JSON.stringify(deepest))
  })
})
