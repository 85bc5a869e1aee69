/**
 * Whose request it is: by its bearer token, else by its cookie. Both are looked up at every request, so that roles are
 * those of now, and a sign-out, a revoked token or a removed account is felt at once.
 */
import type { Session } from '@holdfast/server'
import type { Account } from './accounts.ts'
import type { ApiTokens } from './api-tokens.ts'
import { tokenInCookie } from './session-cookie.ts'
import type { Sessions } from './session-store.ts'

/** What is asked. */
export interface AuthenticateOptions {
  readonly sessions: Sessions
  readonly tokens: ApiTokens
  /** Signs cookies: one that anybody made up costs no look-up. */
  readonly key: Uint8Array
  readonly now: () => number
}

/** Makes the server's `authenticate`. A request that shows a token is judged by that alone, cookie or not. */
export function createAuthenticate(options: AuthenticateOptions): (request: Request) => Promise<Session | null> {
  const { sessions, tokens, key, now } = options
  return async (request) => {
    const authorization = request.headers.get('authorization')
    if (authorization !== null) {
      const [, token] = /^Bearer ([\w-]{1,100})$/i.exec(authorization) ?? []
      return sessionOf(token === undefined ? undefined : await tokens.find(token, now()))
    }
    const token = tokenInCookie(request.headers.get('cookie'), key)
    return sessionOf(token === undefined ? undefined : (await sessions.find(token, now()))?.account)
  }
}

function sessionOf(account: Account | undefined): Session | null {
  return account === undefined ? null : { tenant: account.tenant, user: account.user, roles: account.roles }
}
