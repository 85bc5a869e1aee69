import { expect, it } from 'vitest'
import { type Alphabet, decodeCharacters, readAlphabet, type Table } from './characters.ts'

const alphabet = readAlphabet('a\nb\n本')

/** A table from what is likeliest at each step, with how likely the space is beside it. */
function tableOf(steps: readonly [text: string, space?: number][], { characters }: Alphabet = alphabet): Table {
  const classes = characters.length
  const data = new Float32Array(steps.length * classes)
  for (const [step, [text, space]] of steps.entries()) {
    data[step * classes + classes - 1] = space ?? 0
    data[step * classes + characters.indexOf(text)] = 0.9
  }
  return { steps: steps.length, classes, data }
}

const textOf = (table: Table): string =>
  decodeCharacters(table, alphabet)
    .map(({ text }) => text)
    .join('')

it('puts the blank before the characters and the space behind them, with and without a break at the end', () => {
  expect(alphabet.characters).toEqual(['', 'a', 'b', '本', ' '])
  expect(readAlphabet('a\nb\n本\n').characters).toEqual(['', 'a', 'b', '本', ' '])
})

it('drops repeats and blanks, and keeps doubles with a blank between', () => {
  expect(textOf(tableOf([['a'], ['a'], [''], ['b'], [''], ['b']]))).toBe('abb')
})

it('says where a character begins and ends', () => {
  expect(decodeCharacters(tableOf([[''], ['a'], ['a'], ['b']]), alphabet)).toMatchObject([
    { text: 'a', from: 1, to: 2 },
    { text: 'b', from: 3, to: 3 },
  ])
})

it('remembers how likely a space was, read or not', () => {
  expect(decodeCharacters(tableOf([['a'], ['', 0.25], ['b'], [' '], ['a']]), alphabet)).toMatchObject([
    { text: 'a', spaceAfter: 0.25 },
    { text: 'b', spaceAfter: 1 },
    { text: 'a', spaceAfter: 0 },
  ])
})

it('reads a stray Chinese character in a Latin line as the Latin one below it', () => {
  const table = tableOf([['a'], ['b'], ['本'], ['a']])
  table.data[2 * table.classes + 2] = 0.3
  expect(textOf(table)).toBe('aba')
})

it('leaves a Chinese line as it is', () => {
  expect(textOf(tableOf([['本'], [''], ['本'], ['a']]))).toBe('本本a')
})
