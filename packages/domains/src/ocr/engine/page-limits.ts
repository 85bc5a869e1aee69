/** What is taken of a file at most, and how a file that has more is refused. */
import { OcrError } from './ocr-engine.ts'
import type { Picture } from './picture.ts'

/** What is taken at most. */
export type PageLimits = {
  readonly bytesMax: number
  /** Pixels of one page, before it is made smaller. */
  readonly pixelsMax: number
  readonly pagesMax: number
  /** The longest side that is kept; larger pages are made smaller while they are decoded. */
  readonly sideMax: number
}

/** Photos of 50 megapixels, the largest that phones usually make, and invoices of 20 pages. */
export const pageLimits: PageLimits = { bytesMax: 32 * 2 ** 20, pixelsMax: 51_000_000, pagesMax: 20, sideMax: 3600 }

/** A page with how much it was made smaller: coordinates times `scale` are those of the original. */
export type OpenedPage = { readonly picture: Picture; readonly scale: number }

/** The error for a page with too many pixels. */
export function tooManyPixels(width: number, height: number, max: number): OcrError {
  return new OcrError(
    'too-large',
    `Pages of at most ${String(max)} pixels are read, this one has ${String(width)} × ${String(height)}. Send a smaller picture.`,
  )
}

/** The error for a file with too many pages. */
export function tooManyPages(pages: number, max: number): OcrError {
  return new OcrError(
    'too-many-pages',
    `At most ${String(max)} pages are read, the file has ${String(pages)}. Send the pages that matter.`,
  )
}
