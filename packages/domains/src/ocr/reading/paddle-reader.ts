/**
 * Reads a page with PP-OCRv4: boxes → which way is up → strips → characters → words → lines.
 *
 * Small slants need no turning of the page: every box is cut out along its own angle.
 */
import type { Page, Polygon, Word } from '../engine/ocr-engine.ts'
import type { PageReader } from '../engine/page-reader.ts'
import { type Picture, turn, turnBack } from '../engine/picture.ts'
import type { Character } from './characters.ts'
import { detectBoxes } from './detection.ts'
import { evenLight } from './light.ts'
import { repairWord } from './lexicon.ts'
import { repairLookAlikes } from './look-alikes.ts'
import { loadModels, type Models } from './models.ts'
import { isUpsideDown, quartersToTurn, slantOf } from './orientation.ts'
import { toLines } from './reading-order.ts'
import { recognizeStrips, type StripText } from './recognition.ts'
import type { Box } from './regions.ts'
import { splitWords } from './spaces.ts'
import { corners, cutStrip, type Strip } from './strip.ts'

/** Words below this are noise: specks, ruled lines, parts of a logo. */
const confidenceMin = 0.5

/** Loads the models. Throws `engine-unavailable`. */
export async function openPaddleReader(options: { readonly threads: number }): Promise<PageReader> {
  const models = await loadModels(options)
  return {
    name: 'pp-ocrv4',
    version: 'mobile-1.4.2',
    read: async (picture, check) => readPage(picture, models, check),
    close: async () => {
      await Promise.all([models.detector.release(), models.recognizer.release()])
    },
  }
}

async function readPage(original: Picture, models: Models, check: () => void): Promise<Page> {
  const lit = await evenLight(original)
  check()
  let boxes = await detectBoxes(lit, models.detector, check)
  check()
  const quarters = quartersToTurn(boxes)
  const picture = turn(lit, quarters)
  if (quarters !== 0) boxes = await detectBoxes(picture, models.detector, check)
  const recognize = async (strips: readonly Strip[]): Promise<StripText[]> =>
    recognizeStrips(strips, models.recognizer, models.alphabet, check)
  const isDown = await isUpsideDown(boxes, async (sample, down) =>
    recognize(sample.map((box) => cutStrip(picture, box, down))),
  )
  const upright = isDown ? turn(picture, 2) : picture
  const standing = isDown ? boxes.map((box) => turnedByHalf(box, picture)) : boxes
  const strips = standing.map((box) => cutStrip(upright, box, false))
  const texts = await recognize(strips)
  const pieces = standing.flatMap((box, index) => {
    const [strip, text] = [strips[index], texts[index]]
    const words = strip === undefined || text === undefined ? [] : wordsOf(box, strip, text)
    return words.length === 0 ? [] : [{ words, polygon: corners(box) }]
  })
  const turned = quarters + (isDown ? 2 : 0)
  const lines = toLines(pieces, slantOf(standing)).map((line) => ({
    ...line,
    polygon: polygonBack(line.polygon, turned, original),
    words: line.words.map((word) => ({ ...word, polygon: polygonBack(word.polygon, turned, original) })),
  }))
  return { width: original.width, height: original.height, lines, words: lines.flatMap(({ words }) => words) }
}

function turnedByHalf(box: Box, { width, height }: Picture): Box {
  return { ...box, center: [width - box.center[0], height - box.center[1]] }
}

function polygonBack(polygon: Polygon, quarters: number, before: Picture): Polygon {
  const [a, b, c, d] = polygon
  return [
    turnBack(a, quarters, before),
    turnBack(b, quarters, before),
    turnBack(c, quarters, before),
    turnBack(d, quarters, before),
  ]
}

function wordsOf(box: Box, strip: Strip, { characters, steps }: StripText): Word[] {
  return splitWords(characters, strip, steps).flatMap((word) => {
    const confidence = word.reduce((sum, each) => sum + each.confidence, 0) / word.length
    const text = repairLookAlikes(repairWord(word).normalize('NFKC'))
    return confidence < confidenceMin ? [] : [{ text, confidence, polygon: partOf(box, word, steps) }]
  })
}

/** The part of a box that some of its characters cover. */
function partOf(box: Box, word: readonly Character[], steps: number): Polygon {
  const from = Math.max(0, ((word[0]?.from ?? 0) - 0.5) / steps)
  const to = Math.min(1, ((word.at(-1)?.to ?? steps) + 1.5) / steps)
  const along = ((from + to) / 2 - 0.5) * box.length
  return corners({
    ...box,
    center: [box.center[0] + along * Math.cos(box.angle), box.center[1] + along * Math.sin(box.angle)],
    length: (to - from) * box.length,
  })
}
