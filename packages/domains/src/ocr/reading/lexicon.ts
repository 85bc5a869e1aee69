/**
 * Where the recogniser was in doubt between two characters, and one of them makes a word that receipts are full of, it
 * was that one. Only characters that the model itself thought of are tried, so no word is made of nothing. Pure.
 */
import type { Character } from './characters.ts'

/** What the model thought of instead must have been this likely. */
const likelyMin = 0.01
/** A character that was read with more certainty than this stays. */
const certain = 0.97

/** Words of receipts in English and Malay; names and goods are not among them. */
const words: ReadonlySet<string> = new Set(
  (
    'account adjustment adj allowed amount amt approved auth balance bayar bhd bill bread break building by cash cashier change charge charges check claims code ' +
    'company contact copy counter credit customer customers date debit delivery description desc discount document due email enquiry enterprise ' +
    'exchange excluding excl excluded exclusive fax final floor goods gst incl included including inclusive inv invoice item items jalan jumlah lot ' +
    'mobile net nett no number order original our outlet owned paid payable payment please points price product qty quantity receipt received ref ' +
    'refund refundable reg remarks restaurant returnable road round rounding sale sales sales salesperson sdn section served service shop sold street ' +
    'subtotal sub summary supplies table taman tax tel tender tendered terminal thank time total unit user vat visit visa welcome within without you your ' +
    'again come for from have keep not are is of on or our the this to us with day days with proof purchase goods exchangeable date'
  ).split(' '),
)

/** Repairs a word by the model's own second thoughts, or returns it as it was read. */
export function repairWord(characters: readonly Character[]): string {
  const read = characters.map(({ text }) => text).join('')
  if (read.length < 3 || isKnown(read)) return read
  for (const [index, { confidence, others }] of characters.entries()) {
    if (confidence > certain) continue
    for (const { text, likelihood } of others) {
      if (likelihood < likelyMin) continue
      const candidate = characters.map((each, at) => (at === index ? text : each.text)).join('')
      if (isKnown(candidate)) return candidate
    }
  }
  return read
}

/** Known in one case, without the signs around it. */
function isKnown(word: string): boolean {
  const bare = word.replaceAll(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, '')
  const isOneCase = bare === bare.toUpperCase() || bare.slice(1) === bare.slice(1).toLowerCase()
  return isOneCase && words.has(bare.toLowerCase())
}
