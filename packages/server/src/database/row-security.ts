/**
 * The start-up check of the second wall between tenants. A superuser, a role that may bypass row-level security, an
 * owner, a table without its policy or with a careless one would make it a painted wall, so the server refuses to run
 * with one.
 */
import { ServerError } from '../error.ts'
import type { Database } from './database.ts'

const probeTenant = 'row-security-check'

const probeSql = `
select
  r.rolsuper or r.rolbypassrls as bypasses,
  r.rolname::text as role,
  current_setting('app.tenant', true) as tenant,
  coalesce((
    select string_agg(c.relname::text, ', ' order by c.relname)
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'holdfast'
    join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant' and not a.attisdropped
    where c.relkind in ('r', 'p')
      and (not c.relrowsecurity or not c.relforcerowsecurity or c.relowner = r.oid
        or not exists (select from pg_policy p where p.polrelid = c.oid)
        -- Policies open a table together: one that does not ask for the tenant opens it for all.
        or exists (
          select from pg_policy p
          where p.polrelid = c.oid and p.polpermissive
            -- One for roles that this one is no member of opens nothing here.
            and (p.polroles = array[0::oid]
              or exists (select from unnest(p.polroles) as m (oid) where pg_has_role(r.oid, m.oid, 'MEMBER')))
            and (pg_get_expr(p.polqual, p.polrelid) not like '%app.tenant%'
              or pg_get_expr(p.polwithcheck, p.polrelid) not like '%app.tenant%')
        ))
  ), '') as open_tables,
  coalesce((
    select count(*)::integer from pg_class c
    join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'holdfast'
    join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant' and not a.attisdropped
    where c.relkind in ('r', 'p')
  ), 0) as tables
from pg_roles r where r.rolname = current_user`

/**
 * Proves, inside a transaction of the database's own, that row-level security holds there.
 *
 * @throws ServerError `row-security` when it does not; the message says what is open
 */
export async function checkRowSecurity(database: Database): Promise<void> {
  const [row] = await database.tx(probeTenant, ({ query }) => query('row-security', probeSql, []))
  const { bypasses, role, tenant, open_tables: openTables, tables } = row ?? {}
  if (bypasses !== false) {
    throw refusal(
      `transactions run as "${String(role)}", which bypasses it; take superuser and bypassrls from that role`,
    )
  }
  if (tenant !== probeTenant) throw refusal('app.tenant is not set inside a transaction')
  if (openTables !== '' || tables === 0) {
    throw refusal(`these tables lack an enabled and forced policy or belong to the role itself: ${String(openTables)}`)
  }
}

function refusal(reason: string): ServerError {
  return new ServerError('row-security', `Row-level security would not keep tenants apart: ${reason}.`)
}
