/**
 * The tenants that have ever sent anything. Row-level security shows nobody all tenants, and work in the background has
 * to go through them one by one; this list is all that it may know without being one of them.
 */
import type { Database } from './database/database.ts'

/** Remembers which tenants are in the list already. */
export interface TenantList {
  /** Puts a tenant in the list, unless this process knows that it is there. */
  readonly note: (tenant: string) => Promise<void>
}

// The table holds names of tenants and nothing of theirs, so these run as the login role; the app's role may not read it.
const noteSql = 'insert into holdfast.tenants (id) values ($1) on conflict (id) do nothing'

const pageSql = `
select t.id from holdfast.tenants t where t.id > $1 order by t.id limit $2::integer`

const pageSize = 500

/** Most tenants that a process remembers; then it begins anew, which only costs it a statement each. */
const rememberedMax = 100_000

/** Makes the list of one process. */
export function createTenantList(database: Database): TenantList {
  const known = new Set<string>()
  return {
    note: async (tenant) => {
      if (known.has(tenant)) return
      await database.query('holdfast-note-tenant', noteSql, [tenant])
      if (known.size >= rememberedMax) known.clear()
      known.add(tenant)
    },
  }
}

/** All tenants, in the order of their names, page by page. */
export async function* listTenants(database: Database): AsyncGenerator<string> {
  for (let after = ''; ;) {
    const rows = await database.query('holdfast-list-tenants', pageSql, [after, pageSize])
    const ids = rows.flatMap(({ id }) => (typeof id === 'string' ? [id] : []))
    yield* ids
    const last = ids.at(-1)
    if (last === undefined || ids.length < pageSize) return
    after = last
  }
}
