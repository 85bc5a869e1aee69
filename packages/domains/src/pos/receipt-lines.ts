/** A receipt in lines of plain text: to be printed, shown or shared on a device that has no network. Pure. */
import type { Order } from './order.ts'
import { sumOrder } from './order.ts'

/** Writes an order's receipt, each line at most `width` characters. `money` writes an amount of cents for people. */
export function receiptLines(
  order: Order,
  {
    title,
    width = 32,
    money,
  }: { readonly title: string; readonly width?: number; readonly money: (cents: number) => string },
): readonly string[] {
  const row = (left: string, right: string): string => {
    const room = Math.max(width - right.length - 1, 1)
    const cut = left.length > room ? `${left.slice(0, room - 1)}…` : left
    return `${cut.padEnd(room)} ${right}`
  }
  const { subtotalCents, discountCents, totalCents } = sumOrder(order)
  return [
    title.slice(0, width),
    order.timestamp,
    order.id,
    '-'.repeat(width),
    ...order.items.map(({ name, quantity, unitPriceCents }) =>
      row(`${quantity} x ${name}`, money(quantity * unitPriceCents)),
    ),
    ...(order.modifications ?? []).map(({ modification, priceAdjustmentCents = 0 }) =>
      row(`  ${modification}`, money(priceAdjustmentCents)),
    ),
    '-'.repeat(width),
    row('Subtotal', money(subtotalCents)),
    ...(discountCents > 0 ? [row('Discount', money(-discountCents))] : []),
    row('Tax', money(order.taxCents)),
    row('Total', money(totalCents)),
    ...(order.tenders ?? [{ method: order.paymentMethod, amountCents: totalCents }]).map(({ method, amountCents }) =>
      row(method, money(amountCents)),
    ),
  ]
}
