/**
 * Sessions in the database: a sign-out ends one everywhere at once, and so does the removal of an account. The cookie
 * holds a random token; the table holds its hash.
 *
 *   start ─▶ token ─▶ [a day later] rotate ─▶ next token ─▶ it comes ─▶ it is the token, the old one has a minute left
 *
 * The old token holds until the new one has come once: an answer that got lost signs nobody out.
 */
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import type { Database, Row } from '@holdfast/server'
import { parseAccount, type Account } from './accounts.ts'

/** How long a session holds after it was started or rotated, ms: 30 days, so that a device may be away for a while. */
export const sessionMs: number = 30 * 24 * 3_600_000

/** How long it holds at most, however often it is rotated, ms: 180 days. */
export const sessionMaxMs: number = 180 * 24 * 3_600_000

/** The age at which a token is replaced, ms: a day. */
export const rotateAfterMs: number = 24 * 3_600_000

/** How long requests that were under way may still carry the token before, ms. */
const graceMs = 60_000

/** A session with the account as it is now. */
export interface StoredSession {
  readonly id: string
  readonly account: Account
  readonly rotatedAtMs: number
}

/** Where sessions are kept. */
export interface Sessions {
  /** Starts a session and returns its token. */
  readonly start: (account: Account, nowMs: number) => Promise<string>
  /** Finds the session of a token; `undefined` when it is over, or its account is gone. */
  readonly find: (token: string, nowMs: number) => Promise<StoredSession | undefined>
  /** Makes the token that takes the place of the session's present one. */
  readonly rotate: (session: StoredSession, nowMs: number) => Promise<string>
  readonly end: (token: string) => Promise<void>
}

const startSql = `
insert into field_desk.sessions (tenant, id, user_id, token_hash, created_at, rotated_at, expires_at)
values ($1, $2, $3, $4, $5::text::timestamptz, $5::text::timestamptz, $6::text::timestamptz)`

// Uses the unique indexes on the hashes. Each is looked up by itself: an "or" over them would walk the table.
const findSql = `
select s.tenant, s.id, s.user_id, a.name, a.company, a.roles, s.next_hash = $1 as is_next,
  (extract(epoch from s.rotated_at) * 1000)::float8 as rotated_at_ms
from (
  select s.* from field_desk.sessions s where s.token_hash = $1
  union all select s.* from field_desk.sessions s where s.next_hash = $1
  union all select s.* from field_desk.sessions s where s.previous_hash = $1 and s.rotated_at > $3::text::timestamptz
) s
join field_desk.accounts a on a.tenant = s.tenant and a.user_id = s.user_id
where s.expires_at > $2::text::timestamptz
limit 1`

const promoteSql = `
update field_desk.sessions s
set previous_hash = s.token_hash, token_hash = $1, next_hash = null, rotated_at = $2::text::timestamptz
where s.next_hash = $1`

const rotateSql = `
update field_desk.sessions s
set next_hash = $3,
  expires_at = least($4::text::timestamptz, s.created_at + make_interval(secs => $5::float8))
where s.tenant = $1 and s.id = $2`

const endSql = 'delete from field_desk.sessions s where s.token_hash = $1 or s.next_hash = $1 or s.previous_hash = $1'

const sweepSql = `
delete from field_desk.sessions s where (s.tenant, s.id) in (
  select o.tenant, o.id from field_desk.sessions o
  where o.tenant = $1 and o.expires_at <= $2::text::timestamptz limit 100
)`

/** Opens the sessions. The tables must be there (tables.ts). */
export function openSessions(database: Database): Sessions {
  return {
    start: async ({ tenant, user }, nowMs) => {
      const token = newToken()
      const times = [instant(nowMs), instant(nowMs + sessionMs)]
      await database.query('session-start', startSql, [tenant, randomUUID(), user, hashOfToken(token), ...times])
      // Whoever signs in clears up a little behind those whose sessions are over.
      await database.query('session-sweep', sweepSql, [tenant, instant(nowMs)])
      return token
    },
    find: async (token, nowMs) => {
      const hash = hashOfToken(token)
      const params = [hash, instant(nowMs), instant(nowMs - graceMs)]
      const [row] = await database.query('session-find', findSql, params)
      if (row === undefined) return undefined
      if (row['is_next'] === true) await database.query('session-promote', promoteSql, [hash, instant(nowMs)])
      return parseSession(row, nowMs)
    },
    rotate: async ({ id, account }, nowMs) => {
      const token = newToken()
      const until = [instant(nowMs + sessionMs), sessionMaxMs / 1000]
      await database.query('session-rotate', rotateSql, [account.tenant, id, hashOfToken(token), ...until])
      return token
    },
    end: async (token) => {
      await database.query('session-end', endSql, [hashOfToken(token)])
    },
  }
}

/** A token that nobody can guess: 256 random bits. */
export function newToken(): string {
  return randomBytes(32).toString('base64url')
}

/** What a table keeps of a token. No salt: there is nothing to guess in 256 random bits. */
export function hashOfToken(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}

function parseSession(row: Row, nowMs: number): StoredSession {
  const { id, rotated_at_ms: rotatedAtMs, is_next: isNext } = row
  if (typeof id !== 'string' || typeof rotatedAtMs !== 'number')
    throw new TypeError('a session is not as it was stored')
  return { id, account: parseAccount(row), rotatedAtMs: isNext === true ? nowMs : rotatedAtMs }
}

function instant(ms: number): string {
  return new Date(ms).toISOString()
}
