/**
 * Files: what arrives under `incoming/`, what is kept under `blobs/`, each tenant's apart. Every name is made here, of
 * the tenant and an id or hash of ours; nothing that a client says becomes part of a path.
 *
 * A blob is written beside its place, synced and renamed, so that it is there whole or not at all.
 */
import { createHash, randomUUID } from 'node:crypto'
import { mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'

/** The folders of a server's uploads. */
export interface BlobStore {
  /** Where tus writes. */
  readonly incoming: string
  /** The name of an upload's file under `incoming`. */
  readonly incomingName: (tenant: string, id: string) => string
  /** Keeps bytes under their hash, which it returns; the same bytes are kept once per tenant. */
  readonly put: (tenant: string, bytes: Uint8Array) => Promise<string>
  /** The place of a blob. */
  readonly placeOf: (tenant: string, blob: string) => string
  /** All files that were not touched since `beforeMs`, for the sweep. */
  readonly oldFiles: (beforeMs: number) => Promise<readonly OldFile[]>
  /** True when a file is there and was not touched since `beforeMs`. */
  readonly isOld: (path: string, beforeMs: number) => Promise<boolean>
}

/** A file that the sweep looks at: of an upload that has not ended (`id`), or kept (`blob`). */
export interface OldFile {
  readonly path: string
  readonly tenant: string
  readonly id?: string
  readonly blob?: string
}

/** Opens the folders, and makes them when they are missing. */
export async function openBlobStore(folder: string): Promise<BlobStore> {
  const incoming = join(folder, 'incoming')
  const blobs = join(folder, 'blobs')
  await mkdir(incoming, { recursive: true })
  await mkdir(blobs, { recursive: true })
  const placeOf = (tenant: string, blob: string): string => join(blobs, nameOf(tenant), blob)
  return {
    incoming,
    incomingName: (tenant, id) => `${nameOf(tenant)}~${id}`,
    placeOf,
    put: async (tenant, bytes) => {
      const blob = createHash('sha256').update(bytes).digest('hex')
      const place = placeOf(tenant, blob)
      const now = new Date()
      // Touched, so that a sweep which is under way spares it.
      if (await succeeds(utimes(place, now, now))) return blob
      await mkdir(join(blobs, nameOf(tenant)), { recursive: true })
      const beside = `${place}.${randomUUID()}`
      try {
        const file = await open(beside, 'wx')
        try {
          await file.writeFile(bytes)
          await file.sync()
        } finally {
          await file.close()
        }
        await rename(beside, place)
      } catch (error) {
        await rm(beside, { force: true })
        throw error
      }
      return blob
    },
    oldFiles: async (beforeMs) => {
      const found: OldFile[] = []
      for (const name of await readdir(incoming)) {
        const [tenant, id] = name.replace(/\.json$/, '').split('~')
        if (tenant === undefined || id === undefined) continue
        found.push({ path: join(incoming, name), tenant: tenantOf(tenant), id })
      }
      for (const tenant of await readdir(blobs)) {
        for (const name of await readdir(join(blobs, tenant))) {
          found.push({ path: join(blobs, tenant, name), tenant: tenantOf(tenant), blob: name })
        }
      }
      const old: OldFile[] = []
      for (const file of found) if (await isOld(file.path, beforeMs)) old.push(file)
      return old
    },
    isOld,
  }
}

/** The SHA-256 of a file, hex, and its first bytes. */
export async function readWhole(
  path: string,
  headBytes: number,
): Promise<{ readonly sha256: string; readonly head: Uint8Array }> {
  const hash = createHash('sha256')
  let head = Buffer.alloc(0)
  for await (const chunk of createReadStream(path)) {
    if (!Buffer.isBuffer(chunk)) continue
    if (head.length < headBytes) head = Buffer.concat([head, chunk]).subarray(0, headBytes)
    hash.update(chunk)
  }
  return { sha256: hash.digest('hex'), head }
}

async function isOld(path: string, beforeMs: number): Promise<boolean> {
  const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Infinity }))
  return mtimeMs < beforeMs
}

function nameOf(tenant: string): string {
  return Buffer.from(tenant).toString('base64url')
}

function tenantOf(name: string): string {
  return Buffer.from(name, 'base64url').toString()
}

async function succeeds(doing: Promise<unknown>): Promise<boolean> {
  try {
    await doing
    return true
  } catch {
    return false
  }
}
