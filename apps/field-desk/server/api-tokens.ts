/**
 * Tokens for programs: `Authorization: Bearer fd_…`. A manager makes them for themselves, sees each once, and revokes
 * them; a program then does what its manager may do. They end with the account, and after a year.
 *
 * `POST /api/tokens { name }` → { id, token } · `GET /api/tokens` → { tokens } · `POST /api/tokens/revoke { id }`
 */
import { randomUUID } from 'node:crypto'
import { isJson, isRecord, problem } from '@holdfast/core'
import {
  jsonAnswer,
  methodNotAllowed,
  problemAnswer,
  type Database,
  type Session,
  type SyncServer,
} from '@holdfast/server'
import { Hono } from 'hono'
import { parseAccount, type Account } from './accounts.ts'
import { hashOfToken, newToken } from './session-store.ts'

/** Where tokens are kept. */
export interface ApiTokens {
  /** Finds whose token it is; `undefined` when it is none, was revoked or is over. */
  readonly find: (token: string, nowMs: number) => Promise<Account | undefined>
  readonly make: (
    session: Session,
    name: string,
    nowMs: number,
  ) => Promise<{ readonly id: string; readonly token: string }>
  /** All tokens of a tenant, without the tokens themselves. */
  readonly list: (tenant: string) => Promise<readonly { readonly [field: string]: unknown }[]>
  /** False when the tenant has no such token. */
  readonly revoke: (tenant: string, id: string) => Promise<boolean>
}

const tokenPrefix = 'fd_'
const tokenMs = 365 * 24 * 3_600_000
const nameMax = 100

/** Tokens of one tenant: more are a leak or a loop. */
const tokensMax = 50

// Uses the unique index on the hash.
const findSql = `
select a.tenant, a.user_id, a.name, a.company, a.roles from field_desk.api_tokens t
join field_desk.accounts a on a.tenant = t.tenant and a.user_id = t.user_id
where t.token_hash = $1 and t.expires_at > $2::text::timestamptz`

const makeSql = `
insert into field_desk.api_tokens (tenant, id, user_id, name, token_hash, created_at, expires_at)
values ($1, $2, $3, $4, $5, $6::text::timestamptz, $7::text::timestamptz)`

const listSql = `
select t.id, t.user_id as user, t.name, t.created_at::text as created, t.expires_at::text as expires
from field_desk.api_tokens t where t.tenant = $1 order by t.created_at, t.id limit ${tokensMax}`

const revokeSql = 'delete from field_desk.api_tokens t where t.tenant = $1 and t.id = $2 returning t.id'

/** Opens the tokens. The tables must be there (tables.ts). */
export function openApiTokens(database: Database): ApiTokens {
  return {
    find: async (token, nowMs) => {
      if (!token.startsWith(tokenPrefix)) return undefined
      const params = [hashOfToken(token), new Date(nowMs).toISOString()]
      const [row] = await database.query('api-token-find', findSql, params)
      return row === undefined ? undefined : parseAccount(row)
    },
    make: async ({ tenant, user }, name, nowMs) => {
      const token = tokenPrefix + newToken()
      const id = randomUUID()
      const times = [new Date(nowMs).toISOString(), new Date(nowMs + tokenMs).toISOString()]
      await database.query('api-token-make', makeSql, [tenant, id, user, name, hashOfToken(token), ...times])
      return { id, token }
    },
    list: (tenant) => database.tx(tenant, ({ query }) => query('api-token-list', listSql, [tenant])),
    revoke: async (tenant, id) => {
      const revoked = await database.tx(tenant, ({ query }) => query('api-token-revoke', revokeSql, [tenant, id]))
      return revoked.length > 0
    },
  }
}

/** Makes the doors of the tokens. */
export function tokenRoutes(sync: Pick<SyncServer, 'door'>, tokens: ApiTokens, now: () => number): Hono {
  const routes = new Hono()
  routes.get(
    '/api/tokens',
    sync.door('nothing', async ({ session }) => {
      if (!isManager(session)) return managersOnly()
      return jsonAnswer({ tokens: await tokens.list(session.tenant) })
    }),
  )
  routes.post(
    '/api/tokens',
    sync.door('json', async ({ session, body }) => {
      if (!isManager(session)) return managersOnly()
      const name = textIn(body, 'name')
      if (name === undefined) return invalid(`name must be text of 1 to ${nameMax} characters`)
      if ((await tokens.list(session.tenant)).length >= tokensMax) {
        return problemAnswer(
          problem('refused', 'There are too many tokens', {
            detail: `At most ${tokensMax} are kept; revoke one first.`,
          }),
        )
      }
      return jsonAnswer(await tokens.make(session, name, now()), 201)
    }),
  )
  routes.all('/api/tokens', methodNotAllowed('GET', 'HEAD', 'POST'))
  routes.post(
    '/api/tokens/revoke',
    sync.door('json', async ({ session, body }) => {
      if (!isManager(session)) return managersOnly()
      const id = textIn(body, 'id')
      if (id === undefined) return invalid('id must be the id of a token')
      const wasThere = await tokens.revoke(session.tenant, id)
      return wasThere ? jsonAnswer({ revoked: id }) : problemAnswer(problem('not-found', 'There is no such token'))
    }),
  )
  routes.all('/api/tokens/revoke', methodNotAllowed('POST'))
  return routes
}

function isManager({ roles }: Session): boolean {
  return roles.includes('manager')
}

function managersOnly(): Response {
  return problemAnswer(problem('forbidden', 'Only a manager may do this'))
}

function invalid(detail: string): Response {
  return problemAnswer(problem('invalid-request', 'The request cannot be read', { detail }))
}

function textIn(body: unknown, name: string): string | undefined {
  const value = isRecord(body) ? body[name] : undefined
  return typeof value === 'string' && value.length > 0 && value.length <= nameMax && isJson(value) ? value : undefined
}
