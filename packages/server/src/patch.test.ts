// Judged by the examples of the two standards, and by what could hurt a server.
import type { Json } from '@holdfast/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { applyJsonPatch, applyMergePatch, patchStepsMax } from './patch.ts'

// RFC 7396, appendix A: original, patch, result.
const mergeExamples: readonly (readonly [string, string, string])[] = [
  ['{"a":"b"}', '{"a":"c"}', '{"a":"c"}'],
  ['{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'],
  ['{"a":"b"}', '{"a":null}', '{}'],
  ['{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'],
  ['{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'],
  ['{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'],
  ['{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'],
  ['{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'],
  ['["a","b"]', '["c","d"]', '["c","d"]'],
  ['{"a":"b"}', '["c"]', '["c"]'],
  ['{"a":"foo"}', 'null', 'null'],
  ['{"a":"foo"}', '"bar"', '"bar"'],
  ['{"e":null}', '{"a":1}', '{"e":null,"a":1}'],
  ['[1,2]', '{"a":"b","c":null}', '{"a":"b"}'],
  ['{}', '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'],
]

test.each(mergeExamples)('RFC 7396: %s patched by %s is %s', (target, patch, result) => {
  expect(applyMergePatch(jsonOf(target), jsonOf(patch))).toEqual({ kind: 'patched', value: jsonOf(result) })
})

const refusal = undefined
// RFC 6902, appendix A; a result of `undefined`: the patch must fail.
const stepExamples: readonly (readonly [string, Json, Json, Json | undefined])[] = [
  ['A.1 add a member', { foo: 'bar' }, [{ op: 'add', path: '/baz', value: 'qux' }], { baz: 'qux', foo: 'bar' }],
  [
    'A.2 add an item',
    { foo: ['bar', 'baz'] },
    [{ op: 'add', path: '/foo/1', value: 'qux' }],
    { foo: ['bar', 'qux', 'baz'] },
  ],
  ['A.3 remove a member', { baz: 'qux', foo: 'bar' }, [{ op: 'remove', path: '/baz' }], { foo: 'bar' }],
  ['A.4 remove an item', { foo: ['bar', 'qux', 'baz'] }, [{ op: 'remove', path: '/foo/1' }], { foo: ['bar', 'baz'] }],
  [
    'A.5 replace',
    { baz: 'qux', foo: 'bar' },
    [{ op: 'replace', path: '/baz', value: 'boo' }],
    { baz: 'boo', foo: 'bar' },
  ],
  [
    'A.6 move a value',
    { foo: { bar: 'baz', waldo: 'fred' }, qux: { corge: 'grault' } },
    [{ op: 'move', from: '/foo/waldo', path: '/qux/thud' }],
    { foo: { bar: 'baz' }, qux: { corge: 'grault', thud: 'fred' } },
  ],
  [
    'A.7 move an item',
    { foo: ['all', 'grass', 'cows', 'eat'] },
    [{ op: 'move', from: '/foo/1', path: '/foo/3' }],
    { foo: ['all', 'cows', 'eat', 'grass'] },
  ],
  [
    'A.8 a test that holds',
    { baz: 'qux', foo: ['a', 2, 'c'] },
    [
      { op: 'test', path: '/baz', value: 'qux' },
      { op: 'test', path: '/foo/1', value: 2 },
    ],
    { baz: 'qux', foo: ['a', 2, 'c'] },
  ],
  ['A.9 a test that does not', { baz: 'qux' }, [{ op: 'test', path: '/baz', value: 'bar' }], refusal],
  [
    'A.10 add a nested member',
    { foo: 'bar' },
    [{ op: 'add', path: '/child', value: { grandchild: {} } }],
    { foo: 'bar', child: { grandchild: {} } },
  ],
  [
    'A.11 unknown members are passed over',
    { foo: 'bar' },
    [{ op: 'add', path: '/baz', value: 'qux', xyz: 123 }],
    { foo: 'bar', baz: 'qux' },
  ],
  ['A.12 add to what is not there', { foo: 'bar' }, [{ op: 'add', path: '/baz/bat', value: 'qux' }], refusal],
  ['A.14 escaped names', { '/': 9, '~1': 10 }, [{ op: 'test', path: '/~01', value: 10 }], { '/': 9, '~1': 10 }],
  ['A.15 text is no number', { '/': 9, '~1': 10 }, [{ op: 'test', path: '/~01', value: '10' }], refusal],
  [
    'A.16 add at the end',
    { foo: ['bar'] },
    [{ op: 'add', path: '/foo/-', value: ['abc', 'def'] }],
    { foo: ['bar', ['abc', 'def']] },
  ],
  ['replace the whole', { foo: 1 }, [{ op: 'add', path: '', value: [1] }], [1]],
  ['copy', { a: { b: 1 } }, [{ op: 'copy', from: '/a', path: '/c' }], { a: { b: 1 }, c: { b: 1 } }],
  ['an item past the end', { a: [1] }, [{ op: 'add', path: '/a/2', value: 1 }], refusal],
  ['an index with a zero before it', { a: [1, 2] }, [{ op: 'replace', path: '/a/01', value: 1 }], refusal],
  ['remove what is not there', { a: 1 }, [{ op: 'remove', path: '/b' }], refusal],
  ['remove the end of a list', { a: [1] }, [{ op: 'remove', path: '/a/-' }], refusal],
  ['move into itself', { a: { b: 1 } }, [{ op: 'move', from: '/a', path: '/a/c' }], refusal],
  ['a step without a value', { a: 1 }, [{ op: 'add', path: '/b' }], refusal],
  ['a step of another kind', { a: 1 }, [{ op: 'spam', path: '/b' }], refusal],
  ['no list', { a: 1 }, { op: 'remove', path: '/a' }, refusal],
]

