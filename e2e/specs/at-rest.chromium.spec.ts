/** What stands on the disk: the files of a profile are read after its browser was killed. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { launch } from '../crash/round.ts'
import { killBrowser } from '../fixtures/browser-process.ts'
import { startSourceServer } from '../fixtures/source-server.ts'

/** Stores entries whose payload, type and lane hold a mark; resolves once they are stored. */
const storeEntries = `async ([mark, isEncrypted]) => {
  const { defineLane, defineOperation } = await import('@holdfast/core')
  const { openOutbox } = await import('@holdfast/client')
  const { encryptAtRest } = await import('/packages/client/src/sealing/encrypt-at-rest.ts')
  const lane = defineLane('lane-' + mark)
  const addNote = defineOperation({
    type: 'type-' + mark,
    version: 1,
    payload: { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } },
    lane: () => lane('all'),
  })
  const outbox = await openOutbox({
    name: 'at-rest',
    operations: [addNote],
    session: { tenant: 'north', user: 'ana' },
    transport: {
      send: async () => ({ kind: 'none', cause: 'network' }),
      probe: async () => ({ kind: 'red' }),
    },
    ...(isEncrypted && { encryption: encryptAtRest() }),
  })
  for (let nth = 0; nth < 20; nth += 1) await outbox.enqueue(addNote, { text: 'payload-' + mark, nth })
  return (await outbox.entries()).filter(({ payload }) => payload.text === 'payload-' + mark).length
}`

/** How often a text stands in the files of a folder, in one byte for each character or in two. */
async function countInFiles(folder: string, text: string): Promise<number> {
  const forms = [Buffer.from(text, 'latin1'), Buffer.from(text, 'utf16le')]
  let count = 0
  for (const file of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!file.isFile()) continue
    const bytes = await readFile(join(file.parentPath, file.name)).catch(() => Buffer.alloc(0))
    for (const form of forms) if (bytes.includes(form)) count += 1
  }
  return count
}

for (const isEncrypted of [false, true]) {
  test(`F085 ${isEncrypted ? 'with' : 'without'} encryption, text of entries stands in ${isEncrypted ? 'no file' : 'files'} of the profile`, async () => {
    const profile = await mkdtemp(join(tmpdir(), 'holdfast-profile-'))
    const sources = await startSourceServer()
    const mark = crypto.randomUUID()
    try {
      const context = await launch(profile)
      const page = await context.newPage()
      await page.goto(sources.url)
      const stored: unknown = await page.evaluate(`(${storeEntries})(${JSON.stringify([mark, isEncrypted])})`)
      expect(stored).toBe(20)
      await killBrowser(profile)
      await context.close().catch(() => undefined)
      const found = await countInFiles(profile, mark)
      if (isEncrypted) expect(found).toBe(0)
      else expect(found).toBeGreaterThan(0)
    } finally {
      await sources.close()
      await killBrowser(profile)
      await rm(profile, { recursive: true, force: true, maxRetries: 5 })
    }
  })
}
