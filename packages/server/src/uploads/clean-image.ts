/**
 * Makes a new image of the one that came: the pixels alone, turned upright. Whatever else was in the file (where it was
 * taken, by whom, a script behind its end) is not carried over. Its size is known before anything is unpacked.
 */
import sharp from 'sharp'
import type { FileType } from './file-type.ts'

/** A clean image, or why there is none. */
export type CleanImage =
  | { readonly kind: 'clean'; readonly bytes: Uint8Array; readonly type: FileType }
  | { readonly kind: 'too-many-pixels' }
  | { readonly kind: 'unreadable' }

/** How long one image may take, s: a file made to be slow is one that nobody has taken with a camera. */
const secondsMax = 15

/** What each type becomes. Of a moving image the first picture is kept. */
const formats = {
  'image/jpeg': { format: 'jpeg', type: 'image/jpeg', options: { quality: 90 } },
  'image/png': { format: 'png', type: 'image/png', options: {} },
  'image/webp': { format: 'webp', type: 'image/webp', options: { quality: 90 } },
  'image/gif': { format: 'png', type: 'image/png', options: {} },
  'image/avif': { format: 'jpeg', type: 'image/jpeg', options: { quality: 90 } },
} as const

/** Cleans an image of a type that its first bytes have told. */
export async function cleanImage(
  file: string,
  type: Exclude<FileType, 'application/pdf'>,
  pixelsMax: number,
): Promise<CleanImage> {
  const { format, type: becomes, options } = formats[type]
  try {
    const header = sharp(file, { limitInputPixels: false })
    const { width, height } = await header.metadata()
    if (width * height > pixelsMax) return { kind: 'too-many-pixels' }
    const bytes = await sharp(file, { limitInputPixels: pixelsMax, failOn: 'error' })
      .autoOrient()
      .toFormat(format, options)
      .timeout({ seconds: secondsMax })
      .toBuffer()
    return { kind: 'clean', bytes, type: becomes }
  } catch {
    // The library says what is wrong with a file in words alone; every such file is unreadable to us.
    return { kind: 'unreadable' }
  }
}
