import { expect, it } from 'vitest'
import { setCookieHeader, signToken, tokenInCookie } from './session-cookie.ts'

const key = Buffer.alloc(32, 1)
const otherKey = Buffer.alloc(32, 2)
const token = 'AbC_-123'
const cookie = (value: string) => `a=1; field-desk-session=${value}; z=2`

it('reads back what was signed, among other cookies', () => {
  expect(tokenInCookie(cookie(signToken(token, key)), key)).toBe(token)
  expect(tokenInCookie(`not-${cookie(signToken(token, key)).slice(5)}`, key)).toBeUndefined()
  expect(tokenInCookie(null, key)).toBeUndefined()
})

it('takes no cookie of another key', () => {
  expect(tokenInCookie(cookie(signToken(token, otherKey)), key)).toBeUndefined()
})

it('takes no cookie in which anything was changed', () => {
  const value = signToken(token, key)
  for (let index = 0; index < value.length; index += 1) {
    const changed = value.slice(0, index) + (value[index] === 'A' ? 'B' : 'A') + value.slice(index + 1)
    const read = tokenInCookie(cookie(changed), key)
    // The last character of base64 has bits that stand for nothing: then the signature is still the same bytes.
    if (index === value.length - 1 && read !== undefined) expect(read).toBe(token)
    else expect(read).toBeUndefined()
  }
})

it('takes nothing else either', () => {
  for (const value of ['', '.', '2..', '1.e30.', '2.e30.AA', `${signToken(token, key)}.x`]) {
    expect(tokenInCookie(cookie(value), key)).toBeUndefined()
  }
})

it('keeps the cookie from scripts and from other sites', () => {
  expect(setCookieHeader('v', { isSecure: true })).toBe(
    'field-desk-session=v; Path=/; HttpOnly; SameSite=Lax; Max-Age=2592000; Secure',
  )
  expect(setCookieHeader('', { isSecure: false })).toContain('Max-Age=0')
})
