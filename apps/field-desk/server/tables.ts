/**
 * The app's own tables, beside those of the sync server and behind the same row-level security: inside a tenant's
 * transaction only that tenant's accounts are to be seen.
 *
 * A sign-in, and every look-up of a cookie or a token, has to find a row before any tenant is known. It asks as the
 * login role, which owns the tables; that is why row-level security is enabled here and not forced. The app's role may
 * read accounts without their passwords and tokens without their hashes, and nothing of sessions.
 */
import type { Database } from '@holdfast/server'

/** "desk" in ASCII and 1: of several servers that start at once, one makes the tables. */
const lockKey = '1684370283, 1'

const tablesSql = `
do $$
declare name text;
begin
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
  -- What a person may do, as words between commas.
  alter table field_desk.accounts add column if not exists roles text not null default 'staff';
  create table if not exists field_desk.sessions (
    tenant text collate "C" not null,
    id text collate "C" not null,
    user_id text collate "C" not null,
    -- SHA-256 of the token in the cookie, hex: whoever reads the table cannot sign in with it.
    token_hash text collate "C" not null unique,
    -- Of the token that was given out to take its place, until that one comes for the first time.
    next_hash text collate "C" unique,
    -- Of the one before, which requests that were under way may still carry.
    previous_hash text collate "C" unique,
    created_at timestamptz not null,
    rotated_at timestamptz not null,
    expires_at timestamptz not null,
    primary key (tenant, id)
  );
  create table if not exists field_desk.api_tokens (
    tenant text collate "C" not null,
    id text collate "C" not null,
    user_id text collate "C" not null,
    name text not null,
    token_hash text collate "C" not null unique,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    primary key (tenant, id)
  );
  foreach name in array array['accounts', 'sessions', 'api_tokens'] loop
    execute format('alter table field_desk.%I enable row level security', name);
    execute format('drop policy if exists tenant_only on field_desk.%I', name);
    execute format(
      'create policy tenant_only on field_desk.%I
         using (tenant = nullif(current_setting(''app.tenant'', true), ''''))
         with check (tenant = nullif(current_setting(''app.tenant'', true), ''''))', name);
  end loop;
  grant usage on schema field_desk to holdfast_app;
  grant select (tenant, user_id, email, name, company, roles) on field_desk.accounts to holdfast_app;
  grant select (tenant, id, user_id, name, created_at, expires_at), delete on field_desk.api_tokens to holdfast_app;
end $$`

/** Makes the tables that are missing. */
export async function makeTables(database: Database): Promise<void> {
  await database.query('field-desk-tables', tablesSql, [])
}
