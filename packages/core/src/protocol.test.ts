import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { idOf } from './id.fixture.ts'
import { canonicalText } from './json.ts'
import { laneKeyMax } from './lane.ts'
import { attachmentsMax, earlierMax } from './operation.ts'
import { batchOperationsMax } from './policy.ts'
import {
  findOperationFault,
  identityOfOperation,
  parseBatchAnswer,
  parseBatchRequest,
  parseHealthAnswer,
  parseWireOperation,
  type BatchRequest,
  type WireOperation,
} from './protocol.ts'

const operation: WireOperation = {
  id: idOf('a'),
  type: 'pos.order',
  version: 1,
  lane: 'order:1',
  payload: { total: 1 },
  ageMs: 5,
}
const full: WireOperation = {
  ...operation,
  entity: { kind: 'order', id: '1' },
  base: { version: 3, state: { total: 0 } },
  after: [idOf('p')],
  supersedes: idOf('s'),
  resolves: idOf('r'),
  cancel: idOf('c'),
  earlier: [idOf('e')],
  absorbs: [idOf('o')],
  attachments: [{ name: 'photo', sha256: 'a'.repeat(64) }],
  traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
}
const request: BatchRequest = {
  protocol: 1,
  tenant: 'north',
  user: 'ana',
  device: 'd1',
  sequence: 0,
  pending: 1,
  oldestAgeMs: 5,
  operations: [operation],
}
const copy = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
const nestedText = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels)
const pointerOf = (value: unknown): string | undefined => parseBatchRequest(value).fault?.pointer

describe('parseBatchRequest', () => {
  it('reads back what a client writes', () => {
    const sent = { ...request, operations: [full, { ...operation, id: idOf('b'), base: { after: idOf('a') } }] }
    expect(parseBatchRequest(copy(sent))).toEqual({ value: sent })
  })

  it('leaves out what it does not know', () => {
    const extra = { ...request, admin: true, operations: [{ ...operation, tenant: 'south' }] }
    expect(parseBatchRequest(copy(extra))).toEqual({ value: request })
  })

  it.each([
    [null, ''],
    [[], ''],
    ['x', ''],
    [{}, '/protocol'],
    [{ ...request, protocol: 2 }, '/protocol'],
    [{ ...request, protocol: '1' }, '/protocol'],
    [{ ...request, tenant: '' }, '/tenant'],
    [{ ...request, tenant: 'a\u0000' }, '/tenant'],
    [{ ...request, user: 'x'.repeat(201) }, '/user'],
    [{ ...request, device: null }, '/device'],
    [{ ...request, sequence: -1 }, '/sequence'],
    [{ ...request, pending: 1.5 }, '/pending'],
    [{ ...request, oldestAgeMs: 1e300 }, '/oldestAgeMs'],
    [{ ...request, operations: {} }, '/operations'],
    [{ ...request, operations: [] }, '/operations'],
    [{ ...request, operations: [null] }, '/operations/0'],
    [{ ...request, operations: [operation, operation] }, '/operations/1/id'],
    [{ ...request, operations: [{ ...operation, lane: '\ud800' }] }, '/operations/0/lane'],
  ])('refuses %j at %j', (value, pointer) => {
    expect(pointerOf(value)).toBe(pointer)
  })

  it(`F073 takes ${batchOperationsMax} operations, and refuses 10^5 without reading them`, () => {
    const many = (count: number): unknown => ({
      ...request,
      operations: Array.from({ length: count }, (_, index) => ({ ...operation, id: `id${index}` })),
    })
    expect(pointerOf(many(batchOperationsMax))).toBeUndefined()
    expect(pointerOf(many(batchOperationsMax + 1))).toBe('/operations')
    expect(pointerOf({ ...request, operations: Array.from({ length: 1e5 }) })).toBe('/operations')
  })

  it('F073 leaves a payload that cannot be stored to its own operation, and does not take the batch down', () => {
    const text = JSON.stringify(request).replace('{"total":1}', nestedText(100_000))
    const parsed = parseBatchRequest(JSON.parse(text))
    const [hostile] = parsed.fault === undefined ? parsed.value.operations : []
    expect(hostile === undefined ? undefined : findOperationFault(hostile)?.reason).toContain('nesting')
  })

  it('F020 F073 F074 never throws on any JSON, and what it reads it reads again unchanged', () => {
    const odd = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom<unknown>(
        '\ud800',
        '\u0000',
        '',
        Number.POSITIVE_INFINITY,
        -0,
        -1,
        0.5,
        'x'.repeat(201),
        JSON.parse('{"__proto__":{"a":1}}'),
      ),
    )
    const keys: readonly string[] = [...Object.keys(request), ...Object.keys(full)]
    fc.assert(
      fc.property(fc.constantFrom(...keys), odd, fc.boolean(), (key, value, isInside) => {
        const changed = isInside
          ? { ...request, operations: [{ ...full, [key]: value }] }
          : { ...request, [key]: value }
        const parsed = parseBatchRequest(changed)
        if (parsed.fault === undefined) expect(parseBatchRequest(parsed.value)).toEqual(parsed)
        else expect(parsed.fault.pointer.startsWith(isInside ? '/operations' : '/')).toBe(isInside || key in request)
      }),
      { numRuns: 2000 },
    )
    fc.assert(fc.property(fc.jsonValue(), (value) => pointerOf(value) !== undefined))
  })
})

