import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { idOf } from './id.fixture.ts'
import { isJson, type Json } from './json.ts'
import { findReferences, isReference, isTagged, putReferences, ref, replaceReferences } from './reference.ts'

const order = ref(idOf('order-1'), 'order')

describe('a reference', () => {
  it('R065 names an operation, or an entry, and one of the ids it will be given', () => {
    expect(order).toEqual({ $holdfast: 'reference', operation: 'order-1', name: 'order' })
    expect(ref({ id: idOf('order-1') }, 'order')).toEqual(order)
    expect(isReference(JSON.parse(JSON.stringify(order)))).toBe(true)
  })

  it('has a name that can be looked up', () => {
    for (const name of ['', 'n'.repeat(101)]) expect(() => ref(idOf('x'), name)).toThrow('1 to 100 characters')
  })

  it('is told from plain data by its mark, wherever it stands', () => {
    expect(isTagged({ lines: [{ of: order }] })).toBe(true)
    expect(isTagged([{ $holdfast: 1 }])).toBe(true)
    for (const plain of [null, 'a $holdfast', { lines: ['$holdfast', 1, null] }]) expect(isTagged(plain)).toBe(false)
  })

  it.each<[string, unknown]>([
    ['another tag', { ...order, $holdfast: 'refer' }],
    ['more parts', { ...order, more: 1 }],
    ['no name', { $holdfast: 'reference', operation: 'order-1' }],
    ['an empty name', { ...order, name: '' }],
    ['an operation that cannot be one', { ...order, operation: 'two words' }],
    ['text', '$holdfast'],
    ['a list', ['reference', 'order-1', 'order']],
  ])('is not %s', (_, value) => {
    expect(isReference(value)).toBe(false)
    expect(findReferences({ value })).toEqual([])
  })
})

describe('replacing', () => {
  const payload = { orderId: order, lines: [{ of: order, count: 2 }, { count: 1 }], note: 'order-1' }

  it('R065 finds each of them, in order, and puts the id in its place', () => {
    expect(findReferences(payload)).toEqual([order, order])
    expect(replaceReferences(payload, ({ operation, name }) => `${operation}/${name}`)).toEqual({
      orderId: 'order-1/order',
      lines: [{ of: 'order-1/order', count: 2 }, { count: 1 }],
      note: 'order-1',
    })
  })

  it('changes nothing in place, and copies nothing that holds no reference', () => {
    const before = structuredClone(payload)
    const after = replaceReferences(payload, () => 'id')
    expect(payload).toEqual(before)
    expect(after).toMatchObject({ lines: [{}, { count: 1 }] })
    const plain: Json = { lines: [{ count: 1 }] }
    expect(replaceReferences(plain, () => 'id')).toBe(plain)
  })

  it('keeps what is no JSON for the schema to judge', () => {
    const at = new Date(0)
    expect(replaceReferences({ at, of: order }, () => 'id')).toEqual({ at, of: 'id' })
  })

  it('F073 F074 ends on cycles and on depth, and sets no prototype', () => {
    const cycle: unknown[] = [order]
    cycle.push(cycle)
    expect(findReferences(cycle).length).toBeLessThan(100)
    let deep: unknown = order
    for (let level = 0; level < 100_000; level += 1) deep = [deep]
    expect(findReferences(deep)).toEqual([])
    let shared: unknown = 'leaf'
    for (let level = 0; level < 60; level += 1) shared = [shared, shared]
    expect(findReferences(shared)).toEqual([])
    expect(isTagged(shared)).toBe(false)
    const hostile: unknown = JSON.parse('{"__proto__":{"isAdmin":true},"of":0}')
    const replaced = replaceReferences([hostile, order], () => 'id')
    expect(Object.getPrototypeOf(Array.isArray(replaced) ? replaced[0] : {})).toBe(Object.prototype)
  })

  it('leaves every payload as it was when each reference is replaced by itself', () => {
    const leaf = fc.oneof(fc.constant(order), fc.string(), fc.integer(), fc.constant(null))
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof({ maxDepth: 5 }, leaf, fc.array(tie('tree')), fc.dictionary(fc.string(), tie('tree'))),
    }))
    fc.assert(
      fc.property(tree, (value) => {
        expect(replaceReferences(value, (reference) => reference)).toBe(value)
        const text = '\u2603 stands in'
        const stoodIn = replaceReferences(value, () => text)
        expect(putReferences(stoodIn, new Map([[text, order]]))).toEqual(value)
        const ids = replaceReferences(value, () => 'id')
        expect(findReferences(ids)).toEqual([])
        expect(isJson(ids)).toBe(isJson(value))
      }),
    )
  })
})
