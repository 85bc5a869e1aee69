/** The doors of the login, as the pages use them. Nothing here throws: not reaching the server is an answer too. */
import { parseIdentity, type Identity } from './identity.ts'

/** Who is signed in, as far as the server could be asked. */
export type SessionAnswer =
  | { readonly kind: 'signed-in'; readonly identity: Identity }
  | { readonly kind: 'signed-out' }
  | { readonly kind: 'unreachable' }

/** What came of signing in. */
export type SignInAnswer =
  | { readonly kind: 'signed-in'; readonly identity: Identity }
  | { readonly kind: 'wrong' }
  | { readonly kind: 'limited'; readonly retryAfterMs: number }
  | { readonly kind: 'refused' }
  | { readonly kind: 'unreachable' }

const path = '/api/session'

/** A server that does not answer within this time counts as out of reach, ms. */
const timeoutMs = 10_000

/** Asks who is signed in. */
export async function fetchSession(): Promise<SessionAnswer> {
  const answer = await ask({ method: 'GET' })
  if (answer === undefined) return { kind: 'unreachable' }
  const identity = answer.status === 200 ? parseIdentity(answer.body) : undefined
  if (identity !== undefined) return { kind: 'signed-in', identity }
  // Only our own problem document says "nobody"; a proxy's or a portal's page says nothing.
  return answer.status === 401 && answer.isProblem ? { kind: 'signed-out' } : { kind: 'unreachable' }
}

/** Signs in. */
export async function signIn(email: string, password: string): Promise<SignInAnswer> {
  const headers = { 'content-type': 'application/json' }
  const answer = await ask({ method: 'POST', headers, body: JSON.stringify({ email, password }) })
  if (answer === undefined) return { kind: 'unreachable' }
  const identity = answer.status === 200 ? parseIdentity(answer.body) : undefined
  if (identity !== undefined) return { kind: 'signed-in', identity }
  if (!answer.isProblem) return { kind: 'unreachable' }
  if (answer.status === 401) return { kind: 'wrong' }
  if (answer.status === 429) return { kind: 'limited', retryAfterMs: answer.retryAfterMs }
  return { kind: 'refused' }
}

/** Signs out; false when the server could not be told. */
export async function signOut(): Promise<boolean> {
  const answer = await ask({ method: 'DELETE' })
  return answer !== undefined && answer.status === 204
}

async function ask(init: RequestInit) {
  try {
    const response = await fetch(path, { ...init, redirect: 'error', signal: AbortSignal.timeout(timeoutMs) })
    const body: unknown = response.status === 204 ? undefined : await response.json()
    return {
      status: response.status,
      body,
      isProblem: (response.headers.get('content-type') ?? '').startsWith('application/problem+json'),
      retryAfterMs: Number(response.headers.get('retry-after') ?? 60) * 1000,
    }
  } catch {
    // No network, no answer in time, a redirect, or a page instead of JSON: in none of these did our server speak.
    return undefined
  }
}