describe('parseWireOperation', () => {
  const faultOf = (changes: { readonly [key: string]: unknown }): string | undefined =>
    parseWireOperation({ ...operation, ...changes }, '').fault?.pointer

  it.each([
    [{ id: 'a b' }, '/id'],
    [{ type: '' }, '/type'],
    [{ type: 7 }, '/type'],
    [{ version: 0 }, '/version'],
    [{ version: '1' }, '/version'],
    [{ lane: 'x'.repeat(laneKeyMax + 1) }, '/lane'],
    [{ ageMs: -1 }, '/ageMs'],
    [{ ageMs: Number.NaN }, '/ageMs'],
    [{ payload: undefined }, '/payload'],
    [{ entity: 'order' }, '/entity'],
    [{ entity: { kind: 'order' } }, '/entity'],
    [{ entity: { kind: 'order', id: 'a\u0000' } }, '/entity'],
    [{ base: 3 }, '/base'],
    [{ base: {} }, '/base'],
    [{ base: { version: -1 } }, '/base'],
    [{ base: { after: 'no id' } }, '/base'],
    [{ after: 'p' }, '/after'],
    [{ after: ['no id'] }, '/after'],
    [{ after: Array.from({ length: 101 }, (_, index) => `p${index}`) }, '/after'],
    [{ supersedes: 'no id' }, '/supersedes'],
    [{ resolves: null }, '/resolves'],
    [{ cancel: 1 }, '/cancel'],
    [{ earlier: 'e' }, '/earlier'],
    [{ absorbs: ['no id'] }, '/absorbs'],
    [{ earlier: ['no id'] }, '/earlier'],
    [{ earlier: Array.from({ length: earlierMax + 1 }, (_, index) => `e${index}`) }, '/earlier'],
  ])('refuses %j at %s', (changes, pointer) => {
    expect(faultOf(changes)).toBe(pointer)
  })

  it('I7 refuses attachments that are no list of names, each once, with a hash', () => {
    const sha256 = 'a'.repeat(64)
    const photo = { name: 'photo', sha256 }
    const many = Array.from({ length: attachmentsMax + 1 }, (_, index) => ({ name: `${index}`, sha256 }))
    for (const attachments of [null, {}, [1], [{ name: 'x' }], [{ name: '', sha256 }], [photo, photo], many]) {
      expect(parseWireOperation({ ...operation, attachments }, '/x').fault?.pointer).toBe('/x/attachments')
    }
    for (const hash of ['', 'A'.repeat(64), 'a'.repeat(63), 7]) {
      const attachments = [{ name: 'photo', sha256: hash }]
      expect(parseWireOperation({ ...operation, attachments }, '').fault?.pointer).toBe('/attachments')
    }
  })

  it('refuses an operation that waits for itself or replaces itself', () => {
    expect(faultOf({ after: ['p', 'a'] })).toBe('/after')
    expect(faultOf({ base: { after: 'a' } })).toBe('/base/after')
    expect(faultOf({ earlier: ['e', 'a'] })).toBe('/earlier')
    expect(faultOf({ absorbs: ['a'] })).toBe('/absorbs')
    for (const link of ['supersedes', 'resolves', 'cancel']) expect(faultOf({ [link]: 'a' })).toBe(`/${link}`)
  })

  it('takes null as a payload and as a base state: both are JSON', () => {
    expect(faultOf({ payload: null, base: { version: 0, state: null } })).toBeUndefined()
  })
})

describe('findOperationFault', () => {
  it('passes an operation that can be stored', () => {
    expect(findOperationFault(full)).toBeUndefined()
    expect(findOperationFault({ ...operation, base: { after: idOf('p') } })).toBeUndefined()
  })

  it('F073 F074 judges the payload and the base state, each with its place', () => {
    expect(findOperationFault({ ...operation, payload: { a: 'x\u0000' } })?.path).toBe('/payload/a')
    expect(findOperationFault({ ...operation, base: { version: 1, state: ['\ud800'] } })?.path).toBe('/base/state/0')
  })
})

