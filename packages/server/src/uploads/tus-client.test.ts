/** A client that is not ours, tus-js-client, sends files to a server over HTTP whose connections are cut. */
import sharp from 'sharp'
import { Upload } from 'tus-js-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Database } from '../database/database.ts'
import { openPglite } from '../database/pglite.ts'
import { openCuttingHost } from './cutting-host.fixture.ts'
import { openUploading, picture, sha256, type Uploading } from './uploading.fixture.ts'

let database: Database
let up: Uploading
beforeAll(async () => {
  database = await openPglite({ log: () => undefined })
  up = await openUploading(database)
}, 60_000)
afterAll(async () => {
  await up.close()
  await database.close()
})

test.each([0, 20_000])(
  'F051 tus-js-client gets a file through whole, in chunks of %i bytes (0: one), however often its connection is cut',
  async (chunkSize) => {
    // Larger than what the kernel takes in at once, so that a cut finds it under way.
    const bytes = await picture('png', 300)
    // Every second request is cut, at another place each time; the last ones are let through.
    const host = await openCuttingHost(up.app, (request) =>
      request % 2 === 1 && request < 12 ? ((request * 9_973) % 60_000) + 1 : undefined,
    )
    const url = await new Promise<string>((resolve, reject) => {
      const upload = new Upload(Buffer.from(bytes), {
        endpoint: `${host.origin}/api/sync/uploads`,
        headers: { 'x-test-person': 'north/ana' },
        metadata: { sha256: sha256(bytes), operation: 'op-1', filename: '../photo.png' },
        retryDelays: Array<number>(20).fill(0),
        ...(chunkSize > 0 && { chunkSize }),
        onSuccess: () => resolve(upload.url ?? ''),
        onError: reject,
      })
      upload.start()
    })
    expect(host.cuts()).toBeGreaterThan(1)
    await host.close()
    const file = await up.send('north/ana', new URL(url).pathname)
    expect(file.status).toBe(200)
    const kept = await sharp(await file.arrayBuffer())
      .raw()
      .toBuffer()
    expect(kept.equals(await sharp(bytes).raw().toBuffer())).toBe(true)
  },
)
