/** A Chromium with a profile that nothing has used before, for one session of measurements; then the profile is thrown away. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type Page } from '@playwright/test'

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

/** What keeps IndexedDB's data, as found on the disk. */
export type Backend = 'LevelDB' | 'SQLite'

/** A session with its browser. */
export interface Browser {
  readonly page: Page
  readonly version: string
  /** What keeps the data: asked of the profile's folder, because a flag may have no effect. */
  readonly backend: () => Promise<Backend | undefined>
}

/** Runs work in a new browser that shows the page at `origin`. HOLDFAST_CHROMIUM names the browser; default Playwright's. */
export async function withBrowser<Result>(
  { origin, isSqlite }: { readonly origin: string; readonly isSqlite: boolean },
  work: (browser: Browser) => Promise<Result>,
): Promise<Result> {
  const profile = await mkdtemp(join(tmpdir(), 'holdfast-bench-profile-'))
  const executablePath = process.env['HOLDFAST_CHROMIUM']
  try {
    const context = await chromium.launchPersistentContext(profile, {
      args: isSqlite ? [...flags, sqliteFlag] : flags,
      ...(executablePath !== undefined && { executablePath }),
    })
    try {
      const page = context.pages()[0] ?? (await context.newPage())
      await page.goto(origin)
      return await work({
        page,
        version: context.browser()?.version() ?? 'of unknown version',
        backend: () => backendOf(join(profile, 'Default', 'IndexedDB')),
      })
    } finally {
      await context.close()
    }
  } finally {
    // The browser's last processes may still write while the folder goes.
    await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  }
}

async function backendOf(folder: string): Promise<Backend | undefined> {
  const names = await readdir(folder).catch(() => [])
  if (names.length === 0) return undefined
  return names.some((name) => name.endsWith('.leveldb')) ? 'LevelDB' : 'SQLite'
}
