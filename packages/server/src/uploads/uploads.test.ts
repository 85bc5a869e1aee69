import { readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { problemTypePrefix } from '@holdfast/core'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Database } from '../database/database.ts'
import { openTimeoutMs, testDatabases, type TestDatabase } from '../database/test-databases.fixture.ts'
import { applied, decide, on } from '../handler.ts'
import { createNote, noteOp } from '../notes.fixture.ts'
import { createSyncServer } from '../sync-server.ts'
import { openBlobStore } from './blob-store.ts'
import { keep } from './keep.ts'
import { sweepUploads } from './sweep.ts'
import {
  announce,
  bodyOf,
  goOn,
  openUploading,
  picture,
  sendWhole,
  sha256,
  type Uploading,
} from './uploading.fixture.ts'

const uploadsPath = '/api/sync/uploads'
const dayMs = 86_400_000
const filesIn = async (folder: string): Promise<readonly string[]> =>
  (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((file) => file.isFile())
    .map(({ name }) => name)

async function codeOf(answer: Response): Promise<string> {
  const body: unknown = await answer.json()
  const type = typeof body === 'object' && body !== null && 'type' in body ? String(body.type) : ''
  return `${answer.status} ${type.replace(problemTypePrefix, '')}`
}

describe.each(testDatabases)('uploads on $name', (kind) => {
  let opened: TestDatabase
  let up: Uploading
  beforeAll(async () => {
    opened = await kind.open()
    up = await openUploading(opened.database, { sizeBytesMax: 200_000, pixelsMax: 1_000_000 })
  }, openTimeoutMs)
  afterAll(async () => {
    await up.close()
    await opened.close()
  })
  const offsetOf = async (who: string, path: string): Promise<number> => {
    const answer = await up.send(who, path, { method: 'HEAD', headers: { 'tus-resumable': '1.0.0' } })
    return Number(answer.headers.get('upload-offset') ?? -1)
  }

  test('F051 an upload that is cut at any byte goes on where it was, and is whole or not to be had', async () => {
    const bytes = await picture('png', 48)
    const begun = await up.send('north/ana', uploadsPath, {
      method: 'POST',
      headers: announce(bytes, { operation: 'op-1' }),
    })
    const path = begun.headers.get('location') ?? ''
    let seed = 7
    for (let offset = 0; offset < bytes.length; offset = await offsetOf('north/ana', path)) {
      expect((await up.send('north/ana', path)).status).toBe(404)
      seed = (seed * 48_271) % 2_147_483_647
      const sent = bytes.slice(offset, Math.min(bytes.length, offset + 1 + (seed % 3000)))
      const isCut = offset + sent.length < bytes.length
      const body = new ReadableStream(
        {
          pull: (stream) => {
            if (sent.length > 0) stream.enqueue(Uint8Array.from(sent))
            if (isCut) stream.error(new Error('the line is gone'))
            else stream.close()
          },
        },
        { highWaterMark: 0 },
      )
      const init = { method: 'PATCH', headers: goOn(offset), body, duplex: 'half' as const }
      await up.send('north/ana', path, init).catch(() => undefined)
      const next = await offsetOf('north/ana', path)
      expect(next).toBeGreaterThanOrEqual(offset)
      // A stream that fails may take its last piece along; then the rest goes in one.
      if (next === offset)
        await up.send('north/ana', path, {
          method: 'PATCH',
          headers: goOn(offset),
          body: bodyOf(bytes.slice(offset, offset + 700)),
        })
    }
    const file = await up.send('north/ana', path)
    expect(file.status).toBe(200)
    const kept = await sharp(await file.arrayBuffer())
      .raw()
      .toBuffer()
    expect(kept.equals(await sharp(bytes).raw().toBuffer())).toBe(true)
    const id = path.slice(uploadsPath.length + 1)
    expect(await up.uploads.open('north', id)).toMatchObject({ user: 'ana', operation: 'op-1', sha256: sha256(bytes) })
  })

  test('F051 an upload whose last answer was lost is whole when its client asks; wrong offsets and lengths change nothing', async () => {
    const bytes = await picture('jpeg', 40)
    const begun = await up.send('north/ana', uploadsPath, { method: 'POST', headers: announce(bytes) })
    const path = begun.headers.get('location') ?? ''
    // The server stopped when all bytes had arrived and before the file was kept.
    const [arriving] = (await readdir(join(up.folder, 'incoming'))).filter((name) =>
      path.endsWith(name.split('~')[1] ?? '-'),
    )
    await writeFile(join(up.folder, 'incoming', arriving ?? ''), bytes)
    expect((await up.send('north/ana', path)).status).toBe(404)
    expect(await offsetOf('north/ana', path)).toBe(bytes.length)
    expect((await up.send('north/ana', path)).status).toBe(200)
    for (const offset of [0, 5, bytes.length]) {
      const again = await up.send('north/ana', path, { method: 'PATCH', headers: goOn(offset), body: bodyOf(bytes) })
      expect([again.status, again.headers.get('upload-offset')]).toEqual([204, String(bytes.length)])
    }
    const other = await up.send('north/ana', uploadsPath, { method: 'POST', headers: announce(bytes) })
    const otherPath = other.headers.get('location') ?? ''
    const patch = (offset: number, body: Uint8Array) =>
      up.send('north/ana', otherPath, { method: 'PATCH', headers: goOn(offset), body: bodyOf(body) })
    expect((await patch(3, bytes)).status).toBe(409)
    expect((await patch(0, Uint8Array.from([...bytes, 1]))).status).toBeGreaterThanOrEqual(400)
    expect((await up.send('north/ana', otherPath)).status).toBe(404)
  })

  test('I7 bytes that are not those announced are refused and forgotten', async () => {
    const bytes = await picture('png', 16)
    const begun = await up.send('north/ana', uploadsPath, { method: 'POST', headers: announce(bytes) })
    const path = begun.headers.get('location') ?? ''
    const wrong = bytes.slice()
    wrong[20] = (wrong[20] ?? 0) ^ 1
    const answer = await up.send('north/ana', path, { method: 'PATCH', headers: goOn(0), body: bodyOf(wrong) })
    expect(await codeOf(answer)).toBe('400 invalid-request')
    expect(await offsetOf('north/ana', path)).toBe(-1)
  })

  test.each([
    ['no length', { 'upload-length': '' }],
    ['an endless file', { 'upload-length': '', 'upload-defer-length': '1' }],
    ['nothing', { 'upload-length': '0' }],
    ['too much', { 'upload-length': '200001' }],
    ['no hash', { 'upload-metadata': 'name eA==' }],
    ['a hash of another form', { 'upload-metadata': `sha256 ${Buffer.from('ABC').toString('base64')}` }],
    [
      'an operation that cannot be one',
      {
        'upload-metadata': `sha256 ${Buffer.from('a'.repeat(64)).toString('base64')},operation ${Buffer.from('../x').toString('base64')}`,
      },
    ],
  ])('F076 an upload that announces %s does not begin', async (_what, more: Record<string, string>) => {
    const headers = new Headers({ ...announce(new Uint8Array(10)), ...more })
    for (const [name, value] of Object.entries(more)) if (value === '') headers.delete(name)
    const before = await filesIn(up.folder)
    const answer = await up.send('north/ana', uploadsPath, { method: 'POST', headers })
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.status).toBeLessThan(500)
    expect(await filesIn(up.folder)).toEqual(before)
  })

  test('F070 F071 each verb is for the tenant and user of the upload alone, and of others nobody can tell that it exists', async () => {
    const bytes = await picture('png', 20)
    const { path } = await sendWhole(up, 'north/ana', bytes)
    const open =
      (await up.send('north/ana', uploadsPath, { method: 'POST', headers: announce(bytes) })).headers.get('location') ??
      ''
    const unknown = `${uploadsPath}/00000000-0000-4000-8000-000000000000`
    for (const who of ['south/ana', 'south/cleo', 'north/ben']) {
      for (const target of [path, open]) {
        for (const [method, headers] of [
          ['HEAD', { 'tus-resumable': '1.0.0' }],
          ['PATCH', goOn(0)],
          ['DELETE', { 'tus-resumable': '1.0.0' }],
        ] as const) {
          const body = method === 'PATCH' ? { body: bodyOf(bytes) } : {}
          const answer = await up.send(who, target, { method, headers, ...body })
          const none = await up.send(who, unknown, { method, headers, ...body })
          expect([answer.status, await answer.text()]).toEqual([none.status, await none.text()])
          expect(answer.status).toBe(404)
        }
      }
    }
    expect((await up.send('south/cleo', path)).status).toBe(404)
    expect((await up.send('north/ben', path)).status).toBe(200)
    expect((await up.app.request(path)).status).toBe(401)
    expect((await up.app.request(uploadsPath, { method: 'POST', headers: announce(bytes) })).status).toBe(401)
    const foreign = { ...announce(bytes), origin: 'https://elsewhere.example', 'sec-fetch-site': 'cross-site' }
    expect(await codeOf(await up.send('north/ana', uploadsPath, { method: 'POST', headers: foreign }))).toBe(
      '403 cross-site',
    )
    expect((await up.send('north/ana', open, { method: 'DELETE', headers: { 'tus-resumable': '1.0.0' } })).status).toBe(
      204,
    )
    expect(
      await codeOf(await up.send('north/ana', path, { method: 'DELETE', headers: { 'tus-resumable': '1.0.0' } })),
    ).toBe('403 forbidden')
  })

  test('I7 F052 an operation waits for the files that it names, and is applied with their uploads; those of others do not count', async () => {
    const bytes = await picture('png', 21)
    const attachments = [{ name: 'photo', sha256: sha256(bytes) }]
    const seen: unknown[] = []
    const handler = on(
      createNote,
      decide(({ attachments: named, payload }) => {
        seen.push(named)
        return applied({ id: payload.id })
      }),
    )
    const sync = createSyncServer({ database: opened.database, handlers: [handler], authenticate: () => null })
    const owner = { tenant: 'names-it', user: 'ana', device: 'phone' }
    const batch = [noteOp('op-1', createNote, { id: 'a' }, { attachments }), noteOp('op-2', createNote, { id: 'b' })]
    expect(await sync.apply(owner, batch)).toMatchObject([
      { outcome: 'deferred', problem: { type: `${problemTypePrefix}attachment-missing` }, retryAfterMs: 5000 },
      { outcome: 'applied' },
    ])
    await sendWhole(up, 'names-it/ben', bytes, { operation: 'op-1' })
    await sendWhole(up, 'south/ana', bytes, { operation: 'op-1' })
    await up.send('names-it/ana', uploadsPath, { method: 'POST', headers: announce(bytes, { operation: 'op-1' }) })
    expect(await sync.apply(owner, batch)).toMatchObject([{ outcome: 'deferred' }, { outcome: 'duplicate' }])
    const { path } = await sendWhole(up, 'names-it/ana', bytes, { operation: 'op-1' })
    expect(await sync.apply(owner, batch)).toMatchObject([{ outcome: 'applied' }, { outcome: 'duplicate' }])
    expect(seen).toEqual([undefined, { photo: path.slice(uploadsPath.length + 1) }])
  })

  test('F077 whatever a file is called, it lies under a name of ours and is handed out under one', async () => {
    const names = [
      '../../x',
      'C:\\x',
      'a\u0000b',
      'x'.repeat(4096),
      '\u202Egnp.exe',
      '/etc/passwd',
      '%2e%2e%2f',
      '"; filename="x',
    ]
    for (const [index, name] of names.entries()) {
      const { path, answer } = await sendWhole(up, 'names/ana', await picture('png', 10 + index), {
        filename: name,
        name,
      })
      expect(answer.status).toBe(204)
      const file = await up.send('names/ana', path)
      expect(file.headers.get('content-disposition')).toMatch(/^attachment; filename="[0-9a-f-]{36}\.png"$/)
    }
    for (const name of await filesIn(up.folder)) expect(name).toMatch(/^([0-9a-f]{64}|[\w-]+~[0-9a-f-]{36}(\.json)?)$/)
  })

  test('F079 a photo loses where and by whom it was taken, and stands upright; a browser saves it and runs nothing', async () => {
    const noise = await picture('jpeg', 30, { Artist: 'Ana Example', Copyright: 'here' })
    const bytes = new Uint8Array(
      await sharp(noise)
        .resize(40, 20, { fit: 'fill' })
        .withExif({ IFD0: { Artist: 'Ana Example' }, IFD3: { GPSLatitude: '48/1 0/1 0/1' } })
        .withMetadata({ orientation: 6 })
        .jpeg()
        .toBuffer(),
    )
    expect((await sharp(bytes).metadata()).orientation).toBe(6)
    const { path } = await sendWhole(up, 'north/ana', bytes)
    const file = await up.send('north/ana', path)
    expect(Object.fromEntries(file.headers)).toMatchObject({
      'content-type': 'image/jpeg',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
    })
    const kept = await sharp(await file.arrayBuffer()).metadata()
    expect([kept.width, kept.height, kept.orientation, kept.exif]).toEqual([20, 40, undefined, undefined])
  })

  test('F099 a disk that is full when a file is to be kept loses nothing: later the upload is whole; the sweep takes what no row names', async () => {
    const bytes = await picture('webp', 33)
    const begun = await up.send('full/ana', uploadsPath, { method: 'POST', headers: announce(bytes) })
    const path = begun.headers.get('location') ?? ''
    // Where the tenant's files would lie there is a file, so that nothing can be written there.
    const place = join(up.folder, 'blobs', Buffer.from('full').toString('base64url'))
    await writeFile(place, '')
    const refused = await up.send('full/ana', path, { method: 'PATCH', headers: goOn(0), body: bodyOf(bytes) })
    expect([await codeOf(refused), refused.headers.get('retry-after')]).toEqual(['503 unavailable', '5'])
    expect((await up.send('full/ana', path)).status).toBe(404)
    await rm(place)
    expect(await offsetOf('full/ana', path)).toBe(bytes.length)
    expect((await up.send('full/ana', path)).status).toBe(200)

    // A file that was kept just before the server stopped, and an upload that was begun and left.
    const left = await up.send('full/ana', uploadsPath, { method: 'POST', headers: announce(bytes) })
    const lost = join(place, 'f'.repeat(64))
    await writeFile(lost, 'x')
    expect(await up.uploads.sweep()).toBe(0)
    const old = new Date(Date.now() - 8 * dayMs)
    for (const folder of [place, join(up.folder, 'incoming')]) {
      for (const name of await readdir(folder)) await utimes(join(folder, name), old, old)
    }
    expect(await up.uploads.sweep()).toBeGreaterThanOrEqual(2)
    expect(await readdir(join(up.folder, 'incoming'))).toEqual([])
    expect(await readdir(place)).toHaveLength(1)
    expect((await up.send('full/ana', path)).status).toBe(200)
    expect(await offsetOf('full/ana', left.headers.get('location') ?? '')).toBe(-1)
  })

  test('I7 bytes that are kept again while a sweep looks at their old file stay', async () => {
    const blobs = await openBlobStore(join(up.folder, 'swept'))
    const bytes = Uint8Array.from([1, 2, 3])
    const place = blobs.placeOf('north', await blobs.put('north', bytes))
    const long = new Date(Date.now() - 8 * dayMs)
    await utimes(place, long, long)
    const database: Database = {
      ...opened.database,
      tx: async (tenant, run) => {
        const result = await opened.database.tx(tenant, run)
        await blobs.put('north', bytes)
        return result
      },
    }
    expect(await sweepUploads(database, blobs, Date.now())).toBe(0)
    expect(await readFile(place)).toHaveLength(3)
    await utimes(place, long, long)
    expect(await sweepUploads(opened.database, blobs, Date.now())).toBe(1)
  })

  test('I7 a file that a sweep took before there was its row is kept once more', async () => {
    const blobs = await openBlobStore(join(up.folder, 'kept'))
    const bytes = await picture('png', 16)
    const file = join(up.folder, 'arrived')
    await writeFile(file, bytes)
    const database: Database = {
      ...opened.database,
      tx: async (tenant, run) => {
        for (const name of await filesIn(join(up.folder, 'kept'))) await rm(blobs.placeOf(tenant, name))
        return opened.database.tx(tenant, run)
      },
    }
    const upload = { id: 'u', user: 'ana', operation: null, sha256: sha256(bytes), sizeBytes: bytes.length }
    const types = new Set(['image/png'] as const)
    const kept = await keep({ database, blobs, types, pixelsMax: 10_000 }, 'north', upload, file)
    expect(kept).toMatchObject({ type: 'image/png' })
    expect(await filesIn(join(up.folder, 'kept'))).toEqual(['blob' in kept ? kept.blob : 'none'])
  })

  test('R145 a form’s file is kept and its url answered; sent again it has the same one; the same bytes are kept once', async () => {
    const bytes = await picture('jpeg', 25)
    const form = async (field: string, file: Uint8Array) => {
      const body = new FormData()
      body.set(field, new File([Uint8Array.from(file)], 'photo.svg', { type: 'image/svg+xml' }))
      const encoded = new Response(body)
      const headers = { 'content-type': encoded.headers.get('content-type') ?? '' }
      return { method: 'POST', headers, body: await encoded.arrayBuffer() }
    }
    const first = await up.send('form/ana', '/api/upload', await form('image', bytes))
    const answer: unknown = await first.json()
    expect(answer).toEqual(await (await up.send('form/ana', '/api/upload', await form('image', bytes))).json())
    const url = typeof answer === 'object' && answer !== null && 'url' in answer ? String(answer.url) : ''
    expect((await up.send('form/ana', url)).headers.get('content-type')).toBe('image/jpeg')
    await up.send('form/ben', '/api/upload', await form('image', bytes))
    await sendWhole(up, 'form/ana', bytes)
    expect(await readdir(join(up.folder, 'blobs', Buffer.from('form').toString('base64url')))).toHaveLength(1)
    expect(await codeOf(await up.send('form/ana', '/api/upload', await form('photo', bytes)))).toBe(
      '400 invalid-request',
    )
    expect(await codeOf(await up.send('form/ana', '/api/upload', { method: 'POST', body: 'x' }))).toBe(
      '400 invalid-request',
    )
    expect(await codeOf(await up.send('form/ana', '/api/upload', await form('image', new Uint8Array(300_000))))).toBe(
      '413 too-large',
    )
    expect(await codeOf(await up.send('form/ana', '/api/upload', await form('image', new Uint8Array(9))))).toBe(
      '415 unsupported-media-type',
    )
  })

  test('I13 a user has a quota for a day, and others have theirs', async () => {
    const tight = await openUploading(opened.database, { uploadsPerDayMax: 2, bytesPerDayMax: 1000 })
    const begin = async (who: string, sizeBytes: number) =>
      (await tight.send(who, uploadsPath, { method: 'POST', headers: announce(new Uint8Array(1), {}, sizeBytes) }))
        .status
    expect([await begin('quota/ana', 1), await begin('quota/ana', 1), await begin('quota/ana', 1)]).toEqual([
      201, 201, 429,
    ])
    expect([await begin('quota/ben', 600), await begin('quota/ben', 600)]).toEqual([201, 429])
    await tight.close()
  })
})
