/**
 * The sweep: takes away what nobody can name any more. An upload that was begun and never became whole goes after a
 * week in which nothing arrived; a kept file without a row (the server stopped between the two) after a day.
 *
 * Whole uploads stay, whether the ledger knows their operation or not: a device that is signed out may keep the
 * operation that names one for months, and the bytes may be nowhere else.
 */
import { rm } from 'node:fs/promises'
import type { Database } from '../database/database.ts'
import type { BlobStore } from './blob-store.ts'
import { dropUpload, isBlobNamed } from './upload-rows.ts'

const dayMs = 86_400_000
const unfinishedAfterMs = 7 * dayMs

/** Sweeps once, and returns how many files it took away. Any number of servers may do it at once. */
export async function sweepUploads(database: Database, blobs: BlobStore, nowMs: number): Promise<number> {
  let taken = 0
  for (const { path, tenant, blob } of await blobs.oldFiles(nowMs - dayMs)) {
    if (blob === undefined || (await database.tx(tenant, ({ query }) => isBlobNamed(query, tenant, blob)))) continue
    // Looked at again, at the last moment: while the database was asked, the same bytes may have been kept once more.
    if (!(await blobs.isOld(path, nowMs - dayMs))) continue
    await rm(path, { force: true })
    taken += 1
  }
  for (const { path, tenant, id } of await blobs.oldFiles(nowMs - unfinishedAfterMs)) {
    if (id === undefined || !(await blobs.isOld(path, nowMs - unfinishedAfterMs))) continue
    // The row first: what it names must not be missing.
    await database.tx(tenant, ({ query }) => dropUpload(query, tenant, id))
    await rm(path, { force: true })
    taken += 1
  }
  return taken
}
