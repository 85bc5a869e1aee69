import { expect, it } from 'vitest'
import { readSheet, sheet } from './sheet.fixture.ts'
import { extractDocument } from './extract.ts'

const till = `
GREEN VALLEY HARDWARE LTD
14 Mill Lane, Oakford
Tel: 01632 960 175
Date: 23/08/2025 Time: 14:35
Receipt No: R-20417
Paint brush 50mm £6.49
2 x Masking tape £7.98
Wood glue 250ml £5.25
Subtotal £16.43
VAT 20% £3.29
TOTAL £19.72
CASH £20.00
CHANGE £0.28
`

it('reads a till receipt without a doubt', () => {
  const { fields, lineItems, needsReview, reasons } = readSheet(till)
  expect(fields.merchantName?.value).toBe('GREEN VALLEY HARDWARE LTD')
  expect(fields.transactionDate?.value).toBe('2025-08-23')
  expect(fields.total).toMatchObject({
    value: { minor: 1972, currency: 'GBP' },
    raw: '£19.72',
    source: 'label',
    page: 0,
  })
  expect(fields.subtotal?.value.minor).toBe(1643)
  expect(fields.tax?.value.minor).toBe(329)
  expect(fields.invoiceNumber?.value).toBe('R-20417')
  expect(lineItems.map(({ description, quantity, amount }) => [description, quantity, amount.minor])).toEqual([
    ['Paint brush 50mm', null, 649],
    ['2 x Masking tape', 2, 798],
    ['Wood glue 250ml', null, 525],
  ])
  expect(reasons).toEqual([])
  expect(needsReview).toBe(false)
})

it('points to where a field stands', () => {
  const field = readSheet(till).fields.total
  expect(field?.polygon[0]).toEqual([0, 10 * 30])
})

it('takes the total after rounding', () => {
  const { fields } = readSheet(
    'A Shop Ltd\n01/02/2025\nSocket set 98.88\nTotal 98.88\nRounding 0.02\nTotal after rounding RM 98.90\nCash 100.00\nChange 1.10',
  )
  expect(fields.total?.value).toEqual({ minor: 9890, currency: 'MYR' })
})

it('does not take the sums of a tax table for the total', () => {
  const { fields } = readSheet(
    'A Shop Sdn Bhd\n15/02/2025\nSocket set 106.00\nTotal RM 106.00\nGST Summary Amount Tax\nSR 6% 100.00 6.00\nTotal 100.00 6.00',
  )
  expect(fields.total?.value.minor).toBe(10_600)
})

it('does not take what was paid, the change, or a number of things for the total', () => {
  const { fields } = readSheet('A Shop Ltd\n15/02/2025\nTotal items 3.00\nTotal 42.50\nCash 50.00\nChange 7.50')
  expect(fields.total?.value.minor).toBe(4250)
})

it('takes the sum of parts over a part', () => {
  const { fields } = readSheet(
    'A Bakery Ltd\n15/02/2025\nTotal 6% supplies 24.16\nTotal 0% supplies 30.03\nTotal payable 54.19',
  )
  expect(fields.total?.value.minor).toBe(5419)
})

it('finds an amount below or above its label', () => {
  expect(readSheet('A Shop Ltd\n15/02/2025\nTotal\n42.50').fields.total?.value.minor).toBe(4250)
})

it('proves a total without a label by what was paid and given back', () => {
  const { fields } = readSheet('A Shop Ltd\n15/02/2025\nBroom 30.00\nBucket 12.50\nxxxx 42.50\nCash 50.00\nChange 7.50')
  expect(fields.total).toMatchObject({ value: { minor: 4250 }, source: 'arithmetic' })
})

it('never presents a guess as a reading', () => {
  const { fields, needsReview, reasons } = readSheet('A Shop Ltd\n15/02/2025\nBroom 30.00\nBucket 12.50')
  expect(fields.total?.source).toBe('position')
  expect(fields.total?.confidence).toBeLessThan(0.5)
  expect(needsReview).toBe(true)
  expect(reasons.map(({ field, code }) => `${field} ${code}`)).toContain('total uncertain')
})

it('asks for review when subtotal and tax do not make the total', () => {
  const { reasons } = readSheet('A Shop Ltd\n15/02/2025\nSubtotal £16.43\nVAT £3.29\nTotal £29.72')
  expect(reasons.map(({ code }) => code)).toContain('contradiction')
})