describe('identityOfOperation', () => {
  const textOf = (value: WireOperation): string => canonicalText(identityOfOperation(value))

  it('F062 changes with everything that was fixed at enqueue', () => {
    const changes: readonly Partial<WireOperation>[] = [
      { type: 'pos.refund' },
      { version: 2 },
      { lane: 'order:2' },
      { payload: { total: 2 } },
      { entity: { kind: 'order', id: '2' } },
      { base: { version: 3 } },
      { base: { version: 4, state: { total: 0 } } },
      { base: { after: idOf('p') } },
      { after: [idOf('q')] },
      { supersedes: idOf('x') },
      { resolves: idOf('x') },
      { cancel: idOf('x') },
      { earlier: [idOf('x')] },
      { absorbs: [idOf('x')] },
      { attachments: [] },
      { attachments: [{ name: 'photo', sha256: 'b'.repeat(64) }] },
    ]
    const texts = new Set([full, ...changes.map((change) => ({ ...full, ...change }))].map(textOf))
    expect(texts.size).toBe(changes.length + 1)
  })

  it('does not change between two sends: age and trace are no part of it, nor is the order of keys', () => {
    const { traceparent: _, ...untraced } = full
    expect(textOf({ ...untraced, ageMs: 99 })).toBe(textOf(full))
    expect(textOf({ ...full, payload: { b: 1, a: 2 } })).toBe(textOf({ ...full, payload: { a: 2, b: 1 } }))
  })

  it('survives the wire', () => {
    const parsed = parseWireOperation(copy(full), '')
    expect(parsed.fault === undefined && textOf(parsed.value)).toBe(textOf(full))
  })
})

describe('parseBatchAnswer', () => {
  const a = { id: 'a', outcome: 'applied', version: 1 }

  it.each([null, [], {}, { outcomes: null }, { outcomes: {} }, 'x', 7])('F020 takes %j for no answer', (value) => {
    expect(parseBatchAnswer(value)).toBeUndefined()
  })

  it('F020 leaves out outcomes that are not well-formed, and keeps the others', () => {
    expect(parseBatchAnswer({ outcomes: [null, { id: 'b', outcome: 'ok' }, a, 7] })).toEqual({ outcomes: [a] })
  })

  it('F021 takes an outcome that stands twice once, and believes neither of two that differ', () => {
    const b = { id: 'b', outcome: 'applied' }
    expect(parseBatchAnswer({ outcomes: [a, b, { ...a }] })).toEqual({ outcomes: [a, b] })
    expect(parseBatchAnswer({ outcomes: [a, b, { ...a, version: 2 }, { ...a }] })).toEqual({ outcomes: [b] })
  })

  it('F073 survives 10^5 levels of nesting and 10^5 outcomes', () => {
    expect(parseBatchAnswer(JSON.parse(`{"outcomes":${nestedText(100_000)}}`))).toEqual({ outcomes: [] })
    const outcomes = Array.from({ length: 100_000 }, (_, index) => ({ id: `id${index}`, outcome: 'applied' }))
    expect(parseBatchAnswer({ outcomes })?.outcomes).toHaveLength(100_000)
  })

  it('never throws', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => parseBatchAnswer({ outcomes: [value] }) !== undefined))
    fc.assert(fc.property(fc.anything(), (value) => parseBatchAnswer(value) === undefined || typeof value === 'object'))
  })
})

describe('parseHealthAnswer', () => {
  it('reads who is signed in, or that nobody is', () => {
    const session = { tenant: 'north', user: 'ana' }
    expect(parseHealthAnswer({ holdfast: 1, session, more: 1 })).toEqual({ holdfast: 1, session })
    expect(parseHealthAnswer({ holdfast: 1, session: null })).toEqual({ holdfast: 1, session: null })
  })

  it.each([
    null,
    [],
    {},
    { holdfast: 1 },
    { holdfast: '1', session: null },
    { holdfast: 1, session: { tenant: 'north' } },
    { holdfast: 1, session: 'ana' },
  ])('F017 takes %j for somebody else', (value) => {
    expect(parseHealthAnswer(value)).toBeUndefined()
  })

  it('F087 takes a newer protocol for no health of ours', () => {
    expect(parseHealthAnswer({ holdfast: 2, session: null })).toBeUndefined()
  })
})