test.each(stepExamples)('RFC 6902: %s', (_name, target, patch, result) => {
  const before = JSON.stringify(target)
  const patched = applyJsonPatch(target, patch)
  if (result === undefined) expect(patched.kind).toBe('refused')
  else expect(patched).toEqual({ kind: 'patched', value: result })
  expect(JSON.stringify(target)).toBe(before)
})

describe('F074 names that mean something to JavaScript', () => {
  test.each(['__proto__', 'constructor', 'prototype', 'hasOwnProperty', 'toJSON'])(
    '%s is refused in either form',
    (name) => {
      expect(applyMergePatch({ a: 1 }, jsonOf(`{"a":2,"${name}":{"isPolluted":true}}`)).kind).toBe('refused')
      for (const path of [`/${name}`, `/${name}/isPolluted`, `/a/${name}/b`]) {
        expect(applyJsonPatch({ a: {} }, [{ op: 'add', path, value: true }]).kind).toBe('refused')
        expect(applyJsonPatch({ a: {} }, [{ op: 'copy', from: path, path: '/b' }]).kind).toBe('refused')
      }
      expect(Reflect.get({}, 'isPolluted')).toBeUndefined()
    },
  )

  test('what all objects inherit is not there', () => {
    for (const path of ['/toString', '/valueOf']) {
      expect(applyJsonPatch({ a: 1 }, [{ op: 'replace', path, value: 1 }]).kind).toBe('refused')
      expect(applyJsonPatch({ a: 1 }, [{ op: 'move', from: path, path: '/b' }]).kind).toBe('refused')
    }
  })
})

test('F073 a patch cannot make something huge or deep', () => {
  const doubling = Array.from({ length: 90 }, () => ({ op: 'copy', from: '', path: '/a' }))
  expect(applyJsonPatch({ a: 'x'.repeat(1000) }, doubling).kind).toBe('refused')
  const many = Array.from({ length: patchStepsMax + 1 }, () => ({ op: 'test', path: '/a', value: 1 }))
  expect(applyJsonPatch({ a: 1 }, many).kind).toBe('refused')
})

test('F073 whatever comes as a patch is applied or refused, and never throws', () => {
  const value = fc.jsonValue({ maxDepth: 3 })
  const pointer = fc.constantFrom('', '/', '/a', '/a/0', '/a/-', '/b/c', 'a', '/~2', '/a/1e0', null, 7)
  const step = fc.record(
    {
      op: fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test', 'x'),
      path: pointer,
      from: pointer,
      value,
    },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(value, fc.oneof(fc.array(step, { maxLength: 5 }), value), (target, patch) => {
      const [before, steps] = [jsonOf(JSON.stringify(target)), jsonOf(JSON.stringify(patch))]
      expect(['patched', 'refused']).toContain(applyJsonPatch(before, steps).kind)
      expect(['patched', 'refused']).toContain(applyMergePatch(before, steps).kind)
    }),
    { numRuns: 500 },
  )
})

function jsonOf(text: string): Json {
  const value: unknown = JSON.parse(text)
  if (isParsed(value)) return value
  throw new TypeError('not JSON')
}

/** What JSON.parse gives is JSON. */
function isParsed(value: unknown): value is Json {
  return value !== undefined
}
