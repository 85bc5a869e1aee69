/**
 * The session cookie: a random token, signed with a key that never leaves the server. What the token stands for is in
 * the database (session-store.ts); the signature keeps made-up ones from being looked up.
 *
 * `2.TOKEN.SIGNATURE`: the format's version, the token and its HMAC-SHA-256, in base64url.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { sessionMs } from './session-store.ts'

/** The cookie's name. */
const sessionCookieName = 'field-desk-session'

const version = '2'

/** Writes a token as the value of a cookie. */
export function signToken(token: string, key: Uint8Array): string {
  return `${version}.${token}.${signatureOf(token, key).toString('base64url')}`
}

/** Reads the token in a `Cookie` header; `undefined` without one, or for one that is not ours or was changed. */
export function tokenInCookie(header: string | null | undefined, key: Uint8Array): string | undefined {
  const [kind, token = '', signature = '', ...rest] = (cookieIn(header) ?? '').split('.')
  if (kind !== version || token === '' || rest.length > 0) return undefined
  const given = Buffer.from(signature, 'base64url')
  const expected = signatureOf(token, key)
  return given.length === expected.length && timingSafeEqual(given, expected) ? token : undefined
}

/** Writes a `Set-Cookie` header; an empty value takes the cookie away. Scripts cannot read it, other sites cannot use it. */
export function setCookieHeader(value: string, options: { readonly isSecure: boolean }): string {
  const maxAgeS = value === '' ? 0 : sessionMs / 1000
  const parts = [`${sessionCookieName}=${value}`, 'Path=/', 'HttpOnly', 'SameSite=Lax', `Max-Age=${maxAgeS}`]
  return (options.isSecure ? [...parts, 'Secure'] : parts).join('; ')
}

function cookieIn(header: string | null | undefined): string | undefined {
  for (const pair of (header ?? '').split(';')) {
    const separator = pair.indexOf('=')
    if (separator > 0 && pair.slice(0, separator).trim() === sessionCookieName) return pair.slice(separator + 1).trim()
  }
  return undefined
}

function signatureOf(token: string, key: Uint8Array): Buffer {
  return createHmac('sha256', key).update(`${version}.${token}`).digest()
}
