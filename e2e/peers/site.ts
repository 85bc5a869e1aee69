/** Builds the peers' pages and workers as an application would, each script with the prelude in front. */
import { mkdtemp, readFile, rm, readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

const source = fileURLToPath(new URL('pages', import.meta.url))

/** Scripts by path. */
export type Site = ReadonlyMap<string, string>

/** The scripts that are built. A name that ends in `-worker` is a service worker. */
const entries = [
  'holdfast.ts',
  'holdfast-worker.ts',
  'workbox.ts',
  'workbox-worker.ts',
  'workbox-careful.ts',
  'workbox-careful-worker.ts',
  'tanstack.js',
  'tanstack-careful.js',
  'faulty.ts',
  'kills.ts',
]

/** Builds the scripts that the named pages need. */
export async function buildSite(pages: readonly string[]): Promise<Site> {
  const wanted = entries.filter((entry) => pages.includes(entry.replace(/(-worker)?\.(ts|js)$/, '')))
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-peers-'))
  try {
    for (const entry of wanted) await buildInto(folder, entry)
    const prelude = await readFile(join(source, 'prelude.js'), 'utf8')
    const names = (await readdir(folder)).filter((name) => name.endsWith('.js'))
    const texts = names.map(async (name) => `${prelude}\n${await readFile(join(folder, name), 'utf8')}`)
    const site = new Map<string, string>()
    for (const [index, text] of (await Promise.all(texts)).entries()) site.set(`/${names[index] ?? ''}`, text)
    return site
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

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
      // Modules and not one closure each: pages wait at their top level.
      rolldownOptions: {
        input: join(source, entry),
        output: { format: 'es', entryFileNames: '[name].js', codeSplitting: false },
      },
    },
  })
}
