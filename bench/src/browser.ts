/** A fresh Chromium for each measurement: pages built by Vite, served on loopback, in a profile that nothing has used. */
import { createServer, type Server } from 'node:http'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium, type BrowserContext, type Page } from '@playwright/test'
import { build } from 'vite'

const source = fileURLToPath(new URL('page', import.meta.url))

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Chromium's rollout of SQLite in LevelDB's place. */
const sqliteFlag = '--enable-features=IdbSqliteBackingStore,IdbSqliteOnDiskRollout'

/** The built pages and where they are served. */
export interface Site {
  readonly origin: string
  close(): Promise<void>
}

/** Builds the pages and serves them until closed. */
export async function openSite(): Promise<Site> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-bench-'))
  for (const entry of ['holdfast.ts', 'workbox-worker.ts']) {
    await build({
      root: source,
      configFile: false,
      logLevel: 'error',
      resolve: { conditions: ['holdfast-source', 'module', 'browser'] },
      define: { 'process.env.NODE_ENV': '"production"' },
      build: {
        outDir: folder,
        emptyOutDir: false,
        rolldownOptions: { input: join(source, entry), output: { format: 'iife', entryFileNames: '[name].js' } },
      },
    })
  }
  const server = createServer((request, response) => {
    void serve(folder, request.url ?? '/').then(({ status, type, body }) => {
      response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://localhost:${portOf(server)}`,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Runs work in a Chromium with a profile of its own, and throws the profile away. */
export async function withPage<Result>(
  site: Site,
  options: { readonly isSqlite: boolean },
  work: (page: Page, version: string) => Promise<Result>,
): Promise<Result> {
  const profile = await mkdtemp(join(tmpdir(), 'holdfast-profile-'))
  const executablePath = process.env['HOLDFAST_CHROMIUM']
  const context: BrowserContext = await chromium.launchPersistentContext(profile, {
    args: options.isSqlite ? [...flags, sqliteFlag] : flags,
    ...(executablePath !== undefined && { executablePath }),
  })
  try {
    const page = context.pages()[0] ?? (await context.newPage())
    await page.goto(site.origin)
    return await work(page, context.browser()?.version() ?? 'unknown')
  } finally {
    await context.close()
    await rm(profile, { recursive: true, force: true, maxRetries: 5 })
  }
}

async function serve(folder: string, url: string): Promise<{ status: number; type: string; body: string }> {
  if (url === '/') {
    return {
      status: 200,
      type: 'text/html',
      body: '<!doctype html><title>bench</title><script src="/holdfast.js"></script>',
    }
  }
  const name = basename(url)
  if (!/^[\w.-]+\.js$/.test(name)) return { status: 404, type: 'text/plain', body: 'not here' }
  return { status: 200, type: 'text/javascript', body: await readFile(join(folder, name), 'utf8') }
}

function portOf(server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}
