/** The rows of uploads: made when an upload begins, whole when its file is kept. */
import type { Query, Row } from '../database/database.ts'
import { isFileType, type FileType } from './file-type.ts'

/** An upload as its row says. */
export interface Upload {
  readonly id: string
  readonly user: string
  readonly operation: string | null
  /** Of the bytes as they are sent, hex. */
  readonly sha256: string
  readonly sizeBytes: number
  /** The file, once it is whole. */
  readonly kept?: { readonly blob: string; readonly type: FileType }
}

/** What one user may have on the server within a day. */
export interface UploadQuota {
  readonly bytesMax: number
  readonly uploadsMax: number
}

const dayMs = 86_400_000

// Uses the index by user.
const beginSql = `
insert into holdfast.uploads (tenant, id, user_id, operation, sha256, size_bytes, kind, created_at)
select $1, $2, $3, $4, $5, $6::float8::bigint, 'open', $7::text::timestamptz
from (
  select count(*) as uploads, coalesce(sum(u.size_bytes), 0) as bytes from holdfast.uploads u
  where u.tenant = $1 and u.user_id = $3 and u.created_at > $8::text::timestamptz
) today
where today.uploads < $9::float8 and today.bytes + $6::float8 <= $10::float8
returning id`

/** Begins an upload; false when the user's quota is used up. */
export async function beginUpload(
  query: Query,
  tenant: string,
  { id, user, operation, sha256, sizeBytes }: Upload,
  quota: UploadQuota,
  nowMs: number,
): Promise<boolean> {
  const rows = await query('holdfast-begin-upload', beginSql, [
    tenant,
    id,
    user,
    operation,
    sha256,
    sizeBytes,
    new Date(nowMs).toISOString(),
    new Date(nowMs - dayMs).toISOString(),
    quota.uploadsMax,
    quota.bytesMax,
  ])
  return rows.length > 0
}

const columns =
  'u.id, u.user_id, u.operation, u.sha256, u.size_bytes::float8 as size_bytes, u.kind, u.blob, u.media_type'

// Both use an index that names the tenant first.
const readSql = `select ${columns} from holdfast.uploads u where u.tenant = $1 and u.id = $2`

/** Reads an upload. */
export async function readUpload(query: Query, tenant: string, id: string): Promise<Upload | undefined> {
  const [row] = await query('holdfast-read-upload', readSql, [tenant, id])
  return row === undefined ? undefined : parseUpload(row)
}

const sameSql = `
select ${columns} from holdfast.uploads u
where u.tenant = $1 and u.user_id = $2 and u.sha256 = $3 and u.operation is null and u.kind = 'whole' limit 1`

/** Finds what the same user has sent by a form before, by its bytes. */
export async function findSame(
  query: Query,
  tenant: string,
  user: string,
  sha256: string,
): Promise<Upload | undefined> {
  const [row] = await query('holdfast-same-upload', sameSql, [tenant, user, sha256])
  return row === undefined ? undefined : parseUpload(row)
}

const finishSql = `
update holdfast.uploads u set kind = 'whole', blob = $3, media_type = $4 where u.tenant = $1 and u.id = $2`

/** Says that an upload's file is kept. */
export async function finishUpload(
  query: Query,
  tenant: string,
  id: string,
  kept: { readonly blob: string; readonly type: FileType },
): Promise<void> {
  await query('holdfast-finish-upload', finishSql, [tenant, id, kept.blob, kept.type])
}

const dropSql = `delete from holdfast.uploads u where u.tenant = $1 and u.id = $2 and u.kind = 'open'`

/** Forgets an upload that was not whole. */
export async function dropUpload(query: Query, tenant: string, id: string): Promise<void> {
  await query('holdfast-drop-upload', dropSql, [tenant, id])
}

const blobSql = 'select 1 as one from holdfast.uploads u where u.tenant = $1 and u.blob = $2 limit 1'

/** True when a kept file has a row. */
export async function isBlobNamed(query: Query, tenant: string, blob: string): Promise<boolean> {
  return (await query('holdfast-blob-named', blobSql, [tenant, blob])).length > 0
}

function parseUpload(row: Row): Upload {
  const { id, user_id: user, operation, sha256, size_bytes: sizeBytes, blob, media_type: type } = row
  return {
    id: String(id),
    user: String(user),
    operation: typeof operation === 'string' ? operation : null,
    sha256: String(sha256),
    sizeBytes: Number(sizeBytes),
    ...(typeof blob === 'string' && isFileType(type) && { kept: { blob, type } }),
  }
}
