import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodedName, identityStamp } from './identity-stamp.ts'

test('I5 two names never have the same encoded form, whatever stands in them', () => {
  const name = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 6 }),
    fc.string({ maxLength: 6 }),
    fc.constantFrom('%ud800', '\ud800', '\udc00', '%'),
  )
  fc.assert(
    fc.property(name, name, (left, right) => {
      expect(encodedName(left) === encodedName(right)).toBe(left === right)
    }),
  )
})

test('a stamp fits in a header, whatever stands in the names', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string(), (tenant, user) => {
      expect(identityStamp({ tenant, user })).toMatch(/^[\w%.!~*'()-]*\/[\w%.!~*'()-]*$/)
    }),
  )
})

test('I5 tenant and user cannot be shifted into one another', () => {
  expect(identityStamp({ tenant: 'a/b', user: 'c' })).not.toBe(identityStamp({ tenant: 'a', user: 'b/c' }))
  expect(identityStamp({ tenant: 'north', user: 'Ana' })).not.toBe(identityStamp({ tenant: 'north', user: 'ana' }))
})
