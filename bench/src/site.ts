/** The pages and the worker that measure: built by Vite into a folder of their own, served on loopback. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

const source = fileURLToPath(new URL('page', import.meta.url))

/** The path of the service worker in which the peer runs. */
export const workerPath = '/workbox-worker.js'

const page = '<!doctype html><meta charset="utf-8"><title>bench</title><script src="/holdfast.js"></script>'

// A page that is isolated from other origins gets a clock of 5 µs; any other page's is rounded to 100 µs, a tenth of
// what an enqueue takes.
const isolation = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
}

/** Where the built pages are served. */
export interface Site extends AsyncDisposable {
  readonly origin: string
}

/** Builds the pages and serves them until disposed of. */
export async function openSite(): Promise<Site> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-bench-'))
  for (const entry of ['holdfast.ts', 'workbox-worker.ts']) await buildInto(folder, entry)
  const server = createServer((request, response) => {
    void answerOf(folder, request.url ?? '/').then(({ status, type, body }) => {
      response.writeHead(status, { ...isolation, 'content-type': type, 'cache-control': 'no-store' }).end(body)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('the bench site has no port')
  return {
    origin: `http://localhost:${address.port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** One file for each entry, as an application would build it, but with its names left as they are, for profiles. */
async function buildInto(folder: string, entry: string): Promise<void> {
  await build({
    root: source,
    configFile: false,
    logLevel: 'error',
    resolve: { conditions: ['holdfast-source', 'module', 'browser'] },
    define: { 'process.env.NODE_ENV': '"production"' },
    build: {
      outDir: folder,
      emptyOutDir: false,
      minify: false,
      target: 'es2024',
      rolldownOptions: { input: join(source, entry), output: { format: 'iife', entryFileNames: '[name].js' } },
    },
  })
}

async function answerOf(folder: string, url: string): Promise<{ status: number; type: string; body: string }> {
  if (url === '/') return { status: 200, type: 'text/html', body: page }
  const name = basename(url)
  if (!/^[\w-]+\.js$/.test(name)) return { status: 404, type: 'text/plain', body: 'not here' }
  return { status: 200, type: 'text/javascript', body: await readFile(join(folder, name), 'utf8') }
}
