/**
 * An engine on this machine: opens the file page by page, lets a {@link PageReader} read each, and hands the lines to
 * the rules of extraction. The deadline is asked between steps; a hard stop is the business of who runs it in a process
 * or thread of its own.
 */
import { extractDocument } from '../extraction/extract.ts'
import type { PageReader } from './page-reader.ts'
import { type OcrEngine, OcrError, type Page, type Polygon } from './ocr-engine.ts'
import { type PageLimits, pageLimits } from './page-limits.ts'
import { openPages } from './pages.ts'

/** What an hour of computing costs where the engine runs. */
export type ComputePrice = {
  readonly microsPerSecond: number
  readonly currency: string
  readonly priceListVersion: string
}

/** A small core of a cloud costs about five cents an hour. */
export const computePrice: ComputePrice = { microsPerSecond: 14, currency: 'USD', priceListVersion: 'compute-1' }

/** What a local engine needs. */
export type LocalEngineOptions = {
  readonly reader: PageReader
  readonly limits?: PageLimits
  readonly price?: ComputePrice
  /** Milliseconds since the epoch. */
  readonly now?: () => number
}

/** Makes an engine of a reader. */
export function createLocalEngine({
  reader,
  limits = pageLimits,
  price = computePrice,
  now = Date.now,
}: LocalEngineOptions): OcrEngine {
  return {
    name: reader.name,
    recognize: async (request, { signal, deadlineMs }) => {
      const startedAtMs = now()
      const check = (): void => {
        if (signal?.aborted === true)
          throw new OcrError('aborted', 'The reading was stopped by its caller. Read the file again when it is wanted.')
        if (now() - startedAtMs > deadlineMs) {
          throw new OcrError(
            'timed-out',
            `The file was to be read within ${String(deadlineMs)} ms and was not. Send a smaller picture, or allow more time.`,
          )
        }
      }
      check()
      const pages: Page[] = []
      let pixels = 0
      for await (const { picture, scale } of openPages(request.bytes, request.mime, limits)) {
        check()
        pixels += picture.width * picture.height
        pages.push(toOriginal(await reading(() => reader.read(picture, check)), scale))
      }
      const document = extractDocument(pages, {
        jobType: request.jobType,
        today: new Date(startedAtMs).toISOString().slice(0, 10),
      })
      const computeMs = now() - startedAtMs
      return {
        engine: `${reader.name}/${reader.version}`,
        pages,
        document,
        usage: { pages: pages.length, pixels, computeMs },
        cost: {
          micros: Math.ceil((computeMs * price.microsPerSecond) / 1000),
          currency: price.currency,
          priceListVersion: price.priceListVersion,
        },
        needsReview: document.needsReview,
      }
    },
    close: async () => reader.close(),
  }
}

async function reading<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (cause) {
    if (cause instanceof OcrError) throw cause
    throw new OcrError('engine-failed', 'The engine broke while it read a page. Try again, or choose another engine.', {
      cause,
    })
  }
}

/** Coordinates of a page that was made smaller, as those of the file. */
function toOriginal(page: Page, scale: number): Page {
  if (scale === 1) return page
  const larger = (polygon: Polygon): Polygon => {
    const [a, b, c, d] = polygon
    return [
      [a[0] * scale, a[1] * scale],
      [b[0] * scale, b[1] * scale],
      [c[0] * scale, c[1] * scale],
      [d[0] * scale, d[1] * scale],
    ]
  }
  const lines = page.lines.map((line) => ({
    ...line,
    polygon: larger(line.polygon),
    words: line.words.map((word) => ({ ...word, polygon: larger(word.polygon) })),
  }))
  return {
    width: Math.round(page.width * scale),
    height: Math.round(page.height * scale),
    lines,
    words: lines.flatMap(({ words }) => words),
  }
}
