/** Reads strips with the recogniser network: in batches of like widths, so that little is read that is only padding. */
import { type Alphabet, type Character, decodeCharacters } from './characters.ts'
import type { Network } from './models.ts'
import { type Strip, stripHeight } from './strip.ts'

/** What was read of a strip; `steps` is how many places its characters' `from` and `to` count over the whole strip. */
export type StripText = { readonly characters: readonly Character[]; readonly steps: number }

/** A batch has at most this many columns in all, which bounds the memory of the network. */
const columnsMax = 4096
/** A strip wider than this has more characters than a line of print. */
const widthMax = 3200

/** Reads all strips, in their order. `check` is asked before each batch and may throw. */
export async function recognizeStrips(
  strips: readonly Strip[],
  recognizer: Network,
  alphabet: Alphabet,
  check: () => void,
): Promise<StripText[]> {
  const texts = new Map<number, StripText>()
  const byWidth = strips.map((strip, index) => ({ strip, index })).toSorted((a, b) => a.strip.width - b.strip.width)
  for (let start = 0; start < byWidth.length;) {
    let count = 1
    while (
      start + count < byWidth.length &&
      (count + 1) * padded(byWidth[start + count]?.strip.width ?? 0) <= columnsMax
    )
      count++
    check()
    const batch = byWidth.slice(start, start + count)
    const read = await recognizeBatch(
      batch.map(({ strip }) => strip),
      recognizer,
      alphabet,
    )
    for (const [place, { index }] of batch.entries()) {
      const text = read[place]
      if (text !== undefined) texts.set(index, text)
    }
    start += count
  }
  return strips.map((_, index) => texts.get(index) ?? { characters: [], steps: 1 })
}

/** Steps are eight columns; a little paper at the end lets the last character end. */
function padded(width: number): number {
  return Math.max(64, Math.ceil((Math.min(width, widthMax) + 8) / 32) * 32)
}

async function recognizeBatch(strips: readonly Strip[], recognizer: Network, alphabet: Alphabet): Promise<StripText[]> {
  const width = padded(Math.max(...strips.map((strip) => strip.width)))
  const plane = width * stripHeight
  const input = new Float32Array(strips.length * 3 * plane)
  for (const [index, strip] of strips.entries()) {
    const columns = Math.min(strip.width, width)
    for (let channel = 0; channel < 3; channel++) {
      const offset = (index * 3 + channel) * plane
      for (let row = 0; row < stripHeight; row++) {
        for (let column = 0; column < columns; column++) {
          input[offset + row * width + column] =
            (strip.data[(row * strip.width + column) * 3 + channel] ?? 0) / 127.5 - 1
        }
      }
    }
  }
  const { data, shape } = await recognizer.run({ data: input, shape: [strips.length, 3, stripHeight, width] })
  const [, steps = 0, classes = 0] = shape
  return strips.map((strip, index) => {
    const table = { steps, classes, data: data.subarray(index * steps * classes, (index + 1) * steps * classes) }
    return { characters: decodeCharacters(table, alphabet), steps: (steps * strip.width) / width }
  })
}
