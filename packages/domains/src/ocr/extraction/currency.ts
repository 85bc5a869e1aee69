/** The currency of a document: by its sign or code, else by what its country prints. Pure. */
import type { TextLine } from './text-line.ts'

/** A currency, and where it was seen. `isPrinted` is false when only the country tells it. */
export type FoundCurrency = {
  readonly code: string
  readonly raw: string
  readonly line: TextLine
  readonly isPrinted: boolean
}

/** Signs and codes that mean one currency only. */
const printed: readonly (readonly [string, RegExp])[] = [
  ['MYR', /\bRM(?=\b|\d)|\bMYR\b|\(RM\)/],
  ['SGD', /\bSGD\b|S\$\s?\d/],
  ['AUD', /\bAUD\b|A\$\s?\d/],
  ['CAD', /\bCAD\b|C(?:A|DN)?\$\s?\d/],
  ['NZD', /\bNZD\b|NZ\$/],
  ['HKD', /\bHKD\b|HK\$/],
  ['USD', /\bUSD\b|\bUS\$/],
  ['BRL', /\bBRL\b|\bR\$/],
  ['GBP', /\bGBP\b|£/],
  ['EUR', /\bEUR\b|€/],
  ['CHF', /\bCHF\b|\bSFr\b/],
  ['INR', /\bINR\b|₹|\bRs\.?\s?\d/],
  ['IDR', /\bIDR\b|\bRp\.?\s?\d/],
  ['JPY', /\bJPY\b|円/],
  ['CNY', /\bCNY\b|\bRMB\b|元/],
  ['THB', /\bTHB\b|฿/],
  ['PHP', /\bPHP\b|₱/],
  ['VND', /\bVND\b|₫/],
  ['KRW', /\bKRW\b|₩/],
  ['SEK', /\bSEK\b/],
  ['NOK', /\bNOK\b/],
  ['DKK', /\bDKK\b/],
  ['PLN', /\bPLN\b|\d\s?zł/],
  ['ZAR', /\bZAR\b/],
  ['AED', /\bAED\b|\bDhs?\.?\s?\d/],
  ['MXN', /\bMXN\b/],
]

/** What only one country's documents carry: forms of companies, names and numbers of its taxes, places. */
const countries: readonly (readonly [string, RegExp])[] = [
  ['MYR', /\bSDN\.?\s?BHD|\bKUALA LUMPUR\b|\bSELANGOR\b|\bJOHOR\b|\bMALAYSIA\b|\bPENANG\b|\bSST ID\b/i],
  ['SGD', /\bPTE\.?\s?LTD|\bSINGAPORE\b/i],
  ['AUD', /\bABN\b|\bPTY\.?\s?LTD|\bAUSTRALIA\b/i],
  ['CAD', /\b(?:HST|PST|QST|TVQ|TPS)\b|\bCANADA\b/],
  ['NZD', /\bNEW ZEALAND\b|\bGST NO\b.*\bNZ\b/i],
  ['GBP', /\bVAT (?:REG|NO|NUMBER)\b.*\bGB\b|\bGB ?\d{9}\b|\bUNITED KINGDOM\b|\bLONDON\b/i],
  ['EUR', /\b(?:GMBH|MWST|UST-?ID|USt|SIRET|TVA|S\.?R\.?L|PARTITA IVA|P\.?\s?IVA|IVA|BTW|NIF|CIF)\b/i],
  ['INR', /\b(?:GSTIN|CGST|SGST|IGST)\b/i],
  ['IDR', /\bINDONESIA\b|\bJAKARTA\b|\bPPN\b/i],
  ['USD', /\bSALES TAX\b|\b[A-Z]{2},? \d{5}(?:-\d{4})?\b(?!\d)|\bUSA\b/],
]

/** Finds the currency that is printed most often, else the one of the country. */
export function findCurrency(lines: readonly TextLine[]): FoundCurrency | undefined {
  const byPrint = most(lines, printed)
  if (byPrint !== undefined) return { ...byPrint, isPrinted: true }
  const country = most(lines, countries)
  const dollar = lines.find(({ text }) => /\$\s?\d/.test(text))
  if (dollar !== undefined) {
    const isOfDollars = country !== undefined && ['SGD', 'AUD', 'CAD', 'NZD', 'USD'].includes(country.code)
    // A bare $ beside another country's marks is a misread letter.
    if (country === undefined || isOfDollars) {
      return { code: country?.code ?? 'USD', raw: '$', line: dollar, isPrinted: country !== undefined }
    }
  }
  return country === undefined ? undefined : { ...country, isPrinted: false }
}

function most(
  lines: readonly TextLine[],
  table: readonly (readonly [string, RegExp])[],
): Omit<FoundCurrency, 'isPrinted'> | undefined {
  let best: (Omit<FoundCurrency, 'isPrinted'> & { readonly count: number }) | undefined
  for (const [code, sign] of table) {
    const hits = lines.filter(({ text }) => sign.test(text))
    const [line] = hits
    if (line === undefined || (best !== undefined && hits.length <= best.count)) continue
    best = { code, raw: sign.exec(line.text)?.[0].trim() ?? code, line, count: hits.length }
  }
  return best
}

const withoutDecimals = new Set(['JPY', 'KRW', 'VND', 'CLP', 'IDR', 'HUF', 'ISK', 'PYG', 'UGX', 'XAF', 'XOF'])

/** How many decimals amounts of a currency have on paper and in ISO 4217, of those known here. */
export function decimalsOf(code: string | null): number {
  // ISO 4217 gives the rupiah and the forint two decimals, which nobody prints.
  if (code === 'IDR' || code === 'HUF') return 2
  return code !== null && withoutDecimals.has(code) ? 0 : 2
}

/** Hundredths as minor units of a currency. */
export function toMinor(hundredths: number, code: string | null): number {
  return decimalsOf(code) === 0 ? Math.round(hundredths / 100) : hundredths
}

/** The order in which a currency's countries write the numbers of a date. */
export function dateOrderOf(code: string | undefined): 'day-first' | 'month-first' | undefined {
  if (code === undefined) return undefined
  // Canada writes both.
  if (code === 'CAD') return undefined
  return code === 'USD' || code === 'PHP' ? 'month-first' : 'day-first'
}
