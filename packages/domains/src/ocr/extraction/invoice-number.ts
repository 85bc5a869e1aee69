/** The number of an invoice: what stands behind its label, with at least two digits in it. Pure. */
import type { TextLine } from './text-line.ts'

/** The number, as printed. */
export type FoundNumber = { readonly number: string; readonly raw: string; readonly line: TextLine }

const label =
  /\b(?:(?:tax\s*)?inv(?:oice)?|bill|receipt|rcpt|doc(?:ument)?|slip|rechnungs?|rechnung|beleg|facture|factura|fattura|faktura|resit|trans(?:action)?|order|check|chk)\s*-?(?:no|num(?:ber|mer)?|nr|n°|nº|#|id|numero|núm)?\s*[.:#°º]*\s*[:#]?\s*/i
const strict =
  /\b(?:(?:tax\s*)?inv(?:oice)?|rechnungs?|facture|factura|fattura|faktura)\s*-?\s*(?:no|num(?:ber|mer)?|nr|n°|nº|#|id|numero|núm)\s*[.:#°º]*\s*/i
const token = /^[:#\s]*([A-Z0-9][A-Z0-9/_.-]*\d[A-Z0-9/_-]*|\d{2,})/i

/** Finds it; the labels of invoices go before those of receipts and orders. */
export function findInvoiceNumber(lines: readonly TextLine[]): FoundNumber | undefined {
  for (const rule of [strict, label]) {
    for (const line of lines) {
      const match = rule.exec(line.text)
      if (match === null) continue
      const raw = token.exec(line.text.slice(match.index + match[0].length))?.[1]
      if (raw === undefined || raw.replaceAll(/\D/g, '').length < 2) continue
      // A date behind "Invoice" is the invoice's date.
      if (/^\d{1,4}[/.-]\d{1,2}[/.-]\d{2,4}$/.test(raw)) continue
      return { number: raw.replace(/[.-]+$/, ''), raw, line }
    }
  }
  return undefined
}
