/** Reads which of the files that a batch names have arrived whole: those of its own user, by their hash. */
import type { Query } from '../database/database.ts'
import type { PreparedOperation } from '../prepare.ts'

// Uses the index of whole uploads.
const readSql = `
select distinct on (u.sha256) u.sha256, u.id from holdfast.uploads u
where u.tenant = $1 and u.user_id = $2 and u.kind = 'whole'
  and u.sha256 in (select json_array_elements_text($3::text::json))
order by u.sha256, u.created_at, u.id`

/** The ids of whole uploads by SHA-256. Without attachments in the batch nothing is asked. */
export async function readUploads(
  query: Query,
  owner: { readonly tenant: string; readonly user: string },
  operations: readonly PreparedOperation[],
): Promise<ReadonlyMap<string, string>> {
  const hashes = new Set(operations.flatMap(({ wire }) => wire.attachments?.map(({ sha256 }) => sha256) ?? []))
  if (hashes.size === 0) return new Map()
  const rows = await query('holdfast-read-uploads', readSql, [owner.tenant, owner.user, JSON.stringify([...hashes])])
  return new Map(rows.map(({ sha256, id }) => [String(sha256), String(id)]))
}
