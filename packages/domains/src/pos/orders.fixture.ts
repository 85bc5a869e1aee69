/** Orders for tests, with right sums. */
import { sumOrder, type Order } from './order.ts'

/** An order of two burgers, with whatever else it should have; its sums come out right. */
export function orderOf(
  id = '0192f0c1-aaaa-7000-8000-000000000001',
  more: Partial<Omit<Order, 'id' | 'subtotalCents' | 'totalCents'>> = {},
): Order {
  const parts = {
    items: [{ itemId: 'burger', name: 'Burger', quantity: 2, unitPriceCents: 1250 }],
    serverName: 'Ana',
    paymentMethod: 'cash',
    taxCents: 200,
    timestamp: '2026-01-31T12:00:00.000Z',
    status: 'completed',
    ...more,
  } as const
  const { subtotalCents, totalCents } = sumOrder(parts)
  return { id, ...parts, subtotalCents, totalCents }
}
