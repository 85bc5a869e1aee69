/**
 * Real browsers against the real server. Specs whose name ends in `.chromium.spec.ts` need something that only Chromium
 * has (Background Sync, offline emulation that reaches workers, the DevTools protocol), those in `.firefox.spec.ts` are
 * about Firefox, those in `.webkit.spec.ts` about WebKitGTK; all others run in Chromium and Firefox.
 */
import { defineConfig } from '@playwright/test'
import { chromiumArguments, chromiumPath, firefoxPath } from './browsers.ts'

const chromium = chromiumPath()
const firefox = firefoxPath()

export default defineConfig({
  testDir: '.',
  testMatch: '**/*.spec.ts',
  outputDir: '../test-results',
  // Each has a server, a proxy and browsers of its own; most of a test is waiting.
  workers: 2,
  timeout: 45_000,
  expect: { timeout: 15_000 },
  forbidOnly: true,
  retries: 0,
  reporter: [['list'], ['json', { outputFile: '../.cache/check/e2e.json' }]],
  use: { actionTimeout: 15_000, locale: 'en-GB', timezoneId: 'UTC', viewport: { width: 1280, height: 800 } },
  projects: [
    {
      name: 'chromium',
      testIgnore: ['**/*.firefox.spec.ts', '**/*.webkit.spec.ts'],
      use: {
        browserName: 'chromium',
        launchOptions: {
          args: [...chromiumArguments],
          ...(chromium !== undefined && { executablePath: chromium }),
        },
      },
    },
    {
      name: 'firefox',
      testIgnore: ['**/*.chromium.spec.ts', '**/*.webkit.spec.ts'],
      use: {
        browserName: 'firefox',
        // Playwright speaks WebDriver BiDi with a stock Firefox, and its own protocol with the one that it brings.
        ...(firefox !== undefined && { channel: 'moz-firefox', launchOptions: { executablePath: firefox } }),
      },
    },
    // Driven by the tests themselves (webkit/): Playwright knows no WebKit of the system. Set-up installs it for the
    // full suite alone.
    ...(process.env['HOLDFAST_FULL'] === '1' ? [{ name: 'webkitgtk', testMatch: '**/*.webkit.spec.ts' }] : []),
  ],
})
