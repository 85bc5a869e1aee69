/** Hundreds of files that mean harm are sent to a server: each is refused, or made anew without what was hidden in it. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Database } from '../database/database.ts'
import { openPglite } from '../database/pglite.ts'
import { hostileFiles, marker, type HostileFile } from './hostile-files.fixture.ts'
import { openUploading, picture, sendWhole, type Uploading } from './uploading.fixture.ts'

const isFull = process.env['HOLDFAST_FULL'] === '1'
let database: Database
let up: Uploading
let files: readonly HostileFile[]
beforeAll(async () => {
  database = await openPglite({ log: () => undefined })
  up = await openUploading(database, { pixelsMax: 50_000_000 })
  files = await hostileFiles()
}, 60_000)
afterAll(async () => {
  await up.close()
  await database.close()
})

test('F076 F078 no hostile file is kept as it came, none fails the server, and none takes long', async () => {
  expect(files.length).toBeGreaterThanOrEqual(300)
  // A sample of each sort; all of them in the full suite.
  const chosen = isFull ? files : files.filter((_, index) => index % 6 === 0 || index < 60)
  const wrong: string[] = []
  for (const { name, bytes } of chosen) {
    const beganMs = performance.now()
    const { answer, path } = await sendWhole(up, 'north/ana', bytes)
    const tookMs = performance.now() - beganMs
    if (tookMs > 10_000) wrong.push(`${name} took ${Math.round(tookMs)} ms`)
    if (answer.status >= 400 && answer.status < 500) continue
    if (answer.status !== 204) wrong.push(`${name} was answered ${answer.status}`)
    const file = await up.send('north/ana', path)
    const kept = Buffer.from(await file.arrayBuffer())
    if (kept.includes(marker)) wrong.push(`${name} still holds what was hidden in it`)
    if (!/^image\/(jpeg|png|webp)$/.test(file.headers.get('content-type') ?? ''))
      wrong.push(`${name} is handed out as another type`)
    if (file.headers.get('x-content-type-options') !== 'nosniff') wrong.push(`${name} may be sniffed`)
  }
  expect(wrong).toEqual([])
  const good = await sendWhole(up, 'north/ana', await picture('png', 50))
  expect(good.answer.status).toBe(204)
}, 300_000)

test('F078 what is no picture and no document is refused by its first bytes, whatever it is called', async () => {
  for (const { name, bytes } of files.slice(0, 34)) {
    const { answer } = await sendWhole(up, 'north/ana', bytes, { filename: 'photo.png', filetype: 'image/png' })
    expect([name, [415, 422].includes(answer.status)]).toEqual([name, true])
  }
})
