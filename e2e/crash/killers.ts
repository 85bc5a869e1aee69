/** The ways in which a browser, or a part of it, dies. */
import { chromium, firefox, type BrowserContext, type Page } from '@playwright/test'
import { chromiumArguments, chromiumPath, firefoxPath } from '../browsers.ts'
import { killBrowser, killFirefoxContent } from '../fixtures/browser-process.ts'

/** Chromium's renderer, its service workers, the whole of it; Firefox's content processes, the whole of it. */
export type KillKind = 'renderer' | 'worker' | 'browser' | 'firefox-content' | 'firefox-browser'

/** What is killed. */
export interface Victim {
  readonly profile: string
  readonly context: BrowserContext
  readonly page: Page
}

/** Kills; resolves when it is dead. */
export const killers: Readonly<Record<KillKind, (victim: Victim) => Promise<void>>> = {
  renderer: async ({ context, page }) => {
    const session = await context.newCDPSession(page)
    const died = new Promise((resolve) => page.once('crash', resolve))
    // The answer dies with the page.
    session.send('Page.crash').catch(() => undefined)
    await died
  },
  worker: async ({ context, page }) => {
    const session = await context.newCDPSession(page)
    await session.send('ServiceWorker.enable')
    await session.send('ServiceWorker.stopAllWorkers')
    await session.detach()
  },
  browser: async ({ profile }) => mustKill(await killBrowser(profile)),
  'firefox-content': async ({ profile }) => mustKill(await killFirefoxContent(profile)),
  'firefox-browser': async ({ profile }) => mustKill(await killBrowser(profile)),
}

/** Starts the browser of a kind of kill on a profile. */
export function launch(kind: KillKind, profile: string): Promise<BrowserContext> {
  if (kind === 'firefox-content' || kind === 'firefox-browser') {
    const executablePath = firefoxPath()
    return firefox.launchPersistentContext(profile, {
      ...(executablePath !== undefined && { channel: 'moz-firefox', executablePath }),
    })
  }
  const executablePath = chromiumPath()
  return chromium.launchPersistentContext(profile, {
    args: [...chromiumArguments],
    ...(executablePath !== undefined && { executablePath }),
  })
}

function mustKill(killed: number): void {
  if (killed === 0) throw new Error('a process to kill was expected, and there was none')
}
