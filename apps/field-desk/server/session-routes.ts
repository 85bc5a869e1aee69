/**
 * The doors of the login: `POST /api/session` signs in, `GET` says who is signed in, `DELETE` signs out. Answers that
 * are no session are problem documents.
 */
import { isJson, isRecord, problem, problemMediaType, type Problem } from '@holdfast/core'
import { Hono, type Context } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { Account, Accounts } from './accounts.ts'
import { createCheckLimit } from './check-limit.ts'
import type { LoginLimit } from './login-limit.ts'
import { isPassword, passwordMax } from './password.ts'
import { isCrossSite } from './same-site.ts'
import { setCookieHeader, signToken, tokenInCookie } from './session-cookie.ts'
import { rotateAfterMs, type Sessions } from './session-store.ts'

/** What the login works with. */
export interface SessionRoutesOptions {
  readonly accounts: Accounts
  readonly sessions: Sessions
  readonly key: Uint8Array
  readonly limit: LoginLimit
  /** The network address of a request's sender. */
  readonly addressOf: (context: Context) => string
  readonly now: () => number
}

const bodyBytesMax = 4096
const emailMax = 200

/** Makes the doors of the login. */
export function sessionRoutes(options: SessionRoutesOptions): Hono {
  const { accounts, sessions, key, limit, addressOf, now } = options
  const checks = createCheckLimit()
  const routes = new Hono()

  routes.use('/api/session', async (context, next) => {
    context.header('cache-control', 'no-store')
    const isRead = context.req.method === 'GET' || context.req.method === 'HEAD'
    if (!isRead && isCrossSite(context.req.raw)) {
      return refuse(problem('cross-site', 'This request came from another site.'))
    }
    return next()
  })

  const tooLarge = () => refuse(problem('too-large', `At most ${bodyBytesMax} bytes are expected.`))
  routes.post('/api/session', bodyLimit({ maxSize: bodyBytesMax, onError: tooLarge }), async (context) => {
    const credentials = parseCredentials(await readJson(context.req.raw))
    if (credentials === undefined)
      return refuse(problem('invalid-request', 'An e-mail address and a password are expected.'))
    // Before the try is counted: who found the server busy has not guessed.
    const answer = checks.run(() => signIn(context, credentials))
    return answer ?? refuseWhileBusy()
  })

  async function signIn(context: Context, { email, password }: Credentials): Promise<Response> {
    const account = await accounts.findByEmail(email)
    const attempt = limit.begin(email, addressOf(context), account !== undefined)
    if (!attempt.isAllowed) return refuseForNow(attempt.retryAfterMs)
    const isRight = await isPassword(password, account?.passwordHash)
    if (account === undefined || !isRight) {
      return refuse(problem('unauthenticated', 'The e-mail address or the password is not right.'))
    }
    attempt.succeeded()
    // A session that this browser had is over: nobody goes on with a cookie that was put there before the sign-in.
    const before = tokenOf(context)
    if (before !== undefined) await sessions.end(before)
    giveCookie(context, await sessions.start(account, now()))
    return context.json(answerOf(account))
  }

  routes.get('/api/session', async (context) => {
    const token = tokenOf(context)
    const session = token === undefined ? undefined : await sessions.find(token, now())
    if (session === undefined) return refuse(problem('unauthenticated', 'Nobody is signed in.'))
    if (now() - session.rotatedAtMs >= rotateAfterMs) giveCookie(context, await sessions.rotate(session, now()))
    return context.json(answerOf(session.account))
  })

  routes.delete('/api/session', async (context) => {
    const token = tokenOf(context)
    if (token !== undefined) await sessions.end(token)
    context.header('set-cookie', setCookieHeader('', { isSecure: isSecure(context.req.raw) }))
    return context.body(null, 204)
  })

  function tokenOf(context: Context): string | undefined {
    return tokenInCookie(context.req.header('cookie'), key)
  }

  function giveCookie(context: Context, token: string): void {
    context.header('set-cookie', setCookieHeader(signToken(token, key), { isSecure: isSecure(context.req.raw) }))
  }

  return routes
}

interface Credentials {
  readonly email: string
  readonly password: string
}

function parseCredentials(body: unknown): Credentials | undefined {
  // Text with NUL or half a character is no address, and no database can be asked for it.
  if (!isRecord(body) || !isJson(body)) return undefined
  const { email, password } = body
  if (typeof email !== 'string' || typeof password !== 'string') return undefined
  if (email.length > emailMax || password.length > passwordMax) return undefined
  return { email: email.trim().toLowerCase(), password }
}

async function readJson(request: Request): Promise<unknown> {
  // Only a script can send this media type to another origin, and then the browser asks first: a form cannot.
  if (!/^application\/json\b/i.test(request.headers.get('content-type') ?? '')) return undefined
  return request.json().catch(() => undefined)
}

/** Only what a page may know: a stored account has more. */
function answerOf({ tenant, user, name, company, roles }: Account): Account {
  return { tenant, user, name, company, roles }
}

function refuseForNow(retryAfterMs: number): Response {
  const seconds = Math.ceil(retryAfterMs / 1000)
  const minutes = Math.ceil(seconds / 60)
  const detail = `Try again in ${minutes} ${minutes === 1 ? 'minute' : 'minutes'}.`
  return refuse(problem('rate-limited', 'There were too many failed sign-ins.', { detail }), {
    'retry-after': String(seconds),
  })
}

function refuseWhileBusy(): Response {
  const detail = 'Try again in a second.'
  return refuse(problem('rate-limited', 'Too many people are signing in at this moment.', { detail }), {
    'retry-after': '1',
  })
}

function refuse(document: Problem, headers: Record<string, string> = {}): Response {
  const all = { 'cache-control': 'no-store', 'content-type': problemMediaType, ...headers }
  return new Response(JSON.stringify(document), { status: document.status, headers: all })
}

/** True behind a proxy that speaks TLS, or when we do. A sender who lies about it only hides the cookie from itself. */
function isSecure(request: Request): boolean {
  return request.headers.get('x-forwarded-proto') === 'https' || new URL(request.url).protocol === 'https:'
}
