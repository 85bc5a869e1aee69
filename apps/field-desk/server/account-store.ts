/**
 * Accounts in the database. The table is the app's own and stands beside those of the sync server, behind the same
 * row-level security: inside a tenant's transaction only that tenant's accounts are to be seen.
 *
 * The login has to find an account before any tenant is known. It asks as the login role, which owns the table; that is
 * why row-level security is enabled here and not forced.
 */
import type { Database, Row } from '@holdfast/server'
import type { Account, Accounts } from './accounts.ts'
import { hashPassword } from './password.ts'

/** "desk" in ASCII and 1: of several servers that start at once, one makes the table. */
const lockKey = '1684370283, 1'

const tableSql = `
do $$ begin
  perform pg_advisory_xact_lock(${lockKey});
  create schema if not exists field_desk;
  create table if not exists field_desk.accounts (
    tenant text collate "C" not null,
    user_id text collate "C" not null,
    email text collate "C" not null unique,
    name text not null,
    company text not null,
    password_hash text not null,
    primary key (tenant, user_id)
  );
  alter table field_desk.accounts enable row level security;
  drop policy if exists tenant_only on field_desk.accounts;
  create policy tenant_only on field_desk.accounts
    using (tenant = nullif(current_setting('app.tenant', true), ''))
    with check (tenant = nullif(current_setting('app.tenant', true), ''));
  grant usage on schema field_desk to holdfast_app;
  grant select (tenant, user_id, email, name, company) on field_desk.accounts to holdfast_app;
end $$`

// Uses the unique index on email.
const byEmailSql = `
select tenant, user_id, name, company, password_hash from field_desk.accounts where email = $1`

// Uses the primary key.
const byIdSql = `
select tenant, user_id, name, company from field_desk.accounts where tenant = $1 and user_id = $2`

const addSql = `
insert into field_desk.accounts (tenant, user_id, email, name, company, password_hash)
values ($1, $2, $3, $4, $5, $6) on conflict do nothing`

const emailsSql = `select email from field_desk.accounts`

/** An account for trying things out. */
export interface DemoAccount extends Account {
  readonly email: string
}

/** Two people of one company and one of another: enough to see that companies never see one another. */
export const demoAccounts: readonly DemoAccount[] = [
  { tenant: 'north', user: 'ana', email: 'ana@north.example', name: 'Ana', company: 'North' },
  { tenant: 'north', user: 'ben', email: 'ben@north.example', name: 'Ben', company: 'North' },
  { tenant: 'south', user: 'cleo', email: 'cleo@south.example', name: 'Cleo', company: 'South' },
]

/** The password of all demo accounts. It protects nothing, and the start says so. */
export const demoPassword = 'demo'

/** Opens the accounts: makes the table when there is none. */
export async function openAccounts(database: Database): Promise<Accounts> {
  await database.query('accounts-table', tableSql, [])
  return {
    findByEmail: async (email) => {
      const [row] = await database.query('account-by-email', byEmailSql, [email])
      return row === undefined ? undefined : { ...parseAccount(row), passwordHash: textOf(row, 'password_hash') }
    },
    get: async (tenant, user) => {
      const rows = await database.tx(tenant, ({ query }) => query('account-by-id', byIdSql, [tenant, user]))
      return rows[0] === undefined ? undefined : parseAccount(rows[0])
    },
  }
}

/** Adds the demo accounts that are missing. */
export async function addDemoAccounts(database: Database): Promise<void> {
  const rows = await database.query('account-emails', emailsSql, [])
  const known = new Set(rows.map((row) => textOf(row, 'email')))
  for (const account of demoAccounts.filter(({ email }) => !known.has(email))) {
    const { tenant, user, email, name, company } = account
    await database.query('add-account', addSql, [tenant, user, email, name, company, await hashPassword(demoPassword)])
  }
}

function parseAccount(row: Row): Account {
  const account = { tenant: textOf(row, 'tenant'), user: textOf(row, 'user_id') }
  return { ...account, name: textOf(row, 'name'), company: textOf(row, 'company') }
}

function textOf(row: Row, column: string): string {
  const value = row[column]
  if (typeof value !== 'string') throw new TypeError(`accounts.${column} is expected to be text, got ${typeof value}`)
  return value
}
