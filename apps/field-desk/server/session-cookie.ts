/**
 * The session cookie: who is signed in, signed with a key that never leaves the server. There is nothing to look up
 * and nothing to steal from the database; a cookie that anybody has changed is no cookie.
 *
 * `1.BODY.SIGNATURE`: the format's version, the session as JSON and its HMAC-SHA-256, both in base64url.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { isRecord } from '@holdfast/core'

/** Who is signed in, and until when. */
export interface SignedSession {
  readonly tenant: string
  readonly user: string
  /** Server clock, ms since 1970. */
  readonly expiresAtMs: number
}

/** The cookie's name. */
const sessionCookieName = 'field-desk-session'

/** How long a sign-in holds, ms: 30 days, so that a device that was away for a while can still send. */
export const sessionMs: number = 30 * 24 * 3_600_000

const version = '1'

/** Writes a session as the value of a cookie. */
export function signSession(session: SignedSession, key: Uint8Array): string {
  const body = Buffer.from(JSON.stringify(session)).toString('base64url')
  return `${version}.${body}.${signatureOf(body, key).toString('base64url')}`
}

/** Reads the value of a cookie; `undefined` for one that is not ours, was changed, or is over. */
export function readSession(value: string, key: Uint8Array, nowMs: number): SignedSession | undefined {
  const [kind, body = '', signature = '', ...rest] = value.split('.')
  if (kind !== version || rest.length > 0) return undefined
  const given = Buffer.from(signature, 'base64url')
  const expected = signatureOf(body, key)
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined
  const session = parseSession(body)
  return session !== undefined && session.expiresAtMs > nowMs ? session : undefined
}

/** Finds the session cookie in a `Cookie` header. */
export function sessionCookieIn(header: string | null | undefined): string | undefined {
  for (const pair of (header ?? '').split(';')) {
    const separator = pair.indexOf('=')
    if (separator > 0 && pair.slice(0, separator).trim() === sessionCookieName) return pair.slice(separator + 1).trim()
  }
  return undefined
}

/** Writes a `Set-Cookie` header; an empty value takes the cookie away. Scripts cannot read it, other sites cannot use it. */
export function setCookieHeader(value: string, options: { readonly isSecure: boolean }): string {
  const maxAgeS = value === '' ? 0 : sessionMs / 1000
  const parts = [`${sessionCookieName}=${value}`, 'Path=/', 'HttpOnly', 'SameSite=Lax', `Max-Age=${maxAgeS}`]
  return (options.isSecure ? [...parts, 'Secure'] : parts).join('; ')
}

function signatureOf(body: string, key: Uint8Array): Buffer {
  return createHmac('sha256', key).update(`${version}.${body}`).digest()
}

/** Only ever called with a body whose signature has been checked. */
function parseSession(body: string): SignedSession | undefined {
  const value: unknown = JSON.parse(Buffer.from(body, 'base64url').toString())
  if (!isRecord(value)) return undefined
  const { tenant, user, expiresAtMs } = value
  if (typeof tenant !== 'string' || typeof user !== 'string' || typeof expiresAtMs !== 'number') return undefined
  return { tenant, user, expiresAtMs }
}
