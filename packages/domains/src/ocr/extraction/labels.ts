/**
 * What the words of a line say about its amount. A table of phrases in the languages of the receipts that people meet
 * first; letters that were misread by one are forgiven in longer words. Pure.
 */

/** What an amount is. */
export type Label =
  | 'grand-total'
  | 'total'
  | 'subtotal'
  | 'tax'
  | 'paid'
  | 'change'
  | 'rounding'
  | 'discount'
  | 'charge'
  | 'count'

/** The first phrase that is found decides, so the narrower ones stand first. */
const phrases: readonly (readonly [Label, RegExp])[] = [
  ['subtotal', /\bsub ?-?total(s|e)?\b/],
  [
    'grand-total',
    /\b(total|ttl|amount|amt|sum)\b.*\b(aft|after|atf|with) (rnd|round|rounding)\b|\brounded (total|amount)\b|\b(total|amount|sum) rounded\b/,
  ],
  [
    'count',
    /\b(total|tot|no|number) ?(of )?(qty|quantity|item|items|pcs|unit|units|article|articles|point|points|artikel|stueck|kuantiti)\b|\b(item|qty|quantity) ?(total|count)\b|\b(points?|stamps?|miles)\b/,
  ],
  [
    'discount',
    /\b(total )?(discount|disc|saving|savings|saved|rabatt|remise|descuento|sconto|korting|desconto|diskaun|voucher|coupon|promo)\b/,
  ],
  [
    'rounding',
    /\b(round(ing|ed|s)?|rnd(ing)?|rundung|arrondi|redondeo|arrotondamento|afronding|pembundaran|penggenapan)\b(?! total)/,
  ],
  [
    'change',
    /\b(change|changes|rueckgeld|zurueck|rendu|cambio|vuelto|resto|wisselgeld|troco|baki|kembali(an)?|reszta|wechselgeld)\b/,
  ],
  [
    'grand-total',
    /\b(total|amount|jumlah|sales)\b.*\b(incl|include|includes|included|inclusive|inci|including|inc|ttc|inkl|iva incl|after (tax|gst|rounding|discount)|with (tax|gst|vat))\b/,
  ],
  [
    'subtotal',
    /\bsub ?-?total(s|e)?\b|\b(zwischensumme|sous ?total|subtotaal|tussentotaal)\b|\btotal\b.*\b(excl|excluding|exclusive|before|ht|without|w\/o|exc|ex|net of|taxable|sans)\b|\b(amount|amt|sales|value)\b.*\b(excl|excluding|exclusive|before|exc)\b|\b(taxable|netto|nettobetrag|base imponible|imponibile|montant ht|net amount excl|item total)\b/,
  ],
  [
    'count',
    /\btotal\b.*\b(gst|tax|vat|sst|service tax|tva|mwst|iva)\b(?!.*\b(payable|due|amount due|rm|sales)\b)(?=.*\b(amt|summary|code|amount)\b)/,
  ],
  [
    'tax',
    /\b(total|amount|amt)? ?(gst|vat|tax|sst|hst|pst|qst|tva|mwst|mwst|ust|iva|btw|moms|igst|cgst|sgst|cukai|ppn|tps|tvq|taxes|umsatzsteuer|mehrwertsteuer)\b/,
  ],
  [
    'charge',
    /\b(service (charge|chg|chrg)|svc (charge|chg)|tip|gratuity|delivery|shipping|deposit|servicio|servizio|trinkgeld)\b/,
  ],
  [
    'grand-total',
    /\b(grand|final|nett?|rounded|invoice|bill|order|overall|due) ?(total|amount|amt)\b|\b(total|amount|amt|balance|sum|to) ?(due|payable|to pay|pay|owed|rounded|sales|amount|amt|rm|bill|ttc|a pagar|a payer|general|eur|chf|usd|final|payment)\b|\b(zu zahlen|gesamtbetrag|gesamtsumme|endbetrag|rechnungsbetrag|net a payer|montant total|importe total|total a pagar|totale complessivo|importo totale|da pagare|te betalen|totaalbedrag|jumlah (besar|bayaran|perlu dibayar)|nett|valor total|a pagar|a payer|do zaplaty)\b/,
  ],
  [
    'total',
    /\b(total|totals|totale|totaal|summe|suma|gesamt|razem|jumlah|jml|summa|totalt|toplam|celkem|betrag|importe|montant|importo|ttl|tot)\b/,
  ],
  [
    'paid',
    /\b(cash|tender(ed)?|paid|visa|master ?card|master|card|debit|credit|amex|maestro|girocard|bar|gegeben|especes|efectivo|contanti|contant|pin|bayar(an)?|tunai|payment|received|carte|cb|karte|ec|tarjeta|bancontact|dinheiro|gotowka|kontant|amount tendered|apple pay|google pay|ewallet|e-wallet|paywave)\b/,
  ],
]

