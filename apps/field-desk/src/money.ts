/** Money: whole cents inside, formatted by the browser for people. */

/** The currency that this shop's prices are in, ISO 4217. */
const currency = 'EUR'

/** The language and customs that texts and figures are written in. */
export const locale = 'en-IE'

const format = new Intl.NumberFormat(locale, { style: 'currency', currency })

/** Writes an amount for people: `€12.50`. */
export function formatCents(amountCents: number): string {
  return format.format(amountCents / 100)
}

/** A share of an amount in whole cents, halves away from zero. `basisPoints` are hundredths of a percent. */
export function shareOfCents(amountCents: number, basisPoints: number): number {
  return Math.sign(amountCents) * Math.round((Math.abs(amountCents) * basisPoints) / 10_000)
}
