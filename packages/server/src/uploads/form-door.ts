/**
 * Uploads by a form, in one request: for pages and services that know nothing of tus. The answer is `{ url }`. The same
 * bytes sent again by the same user get the same url, so that a request whose answer was lost can be repeated.
 */
import { createHash, randomUUID } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { problem } from '@holdfast/core'
import { jsonAnswer, problemAnswer } from '../http/answer.ts'
import type { DoorRequest } from '../http/door.ts'
import { readBytes } from '../http/json-body.ts'
import { keep } from './keep.ts'
import type { TusDependencies } from './tus-door.ts'
import { beginUpload, dropUpload, findSame, type Upload } from './upload-rows.ts'

/** What of a form is not the file itself, bytes. */
const formBytesMax = 64 * 1024

/** Makes the answer of a form door; `field` holds the file. `urlOf` makes an upload's address. */
export function createFormDoor(
  dependencies: TusDependencies,
  field: string,
  urlOf: (id: string) => string,
): (request: DoorRequest) => Promise<Response> {
  const { database, blobs, sizeBytesMax, quota, nowMs } = dependencies
  return async ({ session: { tenant, user }, request }) => {
    const file = await fileOf(request, field, sizeBytesMax)
    if (file === 'too-large') return problemAnswer(tooLarge(sizeBytesMax))
    if (file === undefined) return problemAnswer(noFile(field))
    const sha256 = createHash('sha256').update(file).digest('hex')
    const same = await database.tx(tenant, ({ query }) => findSame(query, tenant, user, sha256))
    if (same !== undefined) return jsonAnswer({ url: urlOf(same.id), id: same.id })
    const upload: Upload = { id: randomUUID(), user, operation: null, sha256, sizeBytes: file.length }
    const isWithin = await database.tx(tenant, ({ query }) => beginUpload(query, tenant, upload, quota, nowMs()))
    if (!isWithin) return problemAnswer(problem('rate-limited', 'Too much was sent within a day'))
    const place = join(blobs.incoming, blobs.incomingName(tenant, upload.id))
    try {
      await writeFile(place, file, { flag: 'wx' })
      const kept = await keep(dependencies, tenant, upload, place)
      if ('problem' in kept) {
        await database.tx(tenant, ({ query }) => dropUpload(query, tenant, upload.id))
        return problemAnswer(kept.problem)
      }
      return jsonAnswer({ url: urlOf(upload.id), id: upload.id })
    } finally {
      await rm(place, { force: true })
    }
  }
}

/** Reads the file of a form, within limits that hold before anything is parsed. */
async function fileOf(
  request: Request,
  field: string,
  sizeBytesMax: number,
): Promise<Uint8Array | 'too-large' | undefined> {
  const type = request.headers.get('content-type') ?? ''
  const most = sizeBytesMax + formBytesMax
  if (Number(request.headers.get('content-length') ?? 0) > most) return 'too-large'
  const body = await readBytes(request, most)
  if (body === 'too-large') return body
  if (body === 'broken') return undefined
  try {
    const form = await new Response(new Blob([body.slice()]), { headers: { 'content-type': type } }).formData()
    const file = form.get(field)
    if (!(file instanceof File) || file.size === 0) return undefined
    return file.size > sizeBytesMax ? 'too-large' : new Uint8Array(await file.arrayBuffer())
  } catch {
    return undefined
  }
}

function tooLarge(bytesMax: number) {
  return problem('too-large', 'The file is too large', { detail: `At most ${bytesMax} bytes are taken.` })
}

function noFile(field: string) {
  return problem('invalid-request', 'There is no file in the form', {
    detail: `Expected multipart/form-data with a file named "${field}".`,
  })
}
