/**
 * From lines of text to fields: the one place where the rules of this folder meet. Pure: the day on which it is read
 * comes in as a value, and bounds the dates that are possible.
 */
import type { JobType, Page } from '../engine/ocr-engine.ts'
import { chooseDate, chooseDueDate, type ChosenDate } from './choose-date.ts'
import { dateOrderOf, findCurrency, type FoundCurrency, toMinor } from './currency.ts'
import { findInvoiceNumber } from './invoice-number.ts'
import { findItems, type FoundItem, sumOf } from './line-items.ts'
import { findMerchant } from './merchant.ts'
import type { DocumentFields, Field, Money, ReadDocument, Source } from './read-document.ts'
import { reviewReasons } from './review.ts'
import { type Row, toRows } from './rows.ts'
import { type TextLine, textLines } from './text-line.ts'
import { chooseTotal, type ChosenTotal } from './total.ts'

/** What is known beside the text. */
export type ExtractionContext = {
  readonly jobType: JobType
  /** The day it is read, ISO; undefined if nobody knows. */
  readonly today: string | undefined
}

/** What the rules found, before it is put into fields: what {@link reviewReasons} judges. */
export type Findings = {
  readonly lines: readonly TextLine[]
  readonly rows: readonly Row[]
  readonly fields: DocumentFields
  readonly items: readonly FoundItem[]
  readonly total: ChosenTotal | undefined
  readonly date: ChosenDate | undefined
  readonly currency: FoundCurrency | undefined
  readonly jobType: JobType
}

/** Reads the fields of a document. */
export function extractDocument(pages: readonly Page[], { jobType, today }: ExtractionContext): ReadDocument {
  const lines = textLines(pages)
  const rows = toRows(lines)
  const items = findItems(rows)
  const currency = findCurrency(lines)
  const code = currency?.code ?? null
  const context = { countryOrder: dateOrderOf(currency?.code), today }
  const total = chooseTotal(rows, sumOf(items))
  const date = chooseDate(lines, context)
  const due = chooseDueDate(lines, context)
  const merchant = findMerchant(lines)
  const number = findInvoiceNumber(lines)
  const subtotal = labelled(rows, 'subtotal', total)
  const tax = labelled(rows, 'tax', total)
  const fields: DocumentFields = {
    ...(merchant === undefined
      ? {}
      : { merchantName: field(merchant.name, merchant.line, merchant.line.text, merchant.certainty, 'position') }),
    ...(date === undefined ? {} : { transactionDate: dateField(date) }),
    ...(total === undefined
      ? {}
      : { total: moneyField(total.row, total.hundredths, code, total.certainty, total.source) }),
    ...(subtotal?.amount === undefined
      ? {}
      : { subtotal: moneyField(subtotal, subtotal.amount.hundredths, code, 0.85, 'label') }),
    ...(tax?.amount === undefined ? {} : { tax: moneyField(tax, tax.amount.hundredths, code, 0.85, 'label') }),
    ...(currency === undefined
      ? {}
      : {
          currency: field(
            currency.code,
            currency.line,
            currency.raw,
            currency.isPrinted ? 0.97 : 0.75,
            currency.isPrinted ? 'label' : 'position',
          ),
        }),
    ...(number === undefined ? {} : { invoiceNumber: field(number.number, number.line, number.raw, 0.9, 'label') }),
    ...(due === undefined ? {} : { dueDate: dateField(due) }),
  }
  const findings: Findings = { lines, rows, fields, items, total, date, currency, jobType }
  const reasons = reviewReasons(findings)
  return {
    fields,
    lineItems: items.map(({ description, quantity, hundredths, row: { line } }) => ({
      description,
      quantity,
      amount: { minor: toMinor(hundredths, code), currency: code },
      confidence: line.confidence,
      page: line.page,
      polygon: line.polygon,
    })),
    needsReview: reasons.length > 0,
    reasons,
  }
}

function field<Value>(value: Value, line: TextLine, raw: string, certainty: number, source: Source): Field<Value> {
  return { value, raw, confidence: round(line.confidence * certainty), page: line.page, polygon: line.polygon, source }
}

function moneyField(
  row: Row,
  hundredths: number,
  code: string | null,
  certainty: number,
  source: Source,
): Field<Money> {
  const raw = row.amount?.raw ?? ''
  return field({ minor: toMinor(hundredths, code), currency: code }, row.amountLine, raw, certainty, source)
}

function dateField({ iso, raw, line, confidence, isLabelled }: ChosenDate): Field<string> {
  return {
    value: iso,
    raw,
    confidence: round(confidence),
    page: line.page,
    polygon: line.polygon,
    source: isLabelled ? 'label' : 'position',
  }
}

/** A thousandth is more than an engine knows. */
function round(confidence: number): number {
  return Math.round(confidence * 1000) / 1000
}

/** The amount with a label, preferring one that is smaller than the total, as a part of it must be. */
function labelled(rows: readonly Row[], label: Row['label'], total: ChosenTotal | undefined): Row | undefined {
  const found = rows.filter((row) => row.label === label && row.amount !== undefined && row.amount.hundredths >= 0)
  const fits = found.filter(({ amount }) => total === undefined || (amount?.hundredths ?? 0) <= total.hundredths)
  // A tax of nothing beside a tax of something is the row of goods without tax.
  return fits.find(({ amount }) => (amount?.hundredths ?? 0) > 0) ?? fits[0]
}
