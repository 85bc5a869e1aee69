/** Pages of text for tests: one line of text each, all of one size, one below the other. */
import type { Line, Page } from '../engine/ocr-engine.ts'
import { type ExtractionContext, extractDocument } from './extract.ts'
import type { ReadDocument } from './read-document.ts'
import { type TextLine, textLines } from './text-line.ts'

/** A page that says this. */
export function sheet(text: string, confidence = 1): Page {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line, index): Line => {
      const [top, bottom, right] = [index * 30, index * 30 + 20, line.length * 10]
      const polygon = [
        [0, top],
        [right, top],
        [right, bottom],
        [0, bottom],
      ] as const
      return { text: line, confidence, polygon, words: [{ text: line, confidence, polygon }] }
    })
  return { width: 600, height: lines.length * 30, lines, words: lines.flatMap(({ words }) => words) }
}

/** The lines of a page that says this. */
export function linesOf(text: string): TextLine[] {
  return textLines([sheet(text)])
}

/** What is read of a page that says this. */
export function readSheet(text: string, context: Partial<ExtractionContext> = {}): ReadDocument {
  return extractDocument([sheet(text)], { jobType: 'receipt', today: '2026-01-31', ...context })
}
