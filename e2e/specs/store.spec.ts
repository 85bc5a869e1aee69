/** The store's contract on the IndexedDB of a real browser: the same cases that the memory store passes. */
import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from '@playwright/test'
import { startSourceServer } from '../fixtures/source-server.ts'

interface CaseResult {
  readonly name: string
  readonly error?: string
}

test('F041 F043 the store keeps every promise of its contract', async ({ page }) => {
  const sources = await startSourceServer()
  try {
    await page.goto(sources.url)
    const results: readonly CaseResult[] = await page.evaluate(
      `import('/packages/client/src/store/store.browser.ts').then((contract) => contract.runStoreContractInPage())`,
    )
    expect(results.filter(({ error }) => error !== undefined)).toEqual([])
    expect(results.length).toBeGreaterThan(20)
  } finally {
    await sources.close()
  }
})

const goldenFolder = `${import.meta.dirname}/../../packages/client/golden`

for (const file of readdirSync(goldenFolder)) {
  test(`F047 a database as it was released (${file}) is read and drained by today's code`, async ({ page }) => {
    const sources = await startSourceServer()
    try {
      await page.goto(sources.url)
      const dump = readFileSync(`${goldenFolder}/${file}`, 'utf8')
      const result: { readonly expected: unknown; readonly found: unknown } = await page.evaluate(
        `import('/packages/client/src/store/store.browser.ts').then((store) => store.drainGoldenInPage(${JSON.stringify(dump)}))`,
      )
      expect(result.expected).toBeDefined()
      expect(result.found).toEqual(result.expected)
    } finally {
      await sources.close()
    }
  })
}
