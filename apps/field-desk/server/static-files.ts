/**
 * The built pages, from memory. The folder is read once, and a request is answered only if its path is exactly that of
 * a file that was there: there is no path from a request to the disk, so nothing outside can be reached.
 */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { extname, join, relative, sep } from 'node:path'
import { gzipSync } from 'node:zlib'

/** A file as it is served. */
export interface ServedFile {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Compressed, where that makes it smaller. */
  readonly gzip: Uint8Array<ArrayBuffer> | undefined
  readonly type: string
  readonly etag: string
  readonly cacheControl: string
}

/** Files by the path of their URL. */
export type ServedFiles = ReadonlyMap<string, ServedFile>

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.txt': 'text/plain; charset=utf-8',
}

/** Files of other kinds (source maps) are for developers and are not served. */
const hashedFolder = '/assets/'

/**
 * Reads a folder of built pages.
 *
 * @throws Error when it holds no index.html
 */
export async function readServedFiles(folder: string): Promise<ServedFiles> {
  const files = new Map<string, ServedFile>()
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  for (const entry of entries) {
    const type = types[extname(entry.name)]
    if (!entry.isFile() || type === undefined) continue
    const file = join(entry.parentPath, entry.name)
    const path = `/${relative(folder, file).split(sep).join('/')}`
    if (path.includes('/.')) continue
    files.set(path, servedFile(path, new Uint8Array(await readFile(file)), type))
  }
  if (!files.has('/index.html')) {
    throw new Error(
      `The pages are expected in ${folder}, and there are none. Start with "npm start", which builds them.`,
    )
  }
  return files
}

/** Makes a file ready to be served. Names with a hash never change what they hold; all others are asked for again. */
function servedFile(path: string, bytes: Uint8Array<ArrayBuffer>, type: string): ServedFile {
  const gzip = new Uint8Array(gzipSync(bytes, { level: 9 }))
  return {
    bytes,
    gzip: gzip.length < bytes.length * 0.9 ? gzip : undefined,
    type,
    etag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 27)}"`,
    cacheControl: path.startsWith(hashedFolder) ? 'public, max-age=31536000, immutable' : 'no-cache',
  }
}

/** Which file answers a request; a page address that is none of the files gets the app itself. */
export function fileFor(request: Request, files: ServedFiles): ServedFile | undefined {
  if (request.method !== 'GET' && request.method !== 'HEAD') return undefined
  const { pathname } = new URL(request.url)
  if (pathname === '/') return files.get('/index.html')
  return files.get(pathname) ?? (isNavigation(request, pathname) ? files.get('/index.html') : undefined)
}

/** Answers with a file: 304 when the browser has it already. */
export function answerWithFile(request: Request, file: ServedFile): Response {
  const headers = new Headers({
    'cache-control': file.cacheControl,
    'content-type': file.type,
    etag: file.etag,
    vary: 'accept-encoding',
  })
  if (namesTag(request.headers.get('if-none-match'), file.etag)) return new Response(null, { status: 304, headers })
  const isGzip = file.gzip !== undefined && /\bgzip\b/.test(request.headers.get('accept-encoding') ?? '')
  const body = isGzip && file.gzip !== undefined ? file.gzip : file.bytes
  if (isGzip) headers.set('content-encoding', 'gzip')
  headers.set('content-length', String(body.length))
  return new Response(request.method === 'HEAD' ? null : body, { headers })
}

function isNavigation(request: Request, pathname: string): boolean {
  const mode = request.headers.get('sec-fetch-mode')
  if (mode !== null && mode !== 'navigate') return false
  const isPage = !pathname.startsWith('/api/') && extname(pathname) === ''
  return isPage && (request.headers.get('accept') ?? '').includes('text/html')
}

/** A proxy that compresses may have marked the tag as weak. */
function namesTag(header: string | null, etag: string): boolean {
  return (header ?? '').split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag)
}