/** Words that are worth repairing when one letter was misread. */
const vocabulary = [
  'charge',
  'total',
  'subtotal',
  'amount',
  'payable',
  'balance',
  'change',
  'rounding',
  'discount',
  'inclusive',
  'excluding',
  'including',
  'tender',
  'summe',
  'betrag',
  'rounded',
  'summary',
  'jumlah',
  'grand',
  'sales',
  'invoice',
  'payment',
]

/** Says what the amount of a line is, or undefined if its words say nothing. */
export function labelOf(text: string): Label | undefined {
  // "Total 6% supplies" is the part of the total that is taxed so.
  if (/\btotal\s*@?\s*\d{1,2}(?:[.,]\d+)?\s?%/i.test(text)) return 'subtotal'
  const plain = plainWords(text)
  return phrases.find(([, phrase]) => phrase.test(plain))?.[0]
}

/** Lower case without accents and signs, words that were run together parted, misread words repaired. */
export function plainWords(text: string): string {
  return (
    text
      .toLowerCase()
      .replaceAll('ü', 'ue')
      .replaceAll('ß', 'ss')
      .normalize('NFD')
      .replace(/\p{M}/gu, '')
      .replace(/[^\p{L}\p{N}/]+/gu, ' ')
      // The space between two words of a label is lost easily.
      .replace(/\b(grand|sub|net|nett|final|cash)(total)/g, '$1 $2')
      .replace(
        /\b(total)(?=(sales|amount|amt|due|payable|incl|excl|qty|gst|item|items|rm|eur|tax|discount|rounded))/g,
        '$1 ',
      )
      .replace(/\b(rounding|amount|balance|sales)(?=(adj|due|payable|paid|incl|excl|tax))/g, '$1 ')
      .replace(/\b(service|gst|tax|round)(?=(charge|tax|amt|amount|adj|summary|code))/g, '$1 ')
      .replace(/\b(incl|excl|inclusive|exclusive|excluding|including)(?=(of|gst|tax|vat))/g, '$1 ')
      .split(' ')
      .map(repairWord)
      .join(' ')
      .trim()
  )
}

function repairWord(word: string): string {
  if (/^\d+$/.test(word)) return word
  const letters = word.replaceAll('0', 'o').replaceAll('1', 'l').replaceAll('5', 's').replaceAll('8', 'b')
  if (letters.length < 5) return /\d/.test(word) ? word : letters
  if (vocabulary.includes(letters)) return letters
  return vocabulary.find((known) => isNear(letters, known)) ?? (/\d/.test(word) ? word : letters)
}

/** True if one letter at most is another, missing or too much. */
function isNear(word: string, known: string): boolean {
  if (Math.abs(word.length - known.length) > 1) return false
  let start = 0
  while (start < word.length && start < known.length && word[start] === known[start]) start++
  let end = 0
  while (end < word.length - start && end < known.length - start && word.at(-1 - end) === known.at(-1 - end)) end++
  return Math.max(word.length, known.length) - start - end <= 1
}

/** True for the headings of the table that sums up taxes behind the total: its sums are not the document's. */
export function isTaxSummary(text: string): boolean {
  return /\b(gst|tax|vat|sst|tva|mwst|iva)\b.*\b(summary|analysis|summa|rate|code|breakdown|details)\b|\bsummary\b.*\b(gst|tax|vat)\b|\b(steuer|mwst|tva|taux|iva)\b.*\b(netto|brutto|ht|base)\b|\b(netto|ht|base|brutto)\b.*\b(steuer|mwst|tva)\b/.test(
    plainWords(text),
  )
}
