/** What the tests of uploads share: a server with uploads on a database, and people of two tenants who send files. */
import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Hono } from 'hono'
import sharp from 'sharp'
import type { Database } from '../database/database.ts'
import { noteHandlers } from '../notes.fixture.ts'
import { createSyncServer } from '../sync-server.ts'
import { openUploads, type Uploads, type UploadsOptions } from './uploads.ts'

/** A server that takes files. */
export interface Uploading {
  readonly uploads: Uploads
  readonly folder: string
  /** Sends a request as a person, `tenant/user`. */
  readonly send: (who: string, path: string, init?: RequestInit) => Promise<Response>
  readonly app: Hono
  readonly close: () => Promise<void>
}

/** Opens one on a database. */
export async function openUploading(database: Database, options: Partial<UploadsOptions> = {}): Promise<Uploading> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-uploads-'))
  const sync = createSyncServer({
    database,
    handlers: noteHandlers,
    authenticate: (request) => {
      const [tenant = '', user] = (request.headers.get('x-test-person') ?? '').split('/')
      return user === undefined ? null : { tenant, user, roles: [] }
    },
  })
  const uploads = await openUploads({ database, door: sync.door, folder, ...options })
  const app = new Hono().route('/', uploads.routes).route('/', sync.routes)
  return {
    uploads,
    folder,
    app,
    send: async (who, path, init = {}) => {
      const headers = new Headers(init.headers)
      headers.set('x-test-person', who)
      return app.fetch(new Request(new URL(path, 'http://localhost'), { ...init, headers }))
    },
    close: () => rm(folder, { recursive: true, force: true }),
  }
}

/** SHA-256, hex. */
export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** Headers that begin an upload. */
export function announce(
  bytes: Uint8Array,
  metadata: Readonly<Record<string, string>> = {},
  sizeBytes = bytes.length,
): Record<string, string> {
  const all = { sha256: sha256(bytes), ...metadata }
  return {
    'tus-resumable': '1.0.0',
    'upload-length': String(sizeBytes),
    'upload-metadata': Object.entries(all)
      .map(([name, value]) => `${name} ${Buffer.from(value).toString('base64')}`)
      .join(','),
  }
}

/** Headers that send more of an upload. */
export function goOn(offset: number): Record<string, string> {
  return {
    'tus-resumable': '1.0.0',
    'upload-offset': String(offset),
    'content-type': 'application/offset+octet-stream',
  }
}

/** Bytes as a body. */
export const bodyOf = (bytes: Uint8Array): Blob => new Blob([Uint8Array.from(bytes)])

/** Sends a file in one piece, and returns the answer to its bytes and its path. */
export async function sendWhole(
  { send }: Uploading,
  who: string,
  bytes: Uint8Array,
  metadata: Readonly<Record<string, string>> = {},
): Promise<{ readonly answer: Response; readonly path: string }> {
  const begun = await send(who, '/api/sync/uploads', { method: 'POST', headers: announce(bytes, metadata) })
  const path = begun.headers.get('location')
  if (begun.status !== 201 || path === null) return { answer: begun, path: '' }
  return { answer: await send(who, path, { method: 'PATCH', headers: goOn(0), body: bodyOf(bytes) }), path }
}

/** Draws a picture of noise, so that it does not compress away. */
export async function picture(
  format: 'jpeg' | 'png' | 'webp' | 'gif' | 'avif',
  sizePixels = 64,
  exif?: Record<string, string>,
): Promise<Uint8Array> {
  const noise = Buffer.alloc(sizePixels * sizePixels * 3)
  let random = 1
  for (let place = 0; place < noise.length; place += 1) {
    random = (random * 48_271) % 2_147_483_647
    noise[place] = random >> 8
  }
  const image = sharp(noise, { raw: { width: sizePixels, height: sizePixels, channels: 3 } }).toFormat(format)
  return new Uint8Array(await (exif === undefined ? image : image.withExif({ IFD0: exif })).toBuffer())
}
