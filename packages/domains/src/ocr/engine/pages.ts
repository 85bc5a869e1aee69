/**
 * Opens a file as pictures, one page after the other, within limits that are checked before anything is decoded.
 * `sharp` decodes images, `@hyzyla/pdfium` renders the pages of a PDF; both are loaded at the first use.
 */
import type { Sharp, SharpOptions } from 'sharp'
import { type FileKind, fileKind } from './file-kind.ts'
import { loadPackage } from './load-package.ts'
import { OcrError } from './ocr-engine.ts'
import { type OpenedPage, type PageLimits, tooManyPages, tooManyPixels } from './page-limits.ts'
import { pdfPages } from './pdf-pages.ts'
import type { Picture } from './picture.ts'

/** The pages of a file, each decoded when it is asked for. Throws {@link OcrError}. */
export async function* openPages(
  bytes: Uint8Array,
  mime: string | undefined,
  limits: PageLimits,
): AsyncGenerator<OpenedPage> {
  const kind = fileKind(bytes, mime)
  if (bytes.length > limits.bytesMax) {
    throw new OcrError(
      'too-large',
      `At most ${String(limits.bytesMax)} bytes are read, the file has ${String(bytes.length)}. Send a smaller picture.`,
    )
  }
  if (kind === 'pdf') yield* pdfPages(bytes, limits)
  else yield* imagePages(bytes, kind, limits)
}

async function* imagePages(bytes: Uint8Array, kind: FileKind, limits: PageLimits): AsyncGenerator<OpenedPage> {
  const { default: sharp } = await loadPackage('sharp', () => import('sharp'))
  const options = {
    limitInputPixels: limits.pixelsMax,
    failOn: 'error',
    sequentialRead: true,
  } as const satisfies SharpOptions
  const about = await decoding(() => sharp(bytes, { ...options, limitInputPixels: false }).metadata())
  // Only a TIFF has pages for reading; the frames of a GIF are a film.
  const pages = kind === 'tiff' ? (about.pages ?? 1) : 1
  if (pages > limits.pagesMax) throw tooManyPages(pages, limits.pagesMax)
  for (let page = 0; page < pages; page++) {
    const first =
      page === 0 ? about : await decoding(() => sharp(bytes, { ...options, page, limitInputPixels: false }).metadata())
    const [width, height] = [first.autoOrient.width, first.autoOrient.height]
    if (width * height > limits.pixelsMax) throw tooManyPixels(width, height, limits.pixelsMax)
    const side = Math.max(width, height)
    const ratio = Math.min(1, limits.sideMax / side)
    const decoded = await decoding(() =>
      decode(
        sharp(bytes, { ...options, ...(kind === 'tiff' ? { page } : {}) }),
        Math.max(1, Math.round(width * ratio)),
        Math.max(1, Math.round(height * ratio)),
      ),
    )
    yield { picture: decoded, scale: width / decoded.width }
  }
}

async function decode(image: Sharp, width: number, height: number): Promise<Picture> {
  const { data, info } = await image
    .autoOrient()
    .resize({ width, height, fit: 'fill', withoutEnlargement: true })
    .flatten({ background: 'white' })
    .toColourspace('srgb')
    .removeAlpha()
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true })
  if (info.channels === 3) return { width: info.width, height: info.height, data }
  const rgb = new Uint8Array(info.width * info.height * 3)
  for (let at = 0; at < info.width * info.height; at++) rgb.fill(data[at * info.channels] ?? 0, at * 3, at * 3 + 3)
  return { width: info.width, height: info.height, data: rgb }
}

async function decoding<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (cause) {
    throw new OcrError(
      'damaged',
      'A whole picture was expected, its bytes are cut off or broken. Take or send it again.',
      { cause },
    )
  }
}
