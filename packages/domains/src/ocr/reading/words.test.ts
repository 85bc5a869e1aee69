import { describe, expect, it } from 'vitest'
import type { Character } from './characters.ts'
import { repairWord } from './lexicon.ts'
import { repairLookAlikes } from './look-alikes.ts'
import { isSpace, splitWords } from './spaces.ts'
import { type Strip, stripHeight } from './strip.ts'

/** A strip with black bars, 24 pixels high, from column to column. */
function strip(width: number, bars: readonly [from: number, to: number][]): Strip {
  const data = new Uint8Array(width * stripHeight * 3).fill(255)
  for (const [from, to] of bars) {
    for (let row = 12; row < 36; row++) data.fill(0, (row * width + from) * 3, (row * width + to) * 3)
  }
  return { width, data }
}

const at = (text: string, step: number, spaceAfter: number): Character => ({
  text,
  confidence: 0.9,
  from: step,
  to: step,
  spaceAfter,
  others: [],
})
const texts = (words: Character[][]): string[] => words.map((word) => word.map(({ text }) => text).join(''))

it('parts words where the gap is wide and the model does not mind', () => {
  // Eight pixels for each step; a gap of 4 within a word, one of 20 between two.
  const picture = strip(96, [
    [10, 22],
    [26, 38],
    [58, 70],
    [74, 86],
  ])
  const characters = [at('a', 1, 0.001), at('b', 3, 0.01), at('c', 7, 0.001), at('d', 9, 0)]
  expect(texts(splitWords(characters, picture, 12))).toEqual(['ab', 'cd'])
})

it('believes a space that the model has read, without a gap', () => {
  const picture = strip(64, [[2, 62]])
  expect(texts(splitWords([at('a', 1, 1), at('b', 5, 0)], picture, 8))).toEqual(['a', 'b'])
})

it('keeps letters together that only stand far apart', () => {
  expect(isSpace(0.0001, 0.4)).toBe(false)
  expect(isSpace(0.03, 0.4)).toBe(true)
})

it('reads white on black', () => {
  const picture = strip(96, [
    [10, 22],
    [26, 38],
    [58, 70],
    [74, 86],
  ])
  const inverse = { ...picture, data: picture.data.map((value) => 255 - value) }
  const characters = [at('a', 1, 0.001), at('b', 3, 0.01), at('c', 7, 0.001), at('d', 9, 0)]
  expect(texts(splitWords(characters, inverse, 12))).toEqual(['ab', 'cd'])
})

it.each([
  ['N0', 'NO'],
  ['L0T', 'LOT'],
  ['INV0ICE', 'INVOICE'],
  ['t0tal', 'total'],
  ['432OO', '43200'],
  ['6.0O', '6.00'],
  ['R-20417', 'R-20417'],
  ['B02', 'B02'],
  ['TOTAL', 'TOTAL'],
  ['100', '100'],
  ['X00', 'X00'],
])('decides between nought and O by the neighbours: %s', (word, expected) => {
  expect(repairLookAlikes(word)).toBe(expected)
})

describe('a word that the model was in doubt of', () => {
  const letter = (text: string, confidence: number, others: Character['others'] = []): Character => ({
    ...at(text, 0, 0),
    confidence,
    others,
  })
  const word = (text: string, confidence: number, others: Character['others']): Character[] =>
    Array.from(text, (each, index) => (index === 0 ? letter(each, confidence, others) : letter(each, 0.99)))

  it('is the word of receipts that a second thought makes of it', () => {
    expect(repairWord(word('IAX', 0.6, [{ text: 'T', likelihood: 0.3 }]))).toBe('TAX')
    expect(
      repairWord(
        word('cate:', 0.6, [
          { text: 'x', likelihood: 0.2 },
          { text: 'd', likelihood: 0.1 },
        ]),
      ),
    ).toBe('date:')
  })

  it('stays where the model was sure, never thought of it, or knows no such word', () => {
    expect(repairWord(word('IAX', 0.99, [{ text: 'T', likelihood: 0.3 }]))).toBe('IAX')
    expect(repairWord(word('IAX', 0.6, [{ text: 'L', likelihood: 0.3 }]))).toBe('IAX')
    expect(repairWord(word('IAX', 0.6, [{ text: 'T', likelihood: 0.001 }]))).toBe('IAX')
    expect(repairWord(word('Zotal', 0.6, [{ text: 'T', likelihood: 0.3 }]))).toBe('Total')
    expect(repairWord(word('ZoTal', 0.6, [{ text: 'T', likelihood: 0.3 }]))).toBe('ZoTal')
  })
})
