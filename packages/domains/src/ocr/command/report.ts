/** What the command prints of a file: the same values as JSON and as lines for people. Pure. */
import type { OcrError, Recognition } from '../engine/ocr-engine.ts'
import { decimalsOf } from '../extraction/currency.ts'
import type { Field, Money } from '../extraction/read-document.ts'

/** How the reading of a file ended. */
export type FileResult =
  | { readonly kind: 'read'; readonly recognition: Recognition }
  | { readonly kind: 'failed'; readonly error: OcrError }

/** A field as it is printed: amounts as decimals, dates as ISO days. */
export type PrintedField = {
  readonly value: string
  readonly raw: string
  readonly confidence: number
  readonly page: number
  readonly polygon: readonly (readonly number[])[]
  readonly source: string
}

/** A file as it is printed. */
export type FileReport =
  | {
      readonly text: string
      readonly merchantName: string | null
      readonly total: string | null
      readonly date: string | null
      readonly currency: string | null
      readonly fields: Readonly<Record<string, PrintedField>>
      readonly lineItems: readonly {
        readonly description: string
        readonly quantity: number | null
        readonly amount: string
      }[]
      readonly needsReview: boolean
      readonly reasons: readonly { readonly field: string; readonly code: string; readonly detail: string }[]
      readonly engine: string
      readonly ms: number
    }
  | { readonly error: { readonly code: string; readonly message: string }; readonly ms: number }

/** Makes the report of a file. */
export function reportOf(result: FileResult, ms: number): FileReport {
  if (result.kind === 'failed') return { error: { code: result.error.code, message: result.error.message }, ms }
  const { pages, document, engine, needsReview } = result.recognition
  const { fields, lineItems, reasons } = document
  const printed = Object.entries(fields).flatMap(([name, field]) =>
    field === undefined ? [] : [[name, printedField(field)] as const],
  )
  return {
    text: pages.flatMap(({ lines }) => lines.map(({ text }) => text)).join('\n'),
    merchantName: fields.merchantName?.value ?? null,
    total: fields.total === undefined ? null : decimals(fields.total.value),
    date: fields.transactionDate?.value ?? null,
    currency: fields.currency?.value ?? null,
    fields: Object.fromEntries(printed),
    lineItems: lineItems.map(({ description, quantity, amount }) => ({
      description,
      quantity,
      amount: decimals(amount),
    })),
    needsReview,
    reasons,
    engine,
    ms,
  }
}

function printedField({ value, raw, confidence, page, polygon, source }: Field<string> | Field<Money>): PrintedField {
  const corners = polygon.map(([x, y]) => [Math.round(x), Math.round(y)])
  return { value: typeof value === 'string' ? value : decimals(value), raw, confidence, page, polygon: corners, source }
}

/** An amount as people write it, with a point and as many decimals as its currency has. */
export function decimals({ minor, currency }: Money): string {
  const places = decimalsOf(currency)
  const digits = String(Math.abs(minor)).padStart(places + 1, '0')
  const text = places === 0 ? digits : `${digits.slice(0, -places)}.${digits.slice(-places)}`
  return minor < 0 ? `-${text}` : text
}

/** The report as lines for people. */
export function describe(file: string, report: FileReport): string[] {
  if ('error' in report) return [`${file}: not read (${report.error.code})`, '']
  const { text, fields, reasons, ms } = report
  return [
    `${file} (${String(ms)} ms)`,
    ...Object.entries(fields).map(
      ([name, { value, confidence }]) => `  ${name}: ${value} (${String(Math.round(confidence * 100))} %)`,
    ),
    ...reasons.map(({ detail }) => `  to review: ${detail}`),
    ...text.split('\n').map((line) => `    ${line}`),
    '',
  ]
}