it('asks for review of an empty page, and has no field', () => {
  const { fields, lineItems, reasons } = readSheet('')
  expect(fields).toEqual({})
  expect(lineItems).toEqual([])
  expect(reasons.map(({ field, code }) => `${field} ${code}`)).toEqual(['text missing'])
})

it('sends uncertain handwriting to review', () => {
  const read = extractDocument([sheet(till, 0.8)], { jobType: 'handwritten', today: undefined })
  expect(read.reasons.map(({ field }) => field)).toContain('text')
  expect(extractDocument([sheet(till, 0.8)], { jobType: 'receipt', today: undefined }).needsReview).toBe(false)
})

it('reads number and due date of an invoice', () => {
  const { fields } = readSheet(
    'Northwind Traders Inc\nInvoice No. INV-2025/118\nInvoice date 08/23/2025\nDue date 09/22/2025\nConsulting $1,200.00\nSales tax $96.00\nAmount due $1,296.00',
    { jobType: 'invoice' },
  )
  expect(fields.invoiceNumber?.value).toBe('INV-2025/118')
  expect(fields.transactionDate?.value).toBe('2025-08-23')
  expect(fields.dueDate?.value).toBe('2025-09-22')
  expect(fields.total?.value).toEqual({ minor: 129_600, currency: 'USD' })
})

it('reads a German receipt', () => {
  const { fields } = readSheet(
    'Café am Markt\nHauptstr. 7, 79098 Musterstadt\nDatum: 05.11.2025 09:12 Uhr\n2 Cappuccino 7,60\n1 Rührei 11,00\nNetto 17,38\nMwSt 7% 1,22\nSumme EUR 18,60\nBar 20,00\nRückgeld 1,40',
  )
  expect(fields.merchantName?.value).toBe('Café am Markt')
  expect(fields.transactionDate?.value).toBe('2025-11-05')
  expect(fields.total?.value).toEqual({ minor: 1860, currency: 'EUR' })
  expect(fields.tax?.value.minor).toBe(122)
})

it('counts whole yen', () => {
  expect(readSheet('Shop\n2025/08/23\n合計 Total JPY 1,200').fields.total?.value).toEqual({
    minor: 1200,
    currency: 'JPY',
  })
})

it('skips headings and addresses on the way to the merchant', () => {
  const { fields } = readSheet(
    'TAX INVOICE\nTel: 03-1234 5678\nSUNRISE STATIONERY SDN BHD (123456-X)\nNo 12, Jalan Besar\n15/02/2025\nTotal RM 5.00',
  )
  expect(fields.merchantName?.value).toBe('SUNRISE STATIONERY SDN BHD')
})

it('asks for review when the labelled total could not be read, even if sums prove another', () => {
  const { fields, reasons } = readSheet(
    'A Shop Ltd\n15/02/2025\nTimer £248.04\nSubtotal £234.00\nVAT £14.04\nTotal : 248.015\nChange 0.01',
  )
  expect(fields.total).toMatchObject({ value: { minor: 24_804 }, source: 'arithmetic' })
  expect(reasons.map(({ field, code }) => `${field} ${code}`)).toContain('total uncertain')
})

it('takes the total due over a net total whose tax is still to come', () => {
  const { fields, reasons } = readSheet(
    'Acme Ltd\nInvoice number: 2025-0042\nInvoice date: 3 March 2025\nWorkshop £1,285.50\nNet total £1,285.50\nVAT @ 20% £257.10\nTotal £1,542.60',
    { jobType: 'invoice' },
  )
  expect(fields.total?.value.minor).toBe(154_260)
  expect(reasons).toEqual([])
})

it('adds two taxes that are printed one by one', () => {
  const { reasons } = readSheet(
    'Krishna Stores\nDate: 17-Sep-25\nRice INR 745.00\nSub Total 745.00\nCGST 2.5% 18.63\nSGST 2.5% 18.63\nRound off -0.26\nGrand Total 782.00',
  )
  expect(reasons.filter(({ code }) => code === 'contradiction')).toEqual([])
})

it('leaves the rows of a German tax table alone', () => {
  const { fields } = readSheet(
    'Markt GmbH\n05.09.2025 18:11\nMilch 1,29 B\nButter 2,19 B\nPfand 0,25 A\nSumme EUR 3,73\nSteuer % Netto Steuer Brutto\nA= 19,0% 0,21 0,04 0,25\nB= 7,0% 3,25 0,23 3,48\nGesamtbetrag 3,46 0,27 3,73',
  )
  expect(fields.total?.value.minor).toBe(373)
  expect(fields.subtotal).toBeUndefined()
})
