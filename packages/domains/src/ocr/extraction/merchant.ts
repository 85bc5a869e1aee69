/** Who sold it: the first lines of a document, without what else stands there. Pure. */
import { findAmounts } from './amounts.ts'
import { findDates } from './dates.ts'
import type { TextLine } from './text-line.ts'

/** The name, and the line that it begins on. */
export type FoundMerchant = { readonly name: string; readonly line: TextLine; readonly certainty: number }

/** Forms of companies end a name. */
const company =
  /\b(?:SDN\.?\s?BHD\.?|SDNBHD|BHD|PTE\.?\s?LTD|PTY\.?\s?LTD|LTD|LIMITED|LLC|INC|CORP|PLC|GMBH(?: & CO\.? KG)?|AG|KG|OHG|E\.?K\.?|SARL|S\.?A\.?S?|S\.?R\.?L|S\.?P\.?A|B\.?V|N\.?V|OY|AB|APS|A\/S|ENTERPRISE|TRADING|HOLDINGS?|COMPANY|CO)\b\.?/i
const trade =
  /\b(?:RESTAURANT|RESTORAN|CAFE|KAFE|BAKERY|BAKERIES|KOPITIAM|MARKET|SUPERMARKET|HYPERMARKET|STORE|SHOP|MART|PHARMACY|FARMASI|HOTEL|STATIONERY|HARDWARE|PETROL|SERVICES?|STATION|CLINIC|SALON|KEDAI|BOOKSTORE|ELECTRICAL|MACHINERY)\b/i
const address =
  /\b(?:JALAN|JLN|JIN|LOT|NO\.?\s?\d|STREET|ST\.|ROAD|RD|AVENUE|AVE|LORONG|TAMAN|FLOOR|LEVEL|BLOCK|BLK|STRASSE|STR\.|RUE|VIA|CALLE|BATU|SUITE|UNIT|PLAZA|PERSIARAN|BANDAR|KAMPUNG)\b|\b\d{5}\b/i
const noise =
  /\b(?:TAX INVOICE|INVOICE|RECEIPT|RESIT|CASH (?:BILL|SALES?)|WELCOME|THANK|TEL|FAX|PHONE|HP|GST|VAT|SST|REG|ROC|CO\.? NO|EMAIL|WWW|HTTP|DATE|TIME|TABLE|CASHIER|BILL TO|COPY|DUPLICATE|ORDER|SALES PERSON|TERMINAL|ATTN|TO|PAGE|ORIGINAL|RECHNUNG|FACTURE|FACTURA|BON|QUITTUNG|KASSENBON|SCONTRINO|OPENING HOURS?)\b|TAXINVOICE|@|\.COM\b/i

/** How many lines may hold the name. */
const headLines = 10

/** Finds the name in the head of the first page. */
export function findMerchant(lines: readonly TextLine[]): FoundMerchant | undefined {
  const head = lines.filter(({ page }) => page === 0).slice(0, headLines)
  let best: { readonly line: TextLine; readonly points: number } | undefined
  for (const [place, line] of head.entries()) {
    const points = pointsOf(line, place)
    if (points !== undefined && (best === undefined || points > best.points)) best = { line, points }
  }
  if (best === undefined) return undefined
  const { line, points } = best
  return {
    name: tidyName(withNext(line, lines[line.index + 1])),
    line,
    certainty: Math.min(0.95, 0.45 + points * 0.09),
  }
}

function pointsOf({ text, size, confidence }: TextLine, place: number): number | undefined {
  const letters = text.replaceAll(/[^\p{L}]/gu, '').length
  if (letters < 3 || confidence < 0.55) return undefined
  if (findDates(text, true).length > 0 || findAmounts(text).length > 0) return undefined
  if (letters * 2 < text.replaceAll(/\s/g, '').length) return undefined
  let points = 3 - place * 0.45
  if (company.test(text)) points += 3
  else if (trade.test(text)) points += 1
  if (noise.test(text)) points -= 4
  if (address.test(text)) points -= company.test(text) ? 0.5 : 3
  points += Math.min(2, Math.max(0, size - 1) * 2)
  return points
}

/** A name that goes on below: "HOME'S HARMONY" and "SDN BHD". */
function withNext(line: TextLine, next: TextLine | undefined): string {
  if (next === undefined || company.test(line.text)) return line.text
  const rest = next.text.trim()
  return new RegExp(`^(?:\\(M\\) ?)?${company.source}$`, 'i').test(rest) ? `${line.text} ${rest}` : line.text
}

/** Without the number of the register behind the name, and without signs around it. */
function tidyName(text: string): string {
  return text
    .replace(
      /\s*[([]\s*(?:co\.?\s*(?:no|reg)?\.?:?\s*)?(?:\d[\d\s]{3,}[-–]?\s*[A-Z0-9]?|[A-Z]{2}\d{5,}[-–]?[A-Z]?)\s*[)\]]?.*$/i,
      '',
    )
    .replace(/\s+(?:\d{5,}\s*[-–]\s*[A-Z])\)?$/i, '')
    .replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}.)]+$/gu, '')
    .trim()
}
