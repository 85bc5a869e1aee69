// The library carries any write and knows of none: words of a trade belong to domains/ and apps/. The rule reads code,
// tests, documents and comments alike, and takes names apart: `paymentDoor` and `OCR_ENABLED` are words too.
import { type Finding, packageNames, type Project, workspaceOf } from './project.ts'

/** The words of trades, in the singular. `order` is not among them: it is a general word here ("in order"). */
const domainWords = new Set([
  'appointment',
  'barcode',
  'cart',
  'cashier',
  'gratuity',
  'invoice',
  'merchant',
  'ocr',
  'payment',
  'receipt',
  'restaurant',
  'salon',
  'technician',
  'vehicle',
])

/** The general packages: all but the domain packs. */
const general = new Set(packageNames.filter((name) => name !== 'domains').map((name) => `packages/${name}`))

/** Finds words of a trade in the general packages. */
export function checkDomainWords(project: Project): Finding[] {
  const findings: Finding[] = []
  for (const [path, text] of project.texts) {
    if (!general.has(workspaceOf(path))) continue
    for (const [index, line] of text.split('\n').entries()) {
      const found = words(line).find((word) => domainWords.has(word.replace(/s$/, '')))
      if (found === undefined) continue
      findings.push({
        path,
        line: index + 1,
        message: `"${found}" is a word of a trade: it belongs to domains or apps`,
      })
    }
  }
  return findings
}

/** The words of a line, in lower case: names in camel, pascal, snake and upper case are taken apart. */
function words(line: string): string[] {
  return (line.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+/g) ?? []).map((word) => word.toLowerCase())
}
