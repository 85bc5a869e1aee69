/** The lines of all pages as the rules see them. */
import type { Line, Page, Polygon } from '../engine/ocr-engine.ts'

/** A line with its place. `index` counts over all pages. */
export type TextLine = {
  readonly index: number
  readonly page: number
  readonly text: string
  readonly confidence: number
  readonly polygon: Polygon
  /** The height of its letters against the page's usual ones. */
  readonly size: number
}

/** Lists the lines of all pages. */
export function textLines(pages: readonly Page[]): TextLine[] {
  let index = 0
  return pages.flatMap((page, at) => {
    const heights = page.lines.map(heightOf).toSorted((a, b) => a - b)
    const usual = heights[Math.floor(heights.length / 2)] ?? 1
    return page.lines.map((line) => ({
      index: index++,
      page: at,
      text: line.text,
      confidence: line.confidence,
      polygon: line.polygon,
      size: heightOf(line) / Math.max(1, usual),
    }))
  })
}

function heightOf({ polygon: [a, , , d] }: Line): number {
  return Math.hypot(a[0] - d[0], a[1] - d[1])
}
