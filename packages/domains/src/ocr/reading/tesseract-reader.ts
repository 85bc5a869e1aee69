/**
 * Reads a page with Tesseract in WebAssembly: slower and less exact than the default, and it runs where no native
 * library loads. Its language data comes from a package; it never asks a network.
 */
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { loadPackage } from '../engine/load-package.ts'
import { OcrError, type Page, type Polygon, type Word } from '../engine/ocr-engine.ts'
import type { PageReader } from '../engine/page-reader.ts'
import { type Picture, turn, turnBack } from '../engine/picture.ts'
import { evenLight } from './light.ts'
import { toLines } from './reading-order.ts'
import { scaled } from './scaled-picture.ts'

/** It reads best when letters are about 30 pixels high, which a till roll has at this width. */
const widthMin = 1200
/** Below this mean confidence, a page may lie on its side or stand on its head. */
const doubt = 0.6
/** Words below this are noise. */
const confidenceMin = 0.3

type Box = { readonly x0: number; readonly y0: number; readonly x1: number; readonly y1: number }

/** Starts Tesseract. Throws `engine-unavailable`. */
export async function openTesseractReader(): Promise<PageReader> {
  const { default: tesseract } = await loadPackage('tesseract.js', () => import('tesseract.js'))
  const langPath = await loadPackage('@tesseract.js-data/eng', async () =>
    Promise.resolve(
      join(dirname(createRequire(import.meta.url).resolve('@tesseract.js-data/eng/package.json')), '4.0.0_best_int'),
    ),
  )
  const worker = await tesseract
    .createWorker('eng', tesseract.OEM.LSTM_ONLY, {
      langPath,
      gzip: true,
      cacheMethod: 'none',
      // It would throw outside of any promise otherwise.
      errorHandler: () => {},
    })
    .catch((cause: unknown) => {
      throw new OcrError(
        'engine-unavailable',
        'Tesseract was expected and does not start here. Install the packages again, or choose another engine.',
        { cause },
      )
    })
  const readOnce = async (picture: Picture): Promise<Word[]> => {
    const { default: sharp } = await loadPackage('sharp', () => import('sharp'))
    const factor = Math.min(3, Math.max(1, widthMin / picture.width))
    const larger = await scaled(picture, Math.round(picture.width * factor), Math.round(picture.height * factor))
    const png = await sharp(larger.data, { raw: { width: larger.width, height: larger.height, channels: 3 } })
      .png({ compressionLevel: 1 })
      .toBuffer()
    const { data } = await worker.recognize(png, { rotateAuto: true }, { text: false, blocks: true })
    return (data.blocks ?? []).flatMap(({ paragraphs }) =>
      paragraphs.flatMap(({ lines }) => lines.flatMap(({ words }) => words.flatMap((word) => toWord(word, factor)))),
    )
  }
  return {
    name: 'tesseract',
    version: '7.0.0-eng',
    read: async (original, check) => {
      const picture = await evenLight(original)
      let [words, quarters] = [await readOnce(picture), 0]
      for (const other of [1, 3, 2]) {
        if (certainty(words) >= doubt) break
        check()
        const turned = await readOnce(turn(picture, other))
        if (certainty(turned) > certainty(words)) [words, quarters] = [turned, other]
      }
      return toPage(words, quarters, original)
    },
    close: async () => {
      await worker.terminate()
    },
  }
}

function toWord({ text, confidence, bbox }: { text: string; confidence: number; bbox: Box }, factor: number): Word[] {
  const [x0, y0, x1, y1] = [bbox.x0 / factor, bbox.y0 / factor, bbox.x1 / factor, bbox.y1 / factor]
  const polygon: Polygon = [
    [x0, y0],
    [x1, y0],
    [x1, y1],
    [x0, y1],
  ]
  return confidence / 100 < confidenceMin || text.trim() === ''
    ? []
    : [{ text: text.trim(), confidence: confidence / 100, polygon }]
}

/** The mean confidence, and nothing for a page with hardly a word. */
function certainty(words: readonly Word[]): number {
  return words.length < 3 ? 0 : words.reduce((sum, { confidence }) => sum + confidence, 0) / words.length
}

function toPage(words: readonly Word[], quarters: number, original: Picture): Page {
  const back = ([a, b, c, d]: Polygon): Polygon => [
    turnBack(a, quarters, original),
    turnBack(b, quarters, original),
    turnBack(c, quarters, original),
    turnBack(d, quarters, original),
  ]
  const lines = toLines(
    words.map((word) => ({ words: [word], polygon: word.polygon })),
    0,
  ).map((line) => ({
    ...line,
    polygon: back(line.polygon),
    words: line.words.map((word) => ({ ...word, polygon: back(word.polygon) })),
  }))
  return { width: original.width, height: original.height, lines, words: lines.flatMap((line) => line.words) }
}
