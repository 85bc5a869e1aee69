import { expect, it } from 'vitest'
import { labelOf } from './labels.ts'

it.each([
  ['TOTAL', 'total'],
  ['T0TAL 12.00', 'total'],
  ['Tolal', 'total'],
  ['Sub-Total', 'subtotal'],
  ['SUBTOTAL 12.00', 'subtotal'],
  ['Total (Excl. GST)', 'subtotal'],
  ['Total 6% supplies', 'subtotal'],
  ['Zwischensumme', 'subtotal'],
  ['Grand Total', 'grand-total'],
  ['GrandTotal', 'grand-total'],
  ['Total Amount Payable', 'grand-total'],
  ['TotalDue', 'grand-total'],
  ['Total Sales (Inclusive of GST)', 'grand-total'],
  ['Zu zahlen', 'grand-total'],
  ['NET A PAYER', 'grand-total'],
  ['Summe', 'total'],
  ['Total Qty 3', 'count'],
  ['No. of items: 4', 'count'],
  ['Total Discount', 'discount'],
  ['Rounding Adj', 'rounding'],
  ['Rückgeld', 'change'],
  ['CHANGE', 'change'],
  ['CASH', 'paid'],
  ['Visa 1234', 'paid'],
  ['GST 6%', 'tax'],
  ['MwSt 19%', 'tax'],
  ['Service Charge 10%', 'charge'],
  ['Paint brush', undefined],
  ['Metal hook', undefined],
])('takes "%s" for %s', (text, label) => {
  expect(labelOf(text)).toBe(label)
})
