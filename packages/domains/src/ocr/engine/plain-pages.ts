/**
 * The plain form in which an engine elsewhere may answer: `{ pages: [{ width, height, lines: [{ text, confidence, polygon,
 * words: [{ text, confidence, polygon }] }] }] }`, polygons as four corners `[x, y]` in pixels, clockwise from where the
 * text begins. It comes from outside, so all of it is looked at.
 */
import { isRecord } from '@holdfast/core'
import type { Line, Page, Point, Polygon, Word } from './ocr-engine.ts'
import { pageLimits } from './page-limits.ts'

/** Most lines of a page, and words of a line, that are believed to be there. */
const linesMax = 5_000
const wordsMax = 1_000
const charactersMax = 10_000

/** Reads such an answer; `undefined` when it is none. */
export function parsePlainPages(body: unknown): readonly Page[] | undefined {
  return isRecord(body) ? listOf(body['pages'], pageLimits.pagesMax, pageOf) : undefined
}

function pageOf(value: unknown): Page | undefined {
  if (!isRecord(value)) return undefined
  const { width, height } = value
  const lines = listOf(value['lines'], linesMax, lineOf)
  if (!isSize(width) || !isSize(height) || lines === undefined) return undefined
  return { width, height, lines, words: lines.flatMap(({ words }) => words) }
}

function lineOf(value: unknown): Line | undefined {
  const word = wordOf(value)
  const words = isRecord(value) ? listOf(value['words'], wordsMax, wordOf) : undefined
  return word === undefined || words === undefined ? undefined : { ...word, words }
}

function wordOf(value: unknown): Word | undefined {
  if (!isRecord(value)) return undefined
  const { text, confidence } = value
  const polygon = polygonOf(value['polygon'])
  if (typeof text !== 'string' || text.length > charactersMax || polygon === undefined) return undefined
  if (typeof confidence !== 'number' || !(confidence >= 0 && confidence <= 1)) return undefined
  return { text, confidence, polygon }
}

function polygonOf(value: unknown): Polygon | undefined {
  const [a, b, c, d, more] = listOf(value, 4, pointOf) ?? []
  if (a === undefined || b === undefined || c === undefined || d === undefined || more !== undefined) return undefined
  return [a, b, c, d]
}

function pointOf(value: unknown): Point | undefined {
  const [x, y, more] = listOf(value, 2, (part) => (isCoordinate(part) ? part : undefined)) ?? []
  return x === undefined || y === undefined || more !== undefined ? undefined : [x, y]
}

function isCoordinate(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}

function isSize(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0
}

function listOf<Item>(
  value: unknown,
  most: number,
  itemOf: (item: unknown) => Item | undefined,
): readonly Item[] | undefined {
  if (!Array.isArray(value) || value.length > most) return undefined
  const items = value.map(itemOf).filter((item) => item !== undefined)
  return items.length === value.length ? items : undefined
}
