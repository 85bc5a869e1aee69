import { expect, it } from 'vitest'
import { findAmounts } from './amounts.ts'

const hundredths = (line: string): number[] => findAmounts(line).map((amount) => amount.hundredths)

it.each([
  ['Total 12.50', [1250]],
  ['Summe EUR 1.234,56', [123_456]],
  ['TOTAL 1,234.56', [123_456]],
  ['Montant 1 234,56', [123_456]],
  ["CHF 1'234.50", [123_450]],
  ['RM45', [4500]],
  ['£ 7', [700]],
  ['2 x 3.00 6.00', [300, 600]],
  ['TOT QTY: 3 248.04', [24_804]],
  ['Discount -1.50', [-150]],
  ['RND ADJ 0.02-', [-2]],
  ['Refund (5.00)', [-500]],
  ['7,60 €', [760]],
])('reads the amounts of "%s"', (line, expected) => {
  expect(hundredths(line)).toEqual(expected)
})

it.each([
  'VAT 20%',
  'GST 6.00%',
  '23.08.2025',
  'Tel 03-6263.6977',
  'Weight 1.25 kg',
  'Item 9555339300051',
  'Table 12',
  'Version 1.2.34',
  'Time 14:35',
])('finds no amount in "%s"', (line) => {
  expect(hundredths(line)).toEqual([])
})

it('repairs letters that stand where only digits can', () => {
  expect(hundredths('TOTAL 1O.5O')).toEqual([1050])
  expect(hundredths('CHANGE O.20')).toEqual([20])
  expect(hundredths('TOTAL 12 .50')).toEqual([1250])
})

it('refuses numbers that no receipt can hold', () => {
  expect(hundredths('RM 99999999999999999999.00')).toEqual([])
})
