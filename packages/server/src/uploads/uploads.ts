/**
 * Uploads: files that operations name. They arrive by tus or by a form, are checked and made anew, and are handed out to
 * their own tenant only, as attachments that no browser runs.
 */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { problem } from '@holdfast/core'
import { Hono } from 'hono'
import type { Database } from '../database/database.ts'
import { problemAnswer } from '../http/answer.ts'
import { methodNotAllowed, type DoorHandler, type DoorRequest } from '../http/door.ts'
import type { Log } from '../log.ts'
import type { SyncServer } from '../sync-server.ts'
import { openBlobStore } from './blob-store.ts'
import { fileEndings, type FileType } from './file-type.ts'
import { createFormDoor } from './form-door.ts'
import { sweepUploads } from './sweep.ts'
import { createTusDoor, uploadsPath, type TusDependencies } from './tus-door.ts'
import { readUpload, type Upload } from './upload-rows.ts'

/** What uploads are made of. */
export interface UploadsOptions {
  readonly database: Database
  /** `sync.door` of the server: origin and session are checked there. */
  readonly door: SyncServer['door']
  /** Where files are kept; all servers of one database must share it. */
  readonly folder: string
  /** Most bytes of one file; default 25 MiB. */
  readonly sizeBytesMax?: number
  /** Most pixels of one image; default 50 million. */
  readonly pixelsMax?: number
  /** Most uploads of one user within a day; default 1000. */
  readonly uploadsPerDayMax?: number
  /** Most bytes of one user within a day; default 1 GiB. */
  readonly bytesPerDayMax?: number
  /** What is taken, told by a file's first bytes; default all types that can be. */
  readonly types?: readonly FileType[]
  readonly log?: Log
  /** ms since 1970; default `Date.now`. */
  readonly nowMs?: () => number
}

/** A file to read. */
export interface OpenedUpload extends Upload {
  /** Where it lies; `undefined` as long as the upload is not whole. */
  readonly path?: string
}

/** Uploads of a server. */
export interface Uploads {
  /** `/api/sync/uploads` (tus; with GET the file itself) and `POST /api/upload` (a form with `image`). */
  readonly routes: Hono
  /** A handler for a form door of one's own, whose file is in `field`; answers `{ url, id }`. */
  readonly formDoor: (field: string) => DoorHandler
  /** Finds an upload of a tenant. */
  readonly open: (tenant: string, id: string) => Promise<OpenedUpload | undefined>
  /** Takes away what nobody can name any more; to be called now and then. Returns how many files it took. */
  readonly sweep: () => Promise<number>
}

const sizeBytesMaxDefault = 25 * 1024 ** 2
const pixelsMaxDefault = 50_000_000
const quotaDefault = { bytesMax: 1024 ** 3, uploadsMax: 1000 }

/**
 * Opens the uploads of a server.
 *
 * @example
 * const uploads = await openUploads({ database, door: sync.door, folder: '/var/lib/holdfast/uploads' })
 * app.route('/', uploads.routes)
 */
export async function openUploads(options: UploadsOptions): Promise<Uploads> {
  const { database, door, folder, log = () => undefined, nowMs = Date.now } = options
  const blobs = await openBlobStore(folder)
  const dependencies: TusDependencies = {
    database,
    blobs,
    types: new Set(options.types ?? everyType),
    sizeBytesMax: options.sizeBytesMax ?? sizeBytesMaxDefault,
    pixelsMax: options.pixelsMax ?? pixelsMaxDefault,
    quota: {
      bytesMax: options.bytesPerDayMax ?? quotaDefault.bytesMax,
      uploadsMax: options.uploadsPerDayMax ?? quotaDefault.uploadsMax,
    },
    nowMs,
    log,
  }
  const formDoor = (field: string): DoorHandler => door('stream', createFormDoor(dependencies, field, urlOf))
  const open = async (tenant: string, id: string): Promise<OpenedUpload | undefined> => {
    const upload = await database.tx(tenant, ({ query }) => readUpload(query, tenant, id))
    if (upload?.kept === undefined) return upload
    return { ...upload, path: blobs.placeOf(tenant, upload.kept.blob) }
  }
  const routes = new Hono()
  const tus = createTusDoor(dependencies)
  // Hono takes HEAD for GET.
  const one = door('stream', (request) => (request.request.method === 'GET' ? handOut(request, open) : tus(request)))
  routes.on(['POST', 'OPTIONS'], uploadsPath, door('stream', tus))
  routes.all(uploadsPath, methodNotAllowed('POST', 'OPTIONS'))
  routes.on(['GET', 'PATCH', 'DELETE', 'OPTIONS'], `${uploadsPath}/:id`, one)
  routes.all(`${uploadsPath}/:id`, methodNotAllowed('GET', 'HEAD', 'PATCH', 'DELETE', 'OPTIONS'))
  routes.post('/api/upload', formDoor('image'))
  routes.all('/api/upload', methodNotAllowed('POST'))
  return { routes, formDoor, open, sweep: () => sweepUploads(database, blobs, nowMs()) }
}

const everyType: readonly FileType[] = [
  'image/jpeg',
  'image/png',
  'image/webp',
  'image/gif',
  'image/avif',
  'application/pdf',
]

function urlOf(id: string): string {
  return `${uploadsPath}/${id}`
}

/** Hands a file out to somebody of its tenant: to be saved, and never to be run by a browser. */
async function handOut({ session, request }: DoorRequest, open: Uploads['open']): Promise<Response> {
  const id = new URL(request.url).pathname.slice(uploadsPath.length + 1)
  const upload = await open(session.tenant, id)
  if (upload?.kept === undefined || upload.path === undefined) {
    return problemAnswer(problem('not-found', 'There is nothing here'))
  }
  const { type } = upload.kept
  const { size } = await stat(upload.path)
  return new Response(Readable.toWeb(createReadStream(upload.path)), {
    headers: {
      'content-type': type,
      'content-length': String(size),
      'content-disposition': `attachment; filename="${upload.id}.${fileEndings[type]}"`,
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': 'private, max-age=31536000, immutable',
    },
  })
}
