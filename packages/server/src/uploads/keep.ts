/**
 * What becomes of bytes that have all arrived: length and hash are checked, then the type, then an image is made anew;
 * the file is kept first, the row says so second, and the file is looked for once more. Whatever goes wrong before the
 * row leaves an upload that is not whole, and doing it again is safe.
 */
import { readFile, stat } from 'node:fs/promises'
import { problem, type Problem } from '@holdfast/core'
import type { Database } from '../database/database.ts'
import { readWhole, type BlobStore } from './blob-store.ts'
import { cleanImage } from './clean-image.ts'
import { fileTypeBytes, fileTypeOf, type FileType } from './file-type.ts'
import { finishUpload, type Upload } from './upload-rows.ts'

/** What keeping needs. */
export interface KeepDependencies {
  readonly database: Database
  readonly blobs: BlobStore
  readonly types: ReadonlySet<FileType>
  readonly pixelsMax: number
}

/** The file that is kept, or why it never can be. */
export type Kept = { readonly blob: string; readonly type: FileType } | { readonly problem: Problem }

/**
 * Keeps an upload whose bytes lie in `file`.
 *
 * @throws the file system's or the driver's errors: then nothing is lost, and it can be done again
 */
export async function keep(
  { database, blobs, types, pixelsMax }: KeepDependencies,
  tenant: string,
  upload: Upload,
  file: string,
): Promise<Kept> {
  const { size } = await stat(file)
  const { sha256, head } = await readWhole(file, fileTypeBytes)
  if (size !== upload.sizeBytes || sha256 !== upload.sha256) return { problem: broken }
  const type = fileTypeOf(head)
  if (type === undefined || !types.has(type)) return { problem: unsupported(types) }
  const made =
    type === 'application/pdf'
      ? { kind: 'clean' as const, bytes: await readFile(file), type }
      : await cleanImage(file, type, pixelsMax)
  if (made.kind === 'too-many-pixels') return { problem: tooManyPixels(pixelsMax) }
  if (made.kind === 'unreadable') return { problem: unreadable }
  const blob = await blobs.put(tenant, made.bytes)
  await database.tx(tenant, ({ query }) => finishUpload(query, tenant, upload.id, { blob, type: made.type }))
  // A sweep that looked before there was the row may have taken the file since. None that looks from here on does.
  await blobs.put(tenant, made.bytes)
  return { blob, type: made.type }
}

const broken = problem('invalid-request', 'The file did not arrive as it was announced', {
  detail: 'Its length or SHA-256 differs. Send it again from the start.',
})

const unreadable = problem('refused', 'The image cannot be read', {
  detail: 'The file is damaged, or is not what it seems to be. Take or export it again.',
})

function unsupported(types: ReadonlySet<FileType>): Problem {
  return problem('unsupported-media-type', 'Files of this type are not taken', {
    detail: `Expected one of ${[...types].join(', ')}, told by the file's first bytes.`,
  })
}

function tooManyPixels(pixelsMax: number): Problem {
  return problem('too-large', 'The image has too many pixels', {
    detail: `At most ${Math.floor(pixelsMax / 1_000_000)} million are taken. Make it smaller.`,
  })
}
