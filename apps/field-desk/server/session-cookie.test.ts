import { expect, it } from 'vitest'
import { readSession, sessionCookieIn, setCookieHeader, signSession } from './session-cookie.ts'

const key = Buffer.alloc(32, 1)
const otherKey = Buffer.alloc(32, 2)
const session = { tenant: 'north', user: 'ana', expiresAtMs: 2000 }

it('reads back what was signed, until it is over', () => {
  const value = signSession(session, key)
  expect(readSession(value, key, 1999)).toEqual(session)
  expect(readSession(value, key, 2000)).toBeUndefined()
})

it('takes no cookie of another key', () => {
  expect(readSession(signSession(session, otherKey), key, 0)).toBeUndefined()
})

it('takes no cookie in which anything was changed', () => {
  const value = signSession(session, key)
  for (let index = 0; index < value.length; index += 1) {
    const changed = value.slice(0, index) + (value[index] === 'A' ? 'B' : 'A') + value.slice(index + 1)
    const read = readSession(changed, key, 0)
    // The last character of base64 has bits that stand for nothing: then the signature is still the same bytes.
    if (index === value.length - 1 && read !== undefined) expect(read).toEqual(session)
    else expect(read).toBeUndefined()
  }
})

it('takes nothing else either', () => {
  for (const value of ['', '.', '1..', '1.e30.', '2.e30.AA', `${signSession(session, key)}.x`]) {
    expect(readSession(value, key, 0)).toBeUndefined()
  }
})

it('finds its cookie among others', () => {
  expect(sessionCookieIn('a=1; field-desk-session=1.b.c; z=2')).toBe('1.b.c')
  expect(sessionCookieIn('not-field-desk-session=1')).toBeUndefined()
  expect(sessionCookieIn(null)).toBeUndefined()
})

it('keeps the cookie from scripts and from other sites', () => {
  expect(setCookieHeader('v', { isSecure: true })).toBe(
    'field-desk-session=v; Path=/; HttpOnly; SameSite=Lax; Max-Age=2592000; Secure',
  )
  expect(setCookieHeader('', { isSecure: false })).toContain('Max-Age=0')
})
