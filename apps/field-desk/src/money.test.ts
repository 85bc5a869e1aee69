import { expect, it } from 'vitest'
import { formatCents, shareOfCents } from './money.ts'

it('writes cents as money, without losing one', () => {
  expect(formatCents(0)).toBe('€0.00')
  expect(formatCents(1250)).toBe('€12.50')
  expect(formatCents(123_456_789)).toBe('€1,234,567.89')
})

it('takes a share in whole cents, halves away from zero', () => {
  expect(shareOfCents(1000, 900)).toBe(90)
  expect(shareOfCents(50, 900)).toBe(5)
  expect(shareOfCents(-50, 900)).toBe(-5)
  expect(shareOfCents(0, 900)).toBe(0)
})
