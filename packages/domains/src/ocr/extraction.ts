/** The public face of extraction: from lines of text, whoever read them, to fields. Pure. */
export { decimalsOf } from './extraction/currency.ts'
export { type ExtractionContext, extractDocument } from './extraction/extract.ts'
export type {
  DocumentFields,
  Field,
  LineItem,
  Money,
  ReadDocument,
  ReviewReason,
  Source,
} from './extraction/read-document.ts'
