/**
 * From the recogniser's table (for each step along a strip, how likely each character is) to characters with their
 * places. Greedy CTC: the likeliest of each step, repeats and blanks dropped. Pure.
 *
 * The model knows some 6,600 characters, most of them Chinese. In a line of another script, a Chinese character is a
 * misreading of a smudge, so the line is read again with the Latin ones alone.
 */

/** A character, how sure the model is, and the steps that it covers. */
export type Character = {
  readonly text: string
  readonly confidence: number
  readonly from: number
  readonly to: number
  /** How likely the model held a space between this character and the next, even where something else was likelier. */
  readonly spaceAfter: number
  /** What else the model thought of at its surest step, the likeliest first. */
  readonly others: readonly { readonly text: string; readonly likelihood: number }[]
}

/** One strip's part of the table: rows of `classes` values. Class 0 is the blank, the last one the space. */
export type Table = { readonly steps: number; readonly classes: number; readonly data: Float32Array }

/** The characters of the model by class, and which of them are Latin. */
export type Alphabet = { readonly characters: readonly string[]; readonly latin: Int32Array }

/** Reads the model's dictionary: one character for each line, between the blank and the space. */
export function readAlphabet(dictionary: string): Alphabet {
  const characters = ['', ...dictionary.split(/\r?\n/), ' ']
  // A file that ends in a line break would otherwise move the space by one.
  if (characters.at(-2) === '') characters.splice(-2, 1)
  const latin = characters.flatMap((text, index) => (text === '' || isLatin(text) ? [index] : []))
  return { characters, latin: Int32Array.from(latin) }
}

/** Reads a strip. */
export function decodeCharacters(table: Table, alphabet: Alphabet): Character[] {
  const all = greedy(table, alphabet, undefined)
  const foreign = all.filter(({ text }) => !isLatin(text)).length
  if (foreign === 0 || foreign * 2 > all.length) return all
  return greedy(table, alphabet, alphabet.latin)
}

function greedy(table: Table, alphabet: Alphabet, only: Int32Array | undefined): Character[] {
  const { steps, classes, data } = table
  const { characters } = alphabet
  const found: Character[] = []
  let before = 0
  for (let step = 0; step < steps; step++) {
    const offset = step * classes
    let best = 0
    let likely = data[offset] ?? 0
    const count = only?.length ?? classes
    for (let index = 0; index < count; index++) {
      const candidate = only === undefined ? index : (only[index] ?? 0)
      const value = data[offset + candidate] ?? 0
      if (value > likely) [best, likely] = [candidate, value]
    }
    const text = characters[best] ?? ''
    if (best !== 0 && best !== classes - 1 && best === before) {
      const last = found.pop()
      if (last !== undefined) found.push({ ...last, to: step, confidence: Math.max(last.confidence, likely) })
    } else if (best !== 0 && text.trim() !== '') {
      found.push({
        text,
        confidence: likely,
        from: step,
        to: step,
        spaceAfter: 0,
        others: othersAt(table, alphabet, step, best, likely),
      })
    }
    before = best
    const last = found.at(-1)
    const space = best === classes - 1 ? 1 : (data[offset + classes - 1] ?? 0)
    if (last !== undefined && space > last.spaceAfter) found[found.length - 1] = { ...last, spaceAfter: space }
  }
  return found
}

/** Characters below this are not thought of, but left over. */
const thoughtMin = 0.01

function othersAt(
  { classes, data }: Table,
  { characters, latin }: Alphabet,
  step: number,
  best: number,
  likely: number,
): Character['others'] {
  if (likely > 1 - thoughtMin) return []
  const others: { text: string; likelihood: number }[] = []
  for (const candidate of latin) {
    const likelihood = data[step * classes + candidate] ?? 0
    const text = characters[candidate] ?? ''
    if (candidate !== best && likelihood >= thoughtMin && text.trim() !== '') others.push({ text, likelihood })
  }
  return others.toSorted((a, b) => b.likelihood - a.likelihood)
}

/** True for what receipts in Latin script are made of: letters, digits, signs, currencies. */
function isLatin(text: string): boolean {
  const code = text.codePointAt(0) ?? 0
  return (code >= 0x20 && code < 0x250) || (code >= 0x2010 && code <= 0x20bf)
}
