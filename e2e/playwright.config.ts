/**
 * Real browsers against the real server. Specs whose name ends in `.chromium.spec.ts` need something that only Chromium
 * has (Background Sync, offline emulation that reaches workers, the DevTools protocol), those in `.firefox.spec.ts` are
 * about Firefox; all others run in both.
 */
import { defineConfig } from '@playwright/test'
import { chromiumArguments, chromiumPath, firefoxPath } from './browsers.ts'

const chromium = chromiumPath()
const firefox = firefoxPath()

export default defineConfig({
  testDir: '.',
  testMatch: '**/*.spec.ts',
  outputDir: '../test-results',
  workers: 1,
  timeout: 45_000,
  expect: { timeout: 15_000 },
  forbidOnly: true,
  retries: 0,
  reporter: [['list'], ['json', { outputFile: '../.cache/check/e2e.json' }]],
  use: { actionTimeout: 15_000, locale: 'en-GB', timezoneId: 'UTC', viewport: { width: 1280, height: 800 } },
  projects: [
    {
      name: 'chromium',
      testIgnore: '**/*.firefox.spec.ts',
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
      testIgnore: '**/*.chromium.spec.ts',
      use: {
        browserName: 'firefox',
        // Playwright speaks WebDriver BiDi with a stock Firefox, and its own protocol with the one that it brings.
        ...(firefox !== undefined && { channel: 'moz-firefox', launchOptions: { executablePath: firefox } }),
      },
    },
  ],
})
