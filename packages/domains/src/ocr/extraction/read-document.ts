/**
 * What a document says: fields with where each was read and how sure that is. Money is in whole minor units, dates are
 * ISO days. A field that was not found is absent; one that is not certain has a reason for review beside it.
 */
import type { Polygon } from '../engine/ocr-engine.ts'

/** Money in minor units of its currency (cents; whole yen), and the ISO 4217 code, or null if nothing on the page says it. */
export type Money = { readonly minor: number; readonly currency: string | null }

/** How a value was found: beside its label, proved by other amounts, or only by where it stands. */
export type Source = 'label' | 'arithmetic' | 'position'

/** A value as it was read. */
export type Field<Value> = {
  readonly value: Value
  /** The text that it was read from. */
  readonly raw: string
  /** 0 to 1. */
  readonly confidence: number
  /** The page, counted from 0. */
  readonly page: number
  readonly polygon: Polygon
  readonly source: Source
}

/** One thing that was bought. */
export type LineItem = {
  readonly description: string
  readonly quantity: number | null
  readonly amount: Money
  readonly confidence: number
  readonly page: number
  readonly polygon: Polygon
}

/** The fields, each only if it was found. */
export type DocumentFields = {
  readonly merchantName?: Field<string>
  /** An ISO day. */
  readonly transactionDate?: Field<string>
  readonly total?: Field<Money>
  readonly subtotal?: Field<Money>
  readonly tax?: Field<Money>
  /** An ISO 4217 code. */
  readonly currency?: Field<string>
  readonly invoiceNumber?: Field<string>
  readonly dueDate?: Field<string>
}

/** Why a person should look. */
export type ReviewReason = {
  readonly field: keyof DocumentFields | 'lineItems' | 'text'
  readonly code: 'missing' | 'uncertain' | 'ambiguous' | 'contradiction'
  /** A sentence for people. */
  readonly detail: string
}

/** What was read of a document. */
export type ReadDocument = {
  readonly fields: DocumentFields
  readonly lineItems: readonly LineItem[]
  readonly needsReview: boolean
  readonly reasons: readonly ReviewReason[]
}
