/**
 * What is kept of a reading: text, fields with their places and confidence, the lines of the bill, and the reasons for
 * which a person should look. Single words are left out: they are most of a reading's size, and fields name their places.
 */
import type { Json } from '@holdfast/core'
import type { Line, Polygon, Recognition } from '../engine/ocr-engine.ts'
import type { DocumentFields, Field, Money } from '../extraction/read-document.ts'

/** Most characters of text that are kept of a paper: some twenty full pages. */
const textMax = 60_000

/** Most lines of a bill that are kept. */
const lineItemsMax = 500

/** What is kept of a reading, as the job's result. */
export function resultOf({ engine, pages, document, usage, needsReview }: Recognition): Json {
  const text = pages.map(({ lines }) => lines.map((line: Line) => line.text).join('\n')).join('\n\n')
  const { fields, lineItems, reasons } = document
  return {
    engine,
    text: text.slice(0, textMax),
    pages: pages.map(({ width, height }) => ({ width, height })),
    fields: fieldsOf(fields),
    lineItems: lineItems.slice(0, lineItemsMax).map(({ description, quantity, amount, confidence, page, polygon }) => ({
      description,
      quantity,
      amount: moneyOf(amount),
      confidence: rounded(confidence),
      page,
      polygon: placeOf(polygon),
    })),
    needsReview,
    reasons: reasons.map(({ field, code, detail }) => ({ field, code, detail })),
    computeMs: Math.round(usage.computeMs),
  }
}

function fieldsOf(fields: DocumentFields): Json {
  const kept: Record<string, Json> = {}
  for (const [name, field] of Object.entries(fields)) if (field !== undefined) kept[name] = fieldOf(field)
  return kept
}

function fieldOf({ value, raw, confidence, page, polygon, source }: Field<string> | Field<Money>): Json {
  return {
    value: typeof value === 'string' ? value : moneyOf(value),
    raw,
    confidence: rounded(confidence),
    page,
    polygon: placeOf(polygon),
    source,
  }
}

function moneyOf({ minor, currency }: Money): Json {
  return { minor, currency }
}

function placeOf(polygon: Polygon): Json {
  return polygon.map(([x, y]) => [Math.round(x), Math.round(y)])
}

function rounded(confidence: number): number {
  return Math.round(confidence * 1000) / 1000
}
