/** Which browsers the tests drive, and with which settings: those of the system where there are any, else Playwright's own. */
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Chromium's retry times for Background Sync, shortened: it comes again every two seconds. */
const quickBackgroundSync: readonly string[] = [
  '--force-fieldtrials=BackgroundSync/G1/',
  '--force-fieldtrial-params=BackgroundSync.G1:initial_retry_delay_sec/2/retry_delay_factor/1/max_sync_attempts/50',
]

/** Arguments for every Chromium that the tests start. */
export const chromiumArguments: readonly string[] = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  ...quickBackgroundSync,
]

/** The Chromium of this system; `undefined` where Playwright's own is used. */
export function chromiumPath(): string | undefined {
  return process.env['HOLDFAST_CHROMIUM'] ?? inPath(['chromium', 'chromium-browser', 'google-chrome'])
}

/** The Firefox of this system; `undefined` where Playwright's own is used. */
export function firefoxPath(): string | undefined {
  return process.env['HOLDFAST_FIREFOX'] ?? inPath(['firefox-esr', 'firefox'])
}

function inPath(commands: readonly string[]): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return commands.flatMap((command) => folders.map((folder) => join(folder, command))).find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
