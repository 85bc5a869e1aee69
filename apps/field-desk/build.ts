/**
 * Builds the pages and the service worker into dist/. The worker is a build of its own, because a worker is one file;
 * it then gets the list of files to keep for offline.
 */
import { rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { build, defaultClientConditions, type InlineConfig } from 'vite'
import { injectManifest } from 'workbox-build'

const root = fileURLToPath(new URL('.', import.meta.url))
const dist = `${root}dist`
const workerFolder = `${dist}/.sw`

const shared: InlineConfig = {
  root,
  configFile: false,
  logLevel: 'warn',
  resolve: { conditions: ['holdfast-source', ...defaultClientConditions] },
}

/** The browsers that have everything the pages use without a detour: `light-dark()` above all. */
const target = ['chrome125', 'firefox128', 'safari17.5']

/**
 * Builds everything.
 *
 * @throws what Vite or Workbox throw when a source cannot be built
 */
export async function buildFieldDesk(): Promise<void> {
  await build({
    ...shared,
    plugins: [react()],
    // The app is for browsers that preload modules themselves; the polyfill would be an inline script's worth of weight.
    build: { outDir: dist, emptyOutDir: true, target, sourcemap: true, modulePreload: { polyfill: false } },
  })
  await build({
    ...shared,
    publicDir: false,
    define: { 'process.env.NODE_ENV': '"production"' },
    build: {
      outDir: workerFolder,
      emptyOutDir: true,
      target,
      rolldownOptions: { input: `${root}src/sw.ts`, output: { format: 'iife', entryFileNames: 'sw.js' } },
    },
  })
  await injectManifest({
    swSrc: `${workerFolder}/sw.js`,
    swDest: `${dist}/sw.js`,
    globDirectory: dist,
    globPatterns: ['**/*.{html,js,css,svg,png,webmanifest}'],
    globIgnores: ['.sw/**', 'sw.js'],
    // Names with a hash never change what they hold: asking with a revision would load them twice.
    dontCacheBustURLsMatching: /^assets\//,
  })
  await rm(workerFolder, { recursive: true })
}

if (import.meta.main) await buildFieldDesk()
